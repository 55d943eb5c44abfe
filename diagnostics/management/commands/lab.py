"""`manage.py lab`: the mini internet behind the demo addresses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnostics.lab import noise, scenarios
from diagnostics.lab.scenario import Scenario


class Command(BaseCommand):
    help = "Lists the lab's scenarios, or runs the lab: name servers, mail servers and hosts on loopback."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="list as JSON")
        parser.add_argument("--serve", action="store_true", help="run the lab until SIGTERM or Ctrl-C")
        parser.add_argument("--noisy", action="store_true", help="the same on a bad day: slow, wordy, half of it dead")
        parser.add_argument("--state", type=Path, help="where to say how the lab is reached (default: LAB_STATE)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["serve"]:
            self._serve(options["state"] or settings.LAB_STATE, noisy=options["noisy"])
        elif options["json"]:
            self.stdout.write(json.dumps([_row(scenario) for scenario in scenarios()], indent=1))
        else:
            self._list()

    def _list(self) -> None:
        width = max(len(scenario.address) for scenario in scenarios())
        for scenario in scenarios():
            outcome = scenario.expects or scenario.verdict
            self.stdout.write(f"{scenario.address:{width}}  {outcome:24}  {scenario.title}")

    def _serve(self, state_file: str | Path | None, *, noisy: bool) -> None:
        if not state_file:
            raise CommandError("name the state file with --state, or in LAB_STATE")
        # Only here: the servers' libraries are not installed in production, where the list still works.
        from diagnostics.lab.serve import run

        run(
            Path(state_file),
            lambda state: self.stdout.write(f"lab: {state['nameserver']}, see {state_file}"),
            acts=noise.noisy(scenarios()) if noisy else scenarios(),
            responder=settings.RESPONDER_PORTS if settings.RESPONDER_CERTIFICATE else None,
        )


def _row(scenario: Scenario) -> dict[str, str | bool]:
    return {
        "slug": scenario.slug,
        "title": scenario.title,
        "address": scenario.address,
        "article": scenario.article,
        "expects": scenario.expects,
        "verdict": scenario.verdict,
        "sends_message": scenario.sends_message,
        "customer_says": scenario.customer_says,
    }
