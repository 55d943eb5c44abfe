"""The line about our own side on a case's page, and where it stands on the mail's route."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics.domain import Facts, SendOutcome, Status
from diagnostics.models import Case, VendorHealthRecord
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth
from diagnostics.services import health
from tests.portal.wizard.conftest import finish, sent


def item(state: HealthState, kind: HealthKind = HealthKind.PTR, facts: Facts | None = None) -> HealthItem:
    return HealthItem(kind, "203.0.113.7", state, "detail", facts or {"server": "203.0.113.7"})


FINE, UNKNOWN = item(HealthState.FINE), item(HealthState.UNKNOWN)
BAD = item(HealthState.PROBLEM, HealthKind.BLOCKLIST, {"list": "Spamhaus ZEN", "weight": "wide"})
MINOR = item(HealthState.PROBLEM, HealthKind.BLOCKLIST, {"list": "PSBL", "weight": "minor"})
SOON = timedelta(minutes=3)


@pytest.mark.parametrize(
    ("items", "age", "line", "status"),
    [
        ((FINE, FINE), SOON, "checked 3 minutes ago, no problem found.", Status.FINE),
        ((BAD, FINE), SOON, "problem found. This is for us to repair.", Status.PROBLEM),
        ((MINOR, FINE), SOON, "nothing that stops your e-mail, but something for us to repair.", Status.FINE),
        ((UNKNOWN, UNKNOWN), SOON, "could not check.", Status.COULD_NOT_CHECK),
        ((FINE, UNKNOWN), SOON, "no problem found. 1 of 2 things could not be checked.", Status.COULD_NOT_CHECK),
        ((FINE, FINE), timedelta(hours=2), "The last look is too old to count.", Status.COULD_NOT_CHECK),
        (None, SOON, "not looked at yet", Status.NOT_CHECKED),
    ],
    ids=["fine", "a problem", "a small one", "all unknown", "unknown in part", "too old", "never"],
)
def test_the_line_never_calls_unknown_fine(
    owner: Client, case: Case, items: tuple[HealthItem, ...] | None, age: timedelta, line: str, status: Status
) -> None:
    if items is not None:
        health.save(VendorHealth(case.vendor, items))
        VendorHealthRecord.objects.update(at=timezone.now() - age)
    finish(case)
    page = owner.get(reverse("wizard:case", args=[case.reference]))
    assert line in " ".join(page.content.decode().replace("\xa0", " ").split())
    overview = page.context["overview"]
    assert overview.our_side.status is status
    assert overview.route[0].status is status


def test_a_vendor_without_anything_to_look_at_has_no_such_line(owner: Client, case: Case) -> None:
    health.save(VendorHealth(case.vendor))
    finish(case)
    page = owner.get(reverse("wizard:case", args=[case.reference]))
    assert page.context["overview"].our_side is None
    assert "Our side:" not in page.content.decode()


def test_what_their_server_holds_against_us_is_not_covered_by_our_own_look(owner: Client, case: Case) -> None:
    health.save(VendorHealth(case.vendor, (FINE, FINE)))
    finish(case)
    reply = "5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org"
    sent(case, outcome=SendOutcome.REFUSED, code=554, reply=reply)
    overview = owner.get(reverse("wizard:case", args=[case.reference])).context["overview"]
    assert overview.cause.tag == "sender.listed"
    assert overview.our_side.status is Status.PROBLEM
    assert "your mail server says otherwise" in overview.our_side.line
