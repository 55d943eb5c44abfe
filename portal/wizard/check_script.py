"""The check script of one case, with the token that it is started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from diagnostics.domain import Vantage, Vendor
from diagnostics.models import Case, NetworkTest
from diagnostics.services import network
from portal.wizard.endpoints import endpoints
from portal.wizard.scripts import CheckScript, Commands, commands, scripts


@dataclass(frozen=True, slots=True)
class Usage:
    """One file and how this case's test is run with it."""

    script: CheckScript
    commands: Commands

    @property
    def title(self) -> str:
        return {"bash": "macOS, Linux (bash)", "powershell": "Windows (PowerShell)"}[self.script.language]


@dataclass(frozen=True, slots=True)
class LiveScript:
    """What may be run until `until`."""

    usages: tuple[Usage, ...]
    until: datetime


def live(case: Case, vendor: Vendor) -> LiveScript | None:
    """The commands of the test that the script may still report to; None where there is none."""
    test = network.script_test(case) if endpoints(vendor) else None
    return _shown(test, vendor) if test else None


def make(case: Case, vendor: Vendor) -> None:
    """Begin a test that the script may report to, unless there is one or nothing can be tried. Raises LimitReached.

    Two at once wait for each other, and the second finds what the first has begun.
    """
    if not endpoints(vendor):
        return
    with transaction.atomic():
        Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        if network.script_test(case) is None:
            network.begin(case, Vantage.SCRIPT)


def _shown(test: NetworkTest, vendor: Vendor) -> LiveScript:
    token = network.script_token(test)
    return LiveScript(tuple(Usage(one, commands(one, token, vendor)) for one in scripts()), test.expires_at)
