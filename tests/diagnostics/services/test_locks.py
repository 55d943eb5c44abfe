"""Groups of one run finish at the same moment in different processes; their locks must not wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from diagnostics.domain import ProbeGroup, Seen, Vantage
from diagnostics.models import Case, Group, GroupState, ObservationRecord, Purpose, Run, TestMessage
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.services.audit import Actor
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.messages import request_message
from diagnostics.services.persons import Person, erase
from diagnostics.services.reruns import run_group_again
from diagnostics.services.run_rows import NotTogether
from diagnostics.services.runs import Claim, Part, finish_group, record, save, take_groups
from tests.customer import eventually
from tests.diagnostics.taking import claim_group

ROUNDS = 10
KINDS = {
    ProbeGroup.DNS: DomainStatus,
    ProbeGroup.PORTS: ServerPorts,
    ProbeGroup.DELIVERY: MxRecords,
    ProbeGroup.RECORDS: MxAddresses,
}


@pytest.mark.django_db(transaction=True)
def test_groups_of_one_run_end_together(report: Report) -> None:
    with ThreadPoolExecutor(3) as workers:
        for _ in range(ROUNDS):
            case = open_case(report)
            list(workers.map(work_off, claims_of(case)))
            assert set(case.runs.get().groups.values_list("state", flat=True)) == {GroupState.DONE}
            assert case.runs.get().finished


@pytest.mark.django_db(transaction=True)
def test_a_race_of_one_form_ends_in_one_case(report: Report) -> None:
    form = replace(report, submission="a form")
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            first = open_case(form)
            second = other.submit(with_a_connection_of_its_own, lambda: open_case(form))
            eventually(somebody_waits, 20, "that the other has found no such case and opens one")
        assert second.result(20) == first
    assert Case.objects.get() == first


@pytest.mark.django_db(transaction=True)
def test_who_claims_for_many_runs_does_not_wait_for_one_of_them(report: Report) -> None:
    held, other = open_case(report), open_case(report)
    ids = [group.pk for group in Group.objects.order_by("pk")]
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Group.objects.select_for_update().get(run__case=held, name=ProbeGroup.DNS)
        claiming = partial(take_groups, ids, timezone.now(), in_a_hurry=True)
        with pytest.raises(NotTogether):
            pool.submit(with_a_connection_of_its_own, claiming).result(20)
        mine = [group.pk for group in Group.objects.filter(run__case=other)]
        found = pool.submit(
            with_a_connection_of_its_own, partial(take_groups, mine, timezone.now(), in_a_hurry=True)
        ).result(20)
    assert {row.group_id for row in found} == set(mine)
    assert {group.state for group in Group.objects.filter(run__case=held)} == {GroupState.QUEUED}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", [Run, Case], ids=["run", "case"])
def test_who_saves_for_many_runs_does_not_wait_for_one_of_them_and_saves_nothing(
    report: Report, what: type[Run | Case]
) -> None:
    parts = [
        Part(claim, [Seen(KINDS[claim.name], Vantage.SERVER, datetime.now(UTC))])
        for case in (open_case(report), open_case(report))
        for claim in claims_of(case)
    ]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            what.objects.select_for_update().order_by("pk").last()
            with pytest.raises(NotTogether):
                pool.submit(with_a_connection_of_its_own, partial(save, parts, in_a_hurry=True)).result(20)
        assert not ObservationRecord.objects.exists()
        saved = pool.submit(with_a_connection_of_its_own, partial(save, parts, in_a_hurry=True)).result(20)
    assert saved == {part.claim.group_id for part in parts}
    assert ObservationRecord.objects.count() == len(parts)
    assert all(run.finished for run in Run.objects.all())


@pytest.mark.django_db(transaction=True)
def test_who_was_in_a_hurry_is_not_so_for_ever(report: Report) -> None:
    parts = [Part(claim) for claim in claims_of(open_case(report))]
    take_groups([group.pk for group in Group.objects.all()], timezone.now(), in_a_hurry=True)
    assert patience_with_locks() == "0"
    save(parts, in_a_hurry=True)
    assert patience_with_locks() == "0"


def patience_with_locks() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return cursor.fetchone()[0]


Act = Callable[[Case], object]
T = TypeVar("T")


def erased(case: Case) -> None:
    erase(Person.of(case.address), Actor("command", "tests"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "act",
    [start_run, partial(run_group_again, name=ProbeGroup.DNS, asked_by="agent-one"), erased],
    ids=["a new run", "a group again", "an erasure"],
)
def test_who_waits_for_a_message_holds_nothing_that_its_reporter_wants(report: Report, act: Act) -> None:
    """A code is typed in while something else happens to the case: message, run and case are taken in this order."""
    case = open_case(report)
    for claim in claims_of(case):
        work_off(claim)
    message = request_message(case, purpose=Purpose.PRIMARY, address=report.address, source="192.0.2.1")
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        TestMessage.objects.select_for_update().get(pk=message.pk)
        done = other.submit(with_a_connection_of_its_own, partial(act, case))
        eventually(lambda: somebody_waits() or done.done(), 20, "that the other waits for the message")
        assert not done.done()
        case.runs.select_for_update(nowait=True).get()
        Case.objects.select_for_update(nowait=True).get(pk=case.pk)
        transaction.on_commit(lambda: done.result(20))


def with_a_connection_of_its_own(act: Callable[[], T]) -> T:
    try:
        return act()
    finally:
        connection.close()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        return cursor.fetchone() is not None


def claims_of(case: Case) -> list[Claim]:
    claims = [claim_group(group.pk) for group in case.runs.get().groups.all()]
    return [claim for claim in claims if claim]


def work_off(claim: Claim) -> None:
    try:
        kind = KINDS[claim.name]
        for _ in range(3):
            record(claim, [Seen(kind, Vantage.SERVER, datetime.now(UTC), detail="again")])
        finish_group(claim)
    finally:
        connection.close()
