"""Two runs of a case compared: sentences first, then every field that differs; unknown is never fine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnostics.codec import encode
from diagnostics.domain import Connection, ConnectOutcome, DnsStatus, ProviderKind
from diagnostics.models import Case, ObservationRecord, Run, VendorHealthRecord
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth
from diagnostics.services.cases import start_run
from portal.console.case.diff_words import day_of
from tests.portal.wizard.conftest import finish

PORT = Connection("clocks.example.org", 59777, ConnectOutcome.FILTERED, "192.0.2.80")
OTHER_PORT = replace(PORT, port=443, outcome=ConnectOutcome.OPEN)
OWN = MxRecords(DnsStatus.OK, (MxHost(10, "mx.example.org"),))
MIMECAST = MxRecords(DnsStatus.OK, (MxHost(10, "eu-smtp-inbound-1.mimecast.com"),))


@pytest.fixture
def moved(open_one) -> Case:
    """Three runs: mail moved to Mimecast on a Tuesday, a port opened, our SPF was mended; then one that saw little."""
    case = open_one("anna@example.org")
    _health(case, HealthState.PROBLEM)
    finish(case, OWN, ServerPorts((PORT, OTHER_PORT)))
    start_run(case, asked_by="agent-one")
    _health(case, HealthState.FINE)
    system = MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY)
    finish(case, MIMECAST, system, ServerPorts((replace(PORT, outcome=ConnectOutcome.OPEN), OTHER_PORT)))
    start_run(case, asked_by="agent-one")
    finish(case, MIMECAST, system)
    Run.objects.filter(number=2).update(created_at=datetime(timezone.now().year, 11, 17, 10, tzinfo=UTC))
    return case


def _health(case: Case, state: HealthState) -> None:
    seen = VendorHealth(case.vendor, (HealthItem(HealthKind.SPF, "codes.example.net", state),))
    VendorHealthRecord.objects.create(vendor=case.vendor, data=encode(seen))


def compare(console: Client, case: Case, **wish: str | int) -> str:
    response = console.get(f"/console/cases/{case.reference}/diff/", wish)
    assert response.status_code == 200
    return response.content.decode()


def test_what_changed_is_said_in_sentences(console: Client, moved: Case) -> None:
    page = compare(console, moved, **{"from": 1, "to": 2})
    day = day_of(Run.objects.get(number=2).created_at)
    assert f"MX moved from mx.example.org to Mimecast on {day} " in page
    assert " 17 November " in page
    assert "Port 59777 of clocks.example.org is open now, seen from our server; it was closed." in page
    assert "SPF of our own side is fine again: codes.example.net." in page
    assert "Question “Do our hosts answer?”: it was a problem, it is fine now." in page


def test_every_field_that_differs_stands_in_a_table(console: Client, moved: Case) -> None:
    page = compare(console, moved, **{"from": 1, "to": 2})
    assert "connections › clocks.example.org 59777 › outcome" in page
    assert "<td>filtered</td><td>open</td>" in page
    assert "hosts › mx.example.org" in page


def test_what_could_not_be_seen_is_unknown_and_never_fine(console: Client, moved: Case) -> None:
    page = compare(console, moved, **{"from": 2, "to": 3})
    assert "ServerPorts" in page
    assert "could not be seen. No answer came within the time limit." in page
    assert "unknown now, it could not be checked this time" in page
    assert "Port 59777" not in page.partition("Every observation")[0]


def test_the_last_two_finished_runs_are_compared_by_default(console: Client, moved: Case) -> None:
    start_run(moved, asked_by="agent-one")
    response = console.get(f"/console/cases/{moved.reference}/diff/")
    assert (response.context["before"].run.number, response.context["now"].run.number) == (2, 3)


def test_the_earlier_run_comes_first_whatever_the_order(console: Client, moved: Case) -> None:
    assert "MX moved from mx.example.org to Mimecast" in compare(console, moved, **{"from": 2, "to": 1})


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"from": "7", "to": "2"}, "no run 7"),
        ({"from": "1", "to": "x" * 5000}, "no run xxxxxxxxxxxxxxxxxxxx."),
        ({"from": "2", "to": "2"}, "one and the same run"),
        ({"from": "٢"}, "no run"),
    ],
)
def test_a_run_that_there_is_not_is_said_to_be_none(console: Client, moved: Case, wish, words: str) -> None:
    page = compare(console, moved, **wish)
    assert words in page
    assert "In words" in page


def test_the_same_twice_has_nothing_to_tell(console: Client, open_one) -> None:
    case = open_one()
    finish(case, OWN)
    start_run(case, asked_by="agent-one")
    finish(case, OWN)
    page = compare(console, case)
    assert "Nothing that matters is different." in page
    assert "None: both runs saw the same." in page


def test_one_run_alone_cannot_be_compared(console: Client, open_one) -> None:
    assert "no two finished runs" in compare(console, open_one())


def test_records_of_another_version_are_compared_raw(console: Client, moved: Case) -> None:
    ObservationRecord.objects.filter(run__number=1, kind="MxRecords").update(data={"hosts": "elsewhere", "ttl": 3})
    Run.objects.filter(number=1).update(full_diagnosis={"verdict": "of old"})
    page = compare(console, moved, **{"from": 1, "to": 2})
    assert "elsewhere" in page
    assert "The diagnosis of run 1 was written by another version" in page


def test_a_server_s_words_cannot_act_on_the_page(console: Client, moved: Case) -> None:
    bad = MxRecords(DnsStatus.OK, (MxHost(10, "<script>alert(1)</script>\u202e"),))
    start_run(moved, asked_by="agent-one")
    finish(moved, bad)
    page = compare(console, moved)
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_the_number_of_queries_does_not_grow(console: Client, moved: Case) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            compare(console, moved, **{"from": 1, "to": 2})
        return len(captured)

    queries()
    few = queries()
    for _ in range(3):
        start_run(moved, asked_by="agent-one")
        finish(moved, OWN)
    assert queries() == few
