"""Opens cases and reads verdicts with the settings of the rig's portal, in a process of its own.

`python -m tests.rig.desk open <vendor> ...` prints a list of {"reference", "link", "download", "verify", "run"}, the
last three of them commands; `python -m tests.rig.desk read <reference>` prints {"browser": what its page reported,
"script": what the script did, "turns": ports at which responders saw the page by TURN}. What was reported is a list of
{"state", "look"}, one a port; empty before.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from diagnostics.articles import articles  # noqa: E402
from diagnostics.domain import Address, Vantage  # noqa: E402
from diagnostics.models import Case, Run  # noqa: E402
from diagnostics.probes.network_look import BrowserLook, NetworkLook, ScriptLook, Sightings, seen_of, state_of  # noqa: E402
from diagnostics.services import network  # noqa: E402
from diagnostics.services.cases import Report, mint_link, open_case  # noqa: E402
from diagnostics.services.runs import evidence_of  # noqa: E402
from diagnostics.vendors import vendor  # noqa: E402
from portal.wizard.scripts import commands, scripts  # noqa: E402


def opened(profile: str) -> dict[str, str]:
    article = dataclasses.replace(articles()["timeclock"], vendor=profile)
    case = open_case(Report(article, "C-1", Address("anna", "example.org"), source="203.0.113.0"))
    token = network.script_token(network.begin(case, Vantage.SCRIPT))
    told = commands(scripts()[0], token, vendor(profile))
    shown = {"download": told.download, "verify": told.verify, "run": told.run}
    return {"reference": case.reference, "link": mint_link(case), **shown}


def read(reference: str) -> dict[str, Any]:
    run = Run.objects.filter(case=Case.objects.get(reference=reference)).latest("number")
    evidence = evidence_of(run)
    sightings = evidence.all(Sightings)
    browser = evidence.all(BrowserLook)[-1:]
    return {
        "browser": [port for look in browser for port in _ports(look, sightings)],
        "script": [port for look in evidence.all(ScriptLook)[-1:] for port in _ports(look, sightings)],
        "turns": [one.port for look in browser for one in seen_of(look, sightings) if one.turn],
    }


def _ports(look: NetworkLook, sightings: Iterable[Sightings]) -> list[dict[str, Any]]:
    return [{"state": state_of(look, port, sightings), "look": dataclasses.asdict(port)} for port in look.ports]


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    print(json.dumps([opened(word) for word in words] if verb == "open" else read(words[0])))
