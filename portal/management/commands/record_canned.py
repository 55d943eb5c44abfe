"""`manage.py record_canned`: the evidence that test keys of the API get, recorded in the lab."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from diagnostics import lab
from diagnostics.canned import FOLDER, REPORTED, VERSION
from diagnostics.codec import encode
from diagnostics.domain import ProbeGroup
from diagnostics.lab import trial
from diagnostics.lab.scenario import Scenario
from diagnostics.models import Case
from diagnostics.remedies import remedy
from diagnostics.services import health
from portal import embedded
from portal.spare_ports import free_port
from portal.stack import running
from portal.supervisor import ProcessEnded

CHOSEN = (
    "fine",
    "null-mx",
    "domain-gone",
    "mx-closed",
    "mailbox-unknown",
    "mailbox-full",
    "blocklisted",
    "held-by-mimecast",
    "in-spam",
    "older-code-typed",
    "clock-goes-wrong",
    "network-ports-blocked",
    "suppressed-after-bounce",
    "resolver-silent",
)
"""Every verdict, and every stage of the way that a case of one customer's can end at."""

RESPONDER = ("check.localhost", "check.timeclock.test")
"""What the lab calls its port responder, and what a reader of the evidence can make sense of."""


class Command(BaseCommand):
    help = (
        "Plays the scenarios of the lab that test keys of the API know, and writes down what probes and reports said. "
        "Wipes its database: give it an EMBEDDED_HOME of its own."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", help="scenarios to record; all that are known where none is named")

    def handle(self, *, slugs: list[str], **options: Any) -> None:
        if not settings.LAB or not settings.EMBEDDED_POSTGRES:
            raise CommandError("evidence is recorded in the lab, with servers of its own: LAB=1, without DATABASE_URL")
        if unknown := set(slugs) - set(CHOSEN):
            raise CommandError(f"not among those that test keys know: {', '.join(sorted(unknown))}")
        scenarios = [one for one in lab.scenarios() if one.slug in (slugs or CHOSEN)]
        port = free_port()
        try:
            with running(port):
                Case.objects.all().delete()
                mail = settings.LAB_STATE.parent / "mail"
                for outcome in trial.play(scenarios, site=f"http://127.0.0.1:{port}", mail=mail):
                    if not outcome.right:
                        raise CommandError(
                            f"{outcome.scenario.slug}: the lab came to {outcome.named or outcome.verdict}"
                        )
                    self._write(outcome.scenario, outcome.verdict)
        except (ProcessEnded, embedded.EmbeddedError, TimeoutError) as failed:
            raise CommandError(str(failed)) from None

    def _write(self, scenario: Scenario, verdict: str) -> None:
        text = json.dumps(_recording(scenario, verdict), indent=1, ensure_ascii=False, sort_keys=True)
        text = text.replace(*RESPONDER)
        if "127.0.0.1" in text or "localhost" in text:
            raise CommandError(f"{scenario.slug}: the evidence tells of this machine")
        (FOLDER / f"{scenario.slug}.json").write_text(text + "\n")
        self.stdout.write(scenario.slug)


def _recording(scenario: Scenario, verdict: str) -> dict[str, object]:
    case = Case.objects.get(address=scenario.address)
    run = case.runs.get()
    seen = [
        {
            "kind": record.kind,
            "group": record.group.name if record.group else REPORTED,
            "vantage": record.vantage,
            "data": record.data,
            "gap": record.gap,
            "applies": record.applies,
            "detail": record.detail,
            "elapsed_ms": record.elapsed_ms,
        }
        for record in run.records.select_related("group").order_by("at", "pk")
    ]
    cause = remedy(scenario.expects)
    return {
        "version": VERSION,
        "slug": scenario.slug,
        "title": scenario.title,
        "address": scenario.address,
        "verdict": verdict,
        "cause": scenario.expects,
        "stage": cause.stage if cause else "",
        "tier": scenario.tier,
        "recorded_at": run.created_at.isoformat(),
        "seen": [*_our_side(case, run.finished_at), *seen],
    }


def _our_side(case: Case, until: Any) -> list[dict[str, object]]:
    """What was known of the vendor's own side, so that the diagnosis does not hang on how it is where it is played."""
    found = health.newest(case.vendor, until=until)
    if found is None or found.observation is None:
        raise CommandError("nothing is known of the vendor's own side")
    return [
        {
            "kind": found.kind.__name__,
            "group": ProbeGroup.DNS,
            "vantage": found.vantage,
            "data": encode(found.observation),
            "gap": "",
            "applies": True,
            "detail": "",
            "elapsed_ms": 0,
        }
    ]
