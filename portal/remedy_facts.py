"""What a remedy's words may name: the finding's facts, and what the case knows anyway."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import localtime

from diagnostics.domain import Evidence, Facts
from diagnostics.models import Case
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.providers import provider

PROVIDER_FACTS = ("gateway", "provider")


def known_facts(case: Case, evidence: Evidence, facts: Facts) -> dict[str, str]:
    """The facts by name, providers by what they are called. As they were said: tidy them before they are shown."""
    known = {"domain": case.domain, "address": case.address}
    report = evidence.get(TestMessageReport)
    if report:
        known |= {"host": report.transmission.host, "time": date_format(localtime(report.sent_at), "H:i T")}
    known |= facts
    for name in PROVIDER_FACTS:
        named = provider(known.get(name, ""))
        if named:
            known |= {name: named.name}
            known.setdefault("held_days", str(named.held_days or ""))
    return known
