"""Who may report a network test, how often, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from django.db import connection
from django.utils import timezone

from diagnostics import vendors
from diagnostics.domain import ProbeGroup, Status, Vantage
from diagnostics.echo import Echo, Way, sign
from diagnostics.models import Case, Group, GroupState, NetworkTest, ObservationRecord
from diagnostics.probes.network_look import BrowserLook, How, NetworkLook, Place, PortLook, ScriptLook, Sightings, Try
from diagnostics.services import network
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.limits import NETWORK_TEST_BY_CASE, LimitReached
from diagnostics.services.network import Reason, Refused
from diagnostics.services.runs import evidence_of, judge

pytestmark = pytest.mark.django_db

HOST = "check.example.net"
T = TypeVar("T")
L = TypeVar("L", bound=NetworkLook)


@pytest.fixture(autouse=True)
def responders(tmp_path: Path):
    profile = f'name = "Timeclock"\n[[responders]]\nname = "{HOST}"\nports = [443, 59777]\n'
    (tmp_path / "timeclock.toml").write_text(profile)
    before = vendors.use(tmp_path)
    yield
    vendors.use(*before)


def look(kind: type[L], test: NetworkTest, how: How = How.ECHO, place: Place = Place.OFFICE) -> L:
    return kind(test.nonce, place, (PortLook(HOST, 59777, (Try(how, 40), Try(how, 41))),))


def reported(case: Case, kind: type[T]) -> list[T]:
    return evidence_of(case.runs.order_by("-number")[0]).all(kind)


def refused(take: Callable[..., object], *arguments: object) -> Reason:
    with pytest.raises(Refused) as caught:
        take(*arguments)
    return caught.value.reason


def script(case: Case) -> tuple[NetworkTest, str]:
    test = network.begin(case, Vantage.SCRIPT)
    nonce, _, secret = network.script_token(test).partition(".")
    assert nonce == test.nonce
    return test, secret


def test_what_the_page_saw_is_kept_and_judged(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    before = case.runs.get().version
    network.take_browser(case, look(BrowserLook, test, How.SILENT))
    assert reported(case, BrowserLook) == [look(BrowserLook, test, How.SILENT)]
    run = case.runs.get()
    assert run.version > before
    assert run.diagnosis is not None


def test_a_page_reports_once_and_the_same_again_changes_nothing(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    seen = look(BrowserLook, test)
    network.take_browser(case, seen)
    network.take_browser(case, replace(seen, source="203.0.113.9"))
    assert len(reported(case, BrowserLook)) == 1
    assert refused(network.take_browser, case, look(BrowserLook, test, How.SILENT)) is Reason.USED_UP


def test_the_script_reports_from_five_places(case: Case) -> None:
    test, secret = script(case)
    for how in (How.ECHO, How.REFUSED, How.FILTERED, How.NO_NAME, How.CERTIFICATE):
        network.take_script(look(ScriptLook, test, how), secret)
    assert refused(network.take_script, look(ScriptLook, test, How.OTHER), secret) is Reason.USED_UP
    assert network.script_test(case) is None


def test_the_scripts_secret_is_needed(case: Case) -> None:
    test, secret = script(case)
    seen = look(ScriptLook, test)
    for wrong in ("", secret[:-1], secret.upper() + "x", "é"):
        assert refused(network.take_script, seen, wrong) is Reason.UNKNOWN
    assert refused(network.take_script, replace(seen, nonce="n" * 22), secret) is Reason.UNKNOWN
    assert not reported(case, ScriptLook)


def test_a_page_cannot_speak_for_the_script_nor_the_script_for_a_page(case: Case) -> None:
    page = network.begin(case, Vantage.BROWSER)
    test, _ = script(case)
    assert refused(network.take_browser, case, look(BrowserLook, test)) is Reason.UNKNOWN
    secret = network.script_token(page).partition(".")[2]
    assert refused(network.take_script, look(ScriptLook, page), secret) is Reason.UNKNOWN


def test_a_test_belongs_to_one_case(case: Case, report: Report) -> None:
    other = open_case(replace(report, company_id="ACME-2"))
    page = network.begin(case, Vantage.BROWSER)
    assert refused(network.take_browser, other, look(BrowserLook, page)) is Reason.OTHER_CASE
    test, secret = script(case)
    assert refused(network.take_script, look(ScriptLook, test), secret, other) is Reason.OTHER_CASE


@pytest.mark.parametrize("vantage", [Vantage.BROWSER, Vantage.SCRIPT])
def test_a_report_that_comes_too_late_is_told_so(case: Case, vantage: Vantage) -> None:
    test = network.begin(case, vantage)
    NetworkTest.objects.filter(pk=test.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    secret = network.script_token(test).partition(".")[2]
    taken = (
        (network.take_browser, case, look(BrowserLook, test))
        if vantage is Vantage.BROWSER
        else (network.take_script, look(ScriptLook, test), secret)
    )
    assert refused(*taken) is Reason.EXPIRED


@pytest.mark.parametrize(
    "told",
    [
        (),
        (PortLook("internal.example.org", 59777),),
        (PortLook(HOST, 25),),
        (PortLook(HOST, 443), PortLook(HOST, 443)),
    ],
    ids=["none", "another host", "another port", "twice"],
)
def test_only_our_own_test_points_can_be_reported_about(case: Case, told: tuple[PortLook, ...]) -> None:
    test = network.begin(case, Vantage.BROWSER)
    assert refused(network.take_browser, case, BrowserLook(test.nonce, Place.OFFICE, told)) is Reason.OTHER_PORTS


def test_a_report_belongs_to_the_newest_run(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    first = case.runs.get()
    first.finished_at = timezone.now()
    first.save()
    second = start_run(case)
    network.take_browser(case, look(BrowserLook, test))
    assert ObservationRecord.objects.get(kind="BrowserLook").run_id == second.pk


def test_tests_are_limited_by_case(case: Case) -> None:
    for _ in range(NETWORK_TEST_BY_CASE.count):
        network.begin(case, Vantage.BROWSER)
    with pytest.raises(LimitReached):
        network.begin(case, Vantage.SCRIPT)


def test_what_responders_saw_is_kept_once(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    seen = [
        Echo(test.nonce, 59777, "203.0.113.7", 1.0, Way.HTTPS),
        Echo(test.nonce, 443, "203.0.113.7", 1.0, Way.TURN),
        Echo("n" * 22, 80, "203.0.113.7", 1.0, Way.TURN),
    ]
    assert network.take_sightings(seen) == 1
    assert network.take_sightings(seen) == 0
    (told,) = reported(case, Sightings)
    assert [(one.port, one.turn) for one in told.seen] == [(443, True), (59777, False)]


def test_sightings_of_one_test_are_bounded(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    for part in range(4):
        addresses = (f"203.0.{part}.{number}" for number in range(100))
        ways = ((address, way) for address in addresses for way in Way)
        network.take_sightings(Echo(test.nonce, port, address, 1.0, way) for address, way in ways for port in (25, 443))
    seen = [one for told in reported(case, Sightings) for one in told.seen]
    assert [(one.port, one.turn) for one in seen] == [(443, False), (443, True)]


def test_an_ended_test_is_forgotten_a_day_later(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    NetworkTest.objects.filter(pk=test.pk).update(expires_at=timezone.now() - timedelta(hours=23))
    assert network.forget_ended_tests() == 0
    NetworkTest.objects.filter(pk=test.pk).update(expires_at=timezone.now() - timedelta(hours=25))
    assert network.forget_ended_tests() == 1


def test_the_same_report_again_is_as_good_after_a_new_run(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    network.take_browser(case, look(BrowserLook, test))
    case.runs.update(finished_at=timezone.now())
    start_run(case)
    network.take_browser(case, look(BrowserLook, test))
    assert ObservationRecord.objects.filter(kind="BrowserLook").count() == 1


def test_an_old_answer_of_ours_is_not_taken_for_a_new_one(case: Case, settings) -> None:
    now = timezone.now().timestamp()
    for age, believed in ((0, True), (-60, True), (14 * 60, True), (16 * 60, False), (-16 * 60, False)):
        signed = sign(Echo("n" * 22, 443, "203.0.113.7", now - age), settings.RESPONDER_KEY.encode())
        assert (network.verify_fresh(signed) is not None) == believed
        assert network.verify(signed) is not None


def test_only_our_own_signature_is_believed(case: Case, settings) -> None:
    echo = Echo("n" * 22, 443, "203.0.113.7", 1.0)
    signed = sign(echo, settings.RESPONDER_KEY.encode())
    assert network.verify(signed) == echo
    assert network.verify(sign(echo, b"x" * 32)) is None
    settings.RESPONDER_KEY = ""
    assert network.verify(signed) is None


def test_nothing_looked_at_is_not_checked(case: Case) -> None:
    answer = judge(case.runs.get()).answer("network")
    assert answer is not None
    assert answer.status is not Status.FINE


def test_what_another_version_wrote_stops_neither_a_report_nor_a_hand_over(case: Case) -> None:
    test = network.begin(case, Vantage.BROWSER)
    run = case.runs.get()
    for kind in ("BrowserLook", "Sightings"):
        strange = {"nonce": test.nonce, "seen": "once", "place": "the moon", "ports": 5}
        ObservationRecord.objects.create(
            case=case, run=run, kind=kind, vantage="server", data=strange, at=timezone.now()
        )
    assert network.take_sightings([Echo(test.nonce, 443, "203.0.113.7", 1.0)]) == 1
    network.take_browser(case, look(BrowserLook, test))
    assert reported(case, BrowserLook) == [look(BrowserLook, test)]


def test_a_hand_over_does_not_fail_by_a_case_whose_vendor_is_gone(case: Case, report: Report) -> None:
    gone, there = network.begin(case, Vantage.BROWSER), network.begin(open_case(report), Vantage.BROWSER)
    Case.objects.filter(pk=case.pk).update(vendor="no-longer-here")
    assert network.take_sightings([Echo(one.nonce, 443, "203.0.113.7", 1.0) for one in (gone, there)]) == 1


@pytest.mark.parametrize(
    ("how", "minutes", "queued"),
    [(How.SILENT, 3, True), (How.SILENT, 1, False), (How.ECHO, 3, False)],
    ids=["closed, and long ago", "closed, just looked", "open"],
)
def test_our_own_test_points_are_looked_at_again_before_a_firewall_is_blamed(
    case: Case, how: How, minutes: int, queued: bool
) -> None:
    done = timezone.now() - timedelta(minutes=minutes)
    Group.objects.filter(run__case=case).update(state=GroupState.DONE, attempt=1, finished_at=done)
    network.take_browser(case, look(BrowserLook, network.begin(case, Vantage.BROWSER), how))
    again = set(Group.objects.filter(run__case=case, state=GroupState.QUEUED).values_list("name", flat=True))
    assert again == ({ProbeGroup.PORTS} if queued else set())


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_are_one_too_many_for_a_page(report: Report) -> None:
    case = open_case(report)
    test = network.begin(case, Vantage.BROWSER)
    together, ends = threading.Barrier(2), []

    def tell(how: How) -> None:
        together.wait()
        try:
            network.take_browser(case, look(BrowserLook, test, how))
            ends.append("taken")
        except Refused as problem:
            ends.append(problem.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell, args=(how,)) for how in (How.ECHO, How.SILENT)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(ends) == ["taken", Reason.USED_UP]
    assert len(reported(case, BrowserLook)) == 1
