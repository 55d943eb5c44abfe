"""Where too much waits, no further run is begun, whoever asks; and nothing is used up by asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from diagnostics.domain import ProbeGroup
from diagnostics.models import Allowance, Case, Group, GroupState, Run
from diagnostics.services import queue_cap, refusals
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.queue_cap import QueueFull, admit
from diagnostics.services.reruns import run_group_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(report: Report) -> Case:
    """Checked, so that nothing of it waits."""
    case = open_case(report)
    Group.objects.update(state=GroupState.DONE)
    Run.objects.update(finished_at=timezone.now())
    queue_cap.look_again()
    return case


@pytest.fixture
def full(case: Case, settings) -> None:
    """One group more waits than may."""
    settings.QUEUE_MOST_GROUPS = 1
    run = Run.objects.create(case=case, number=99, finished_at=timezone.now())
    Group.objects.bulk_create(Group(run=run, name=name) for name in (ProbeGroup.DNS, ProbeGroup.PORTS))


def test_as_many_may_wait_as_are_said(case: Case, settings) -> None:
    settings.QUEUE_MOST_GROUPS = 2
    run = Run.objects.create(case=case, number=2)
    for name in (ProbeGroup.DNS, ProbeGroup.PORTS):
        Group.objects.create(run=run, name=name)
        queue_cap.look_again()
        admit()
    Group.objects.create(run=run, name=ProbeGroup.DELIVERY)
    queue_cap.look_again()
    with pytest.raises(QueueFull) as caught:
        admit()
    assert 0 < caught.value.retry_after < 60


@pytest.mark.parametrize(
    ("state", "minutes", "is_full"),
    [
        (GroupState.QUEUED, 9, False),
        (GroupState.QUEUED, 11, True),
        (GroupState.RUNNING, 11, False),
        (GroupState.DONE, 11, False),
    ],
    ids=["waits", "waits too long", "is looked at", "is done"],
)
def test_none_may_wait_too_long(case: Case, state: GroupState, minutes: int, is_full: bool) -> None:
    Group.objects.filter(name=ProbeGroup.DNS).update(
        state=state, created_at=timezone.now() - timedelta(minutes=minutes), dispatched_at=timezone.now()
    )
    if is_full:
        with pytest.raises(QueueFull):
            admit()
    else:
        admit()


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "begin",
    [
        lambda case, report: open_case(report),
        lambda case, report: start_run(case),
        lambda case, report: start_run(case, asked_by="agent"),
        lambda case, report: run_group_again(case, ProbeGroup.DNS, asked_by="agent"),
    ],
    ids=["a case", "a run for a customer", "a run for an agent", "a group again"],
)
def test_nothing_is_begun_and_nothing_is_used_up(
    case: Case, report: Report, begin: Callable[[Case, Report], object]
) -> None:
    before = Run.objects.count(), list(Allowance.objects.order_by("pk").values())
    with pytest.raises(QueueFull):
        begin(case, report)
    assert (Run.objects.count(), list(Allowance.objects.order_by("pk").values())) == before
    assert refusals.totals() == {"queue": 1}


def test_what_is_there_already_is_given_all_the_same(report: Report, settings) -> None:
    sent = replace(report, submission="abc")
    case = open_case(sent)
    settings.QUEUE_MOST_GROUPS = 1
    queue_cap.look_again()
    with pytest.raises(QueueFull):
        admit()
    assert open_case(sent) == case
    assert start_run(case) == case.runs.get()
    assert run_group_again(case, ProbeGroup.DNS, asked_by="agent") == case.runs.get()


def test_one_look_holds_for_a_moment(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        for _ in range(10):
            admit()


def test_a_look_reads_nothing_but_what_waits(case: Case) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table of some rows is read whole otherwise
        cursor.execute(f"EXPLAIN {queue_cap._LOOK}", [10])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("group_waiting") == 2
