"""Tests of a customer's own network: begun for one case, reported by its page or its script, seen by our responders."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from diagnostics import echo
from diagnostics.domain import Vantage
from diagnostics.echo import Echo, Way
from diagnostics.models import Case, NetworkTest, Run
from diagnostics.probes.network_look import BrowserLook, NetworkLook, ScriptLook, Sighting, Sightings
from diagnostics.services import limits
from diagnostics.services.runs import evidence_of, report_to
from diagnostics.vendors import vendor

LIFETIMES = {Vantage.BROWSER: timedelta(minutes=15), Vantage.SCRIPT: timedelta(hours=24)}
REPORTS = {Vantage.BROWSER: 1, Vantage.SCRIPT: 5}
"""How many reports one test may bring: a script is run at several places."""
MOST_SIGHTINGS = 100
"""Of one test: every port by TLS and by TURN, and from a few addresses, are far fewer."""
KEPT = timedelta(days=1)
"""How long a test stays after its end, so that whoever reports too late is told so."""


class Reason(StrEnum):
    """Why a report is not taken."""

    UNKNOWN = "unknown"
    """No such test, or the token is not its own."""
    EXPIRED = "expired"
    USED_UP = "used_up"
    OTHER_CASE = "other_case"
    """The test belongs to another case than the page that it came from."""
    OTHER_PORTS = "other_ports"
    """It is about hosts or ports that are not the vendor's test points."""


class Refused(Exception):
    """The report is not taken, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def begin(case: Case, vantage: Vantage) -> NetworkTest:
    """A new test with a name of its own. Raises LimitReached."""
    with transaction.atomic():
        limits.take([(limits.NETWORK_TEST_BY_CASE, case.reference)])
        return NetworkTest.objects.create(
            case=case,
            vantage=vantage,
            nonce=secrets.token_hex(16),
            expires_at=timezone.now() + LIFETIMES[vantage],
        )


def script_test(case: Case) -> NetworkTest | None:
    """The newest test of the case that the check script may still report to."""
    live = case.network_tests.filter(
        vantage=Vantage.SCRIPT, expires_at__gt=timezone.now(), reports__lt=REPORTS[Vantage.SCRIPT]
    )
    return live.order_by("-expires_at", "-pk").first()


def script_token(test: NetworkTest) -> str:
    """What the script is started with: the test's name, a dot, and 128 bits that only allow to report it."""
    return f"{test.nonce}.{_secret(test.nonce)}"


def take_browser(case: Case, look: BrowserLook) -> Run:
    """Add what the page saw to the case's newest run. Raises Refused."""
    return _take(look, _test_of(look, Vantage.BROWSER, case))


def take_script(look: ScriptLook, secret: str, case: Case | None = None) -> Run:
    """Add what the script saw to its case's newest run; `case` is the page that it was pasted into.

    Raises Refused.
    """
    if not constant_time_compare(secret, _secret(look.nonce)):
        raise Refused(Reason.UNKNOWN)
    return _take(look, _test_of(look, Vantage.SCRIPT, case))


def take_sightings(echoes: Iterable[Echo]) -> int:
    """Keep what our responders saw of tests that are under way; how many cases learned something new.

    What belongs to no test is dropped: anybody may ask a responder anything.
    """
    by_nonce: dict[str, set[Sighting]] = {}
    for one in echoes:
        by_nonce.setdefault(one.nonce, set()).add(Sighting(one.port, one.way is Way.TURN, one.source))
    tests = NetworkTest.objects.select_related("case").filter(nonce__in=by_nonce, expires_at__gt=timezone.now())
    return sum(_add_sightings(test, by_nonce[test.nonce]) for test in tests)


def forget_ended_tests() -> int:
    """Delete tests that ended a day ago; how many."""
    return NetworkTest.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]


def verify(signed: str) -> Echo | None:
    """The echo that one of our responders signed; None for anything else."""
    return echo.verified(signed, settings.RESPONDER_KEY.encode()) if settings.RESPONDER_KEY else None


def _test_of(look: NetworkLook, vantage: Vantage, case: Case | None) -> NetworkTest:
    test = NetworkTest.objects.select_related("case").filter(nonce=look.nonce, vantage=vantage).first()
    if test is None:
        raise Refused(Reason.UNKNOWN)
    if case is not None and test.case_id != case.pk:
        raise Refused(Reason.OTHER_CASE)
    configured = {(host.name, port) for host in vendor(test.case.vendor).responders for port in host.ports}
    told = [(port.host, port.port) for port in look.ports]
    if not told or not configured.issuperset(told) or len(set(told)) < len(told):
        raise Refused(Reason.OTHER_PORTS)
    return test


def _take(look: NetworkLook, test: NetworkTest) -> Run:
    """The very same report again, uploaded or pasted, changes nothing and costs nothing: its answer may be lost."""
    with transaction.atomic():
        run = _newest_run(test)
        held = NetworkTest.objects.select_for_update().get(pk=test.pk)
        if any(replace(look, source=told.source) == told for told in evidence_of(run).all(type(look))):
            return run
        if held.expires_at <= timezone.now():
            raise Refused(Reason.EXPIRED)
        if held.reports >= REPORTS[Vantage(test.vantage)]:
            raise Refused(Reason.USED_UP)
        NetworkTest.objects.filter(pk=test.pk).update(reports=F("reports") + 1)
        report_to(run, look)
    return run


def _add_sightings(test: NetworkTest, seen: set[Sighting]) -> bool:
    with transaction.atomic():
        run = _newest_run(test)
        known = {one for told in evidence_of(run).all(Sightings) if told.nonce == test.nonce for one in told.seen}
        fresh = sorted(seen - known, key=lambda one: (one.port, one.turn, one.source))[:MOST_SIGHTINGS]
        if not fresh or len(known) >= MOST_SIGHTINGS:
            return False
        report_to(run, Sightings(test.nonce, tuple(fresh)))
    return True


def _newest_run(test: NetworkTest) -> Run:
    """Held until the transaction's end, so that two reports see one another."""
    return Run.objects.select_for_update(no_key=True).filter(case=test.case_id).order_by("-number")[0]


def _secret(nonce: str) -> str:
    return salted_hmac("diagnostics.network.script", nonce, algorithm="sha256").hexdigest()[:32]
