"""`manage.py accuracy`: how often the right cause is named, in the lab, through the whole pipeline."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from diagnostics import lab
from diagnostics.lab import noise, trial
from diagnostics.lab.scenario import Scenario
from diagnostics.models import Allowance, Case, MailStop, SenderEvent
from portal import embedded
from portal.spare_ports import free_port
from portal.stack import running
from portal.supervisor import ProcessEnded


class Command(BaseCommand):
    help = (
        "Plays every scenario of the lab, plain and on a bad day, and compares what was named with what should be. "
        "Exit: 0 good enough, 1 not. Wipes its database: give it an EMBEDDED_HOME of its own."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", help="scenarios to play; all of them where none is named")
        parser.add_argument("--plain", action="store_true", help="leave the bad days out")

    def handle(self, *, slugs: list[str], plain: bool, **options: Any) -> None:
        if not settings.LAB or not settings.EMBEDDED_POSTGRES:
            raise CommandError("accuracy is measured in the lab, with servers of its own: LAB=1, without DATABASE_URL")
        chosen = [one for one in lab.scenarios() if not slugs or one.slug in slugs]
        if unknown := set(slugs) - {one.slug for one in chosen}:
            raise CommandError(f"no scenario {', '.join(sorted(unknown))}")
        outcomes = []
        for scenarios, options_of_lab in self._passes(chosen, plain):
            try:
                port = free_port()
                with running(port, lab=options_of_lab):
                    for table in (Case, Allowance, SenderEvent, MailStop):
                        table.objects.all().delete()
                    mail = settings.LAB_STATE.parent / "mail"
                    for outcome in trial.play(scenarios, site=f"http://127.0.0.1:{port}", mail=mail):
                        outcomes.append(outcome)
                        self._print(outcome)
            except (ProcessEnded, embedded.EmbeddedError, TimeoutError) as failed:
                raise CommandError(str(failed)) from None
        self._finish(outcomes)

    def _passes(self, chosen: list[Scenario], plain: bool) -> list[tuple[list[Scenario], tuple[str, ...]]]:
        # Noises are dealt out over all scenarios, so that one of them alone gets the same as among all.
        wanted = {one.slug for one in chosen}
        on_a_bad_day = [one for one in noise.noisy(lab.scenarios()) if one.slug in wanted]
        return [(chosen, ())] if plain else [(chosen, ()), (on_a_bad_day, ("--noisy",))]

    def _print(self, outcome: trial.Outcome) -> None:
        scenario = outcome.scenario
        expected = scenario.expects or f"({scenario.verdict})"
        named = ", ".join(outcome.named[: trial.MOST_NAMED]) or f"({outcome.verdict})"
        sign = "ok" if outcome.right else "WRONG"
        noises = f"  [{', '.join(scenario.noises)}]" if scenario.noises else ""
        self.stdout.write(f"{sign:5} {scenario.slug:34} {expected:28} {named:40} {outcome.seconds:5.1f} s{noises}")
        if not outcome.right and outcome.unanswered:
            self.stdout.write(f"      could not check {', '.join(outcome.unanswered)}")

    def _finish(self, outcomes: list[trial.Outcome]) -> None:
        total = trial.score(outcomes)
        self.stdout.write(f"\n{total.scenarios} scenarios, {total.healthy} of them healthy")
        self.stdout.write(
            f"accuracy: top={total.top:.1%} top3={total.top3:.1%} "
            f"false_accusations={total.false_accusations} unknown_called_fine={total.unknown_called_fine}"
        )
        if not total.good:
            sys.exit(1)
