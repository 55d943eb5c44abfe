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
from diagnostics.domain import Evidence, ProbeGroup, Vantage
from diagnostics.echo import Echo, Way
from diagnostics.models import Case, NetworkTest, ObservationRecord, Run
from diagnostics.probes.network_look import BrowserLook, NetworkLook, ScriptLook, Sighting, Sightings
from diagnostics.services import limits
from diagnostics.services.runs import look_again, report_to, seen_of
from diagnostics.vendors import vendor, vendors

LIFETIMES = {Vantage.BROWSER: timedelta(minutes=15), Vantage.SCRIPT: timedelta(hours=24)}
REPORTS = {Vantage.BROWSER: 1, Vantage.SCRIPT: 5}
"""How many reports one test may bring: a script is run at several places."""
FRESH = timedelta(minutes=15)
"""How old an answer of ours may be when it is reported from the network that it went to."""
RESPONDERS_SEEN = timedelta(minutes=2)
"""How old our own look at our responders may be when a report speaks of closed ports."""
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
    by_nonce: dict[str, dict[tuple[int, bool], Sighting]] = {}
    for one in echoes:
        seen = Sighting(one.port, one.way is Way.TURN, one.source)
        by_nonce.setdefault(one.nonce, {}).setdefault((seen.port, seen.turn), seen)
    tests = NetworkTest.objects.select_related("case").filter(nonce__in=by_nonce, expires_at__gt=timezone.now())
    return sum(_add_sightings(test, by_nonce[test.nonce].values()) for test in tests)


def forget_ended_tests() -> int:
    """Delete tests that ended a day ago; how many."""
    return NetworkTest.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]


def verify(signed: str) -> Echo | None:
    """The echo that one of our responders signed; None for anything else."""
    return echo.verified(signed, settings.RESPONDER_KEY.encode()) if settings.RESPONDER_KEY else None


def verify_fresh(signed: str) -> Echo | None:
    """The same, if it was signed just now: a cache on the way must not answer for us later."""
    found = verify(signed)
    return found if found and abs(timezone.now().timestamp() - found.at) <= FRESH.total_seconds() else None


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
        if _was_told(look, test):
            return run
        if held.expires_at <= timezone.now():
            raise Refused(Reason.EXPIRED)
        if held.reports >= REPORTS[Vantage(test.vantage)]:
            raise Refused(Reason.USED_UP)
        NetworkTest.objects.filter(pk=test.pk).update(reports=F("reports") + 1)
        report_to(run, look)
        if not all(port.echoed for port in look.ports):
            # Our test points may have gone down, or changed their certificates, since the run looked at them.
            look_again(run, ProbeGroup.PORTS, older_than=RESPONDERS_SEEN)
    return run


def _was_told(look: NetworkLook, test: NetworkTest) -> bool:
    """In this run or an earlier one."""
    records = ObservationRecord.objects.filter(case=test.case_id, kind=type(look).__name__, data__nonce=look.nonce)
    known = Evidence(map(seen_of, records)).all(type(look))
    return any(replace(look, source=told.source) == told for told in known)


def _ports_of(test: NetworkTest) -> set[int]:
    """None where the vendor's profile is there no more: what a responder hands over must not fail by one case."""
    profile = vendors().get(test.case.vendor)
    return {port for host in profile.responders for port in host.ports} if profile else set()


def _add_sightings(test: NetworkTest, seen: Iterable[Sighting]) -> bool:
    """One of a port by each way is enough, and all that is kept: anybody who knows the nonce can make more of them."""
    ports = _ports_of(test)
    with transaction.atomic():
        run = _newest_run(test)
        told = Evidence(map(seen_of, run.records.filter(kind=Sightings.__name__, data__nonce=test.nonce)))
        known = {(one.port, one.turn) for sightings in told.all(Sightings) for one in sightings.seen}
        fresh = [one for one in seen if (one.port, one.turn) not in known and one.port in ports]
        if not fresh:
            return False
        report_to(run, Sightings(test.nonce, tuple(sorted(fresh, key=lambda one: (one.port, one.turn)))))
    return True


def _newest_run(test: NetworkTest) -> Run:
    """Held until the transaction's end, so that two reports see one another."""
    return Run.objects.select_for_update(no_key=True).filter(case=test.case_id).order_by("-number")[0]


def _secret(nonce: str) -> str:
    return salted_hmac("diagnostics.network.script", nonce, algorithm="sha256").hexdigest()[:32]
