"""Runs that wait for a worker together: each is begun once, and none suffers from what befalls another."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from diagnostics import probing
from diagnostics.articles import article
from diagnostics.carried_on import Step, carrying_on
from diagnostics.content import BadContent
from diagnostics.domain import Address
from diagnostics.models import ApiClient, Case, Group, GroupState
from diagnostics.services import canned, runs
from diagnostics.services.cases import Report, open_case
from diagnostics.services.patience import patiently
from diagnostics.services.run_rows import ClaimedRow, NotTogether
from diagnostics.tasks import run_groups

pytestmark = pytest.mark.django_db(transaction=True)
CASES = 3


@pytest.fixture
def cases() -> list[Case]:
    """Of a test key: recordings take the place of probes."""
    timeclock = article("timeclock")
    assert timeclock is not None
    client = ApiClient.objects.create(name="tests", is_test=True)
    report = Report(timeclock, "LAB-1000", Address("anna", "mailbox-full.test"), source="", api_client=client)
    return [open_case(report) for _ in range(CASES)]


def groups_of(case: Case) -> list[int]:
    return [group.pk for group in case.runs.get().groups.order_by("pk")]


def taken_together(*cases: Case) -> list[Future[None]]:
    """The ends of tasks that begin before a thread is free, one for each."""
    steps: list[Step] = []
    with carrying_on(steps.append) as ends:
        for case in cases:
            run_groups(groups_of(case))
    for step in steps:  # what steps leave is done at the end
        step()
    return ends


def states(*cases: Case) -> set[tuple[str, int]]:
    return set(Group.objects.filter(run__case__in=cases).values_list("state", "attempt"))


def claims_in(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many groups are asked for in one go."""
    asked: list[int] = []
    take = runs.take_groups

    def counted(group_ids: list[int], *args: Any, **options: Any) -> list[ClaimedRow]:
        asked.append(len(group_ids))
        return take(group_ids, *args, **options)

    monkeypatch.setattr(runs, "take_groups", counted)
    return asked


def test_they_are_claimed_in_one_go(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = claims_in(monkeypatch)
    ends = taken_together(*cases)
    assert asked == [Group.objects.count()]
    assert [end.result(0) for end in ends] == [None] * CASES
    assert states(*cases) == {(GroupState.DONE, 1)}
    assert all(case.runs.get().finished for case in cases)


def test_the_same_one_twice_is_begun_once(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[int] = []
    play = canned.play

    def noted(claim: runs.Claim) -> bool:
        played.append(claim.group_id)
        return play(claim)

    monkeypatch.setattr(canned, "play", noted)
    ends = taken_together(cases[0], cases[0], cases[1])
    assert [end.result(0) for end in ends] == [None] * 3
    assert sorted(played) == sorted(Group.objects.filter(run__case__in=cases[:2]).values_list("pk", flat=True))
    assert states(cases[2]) == {(GroupState.QUEUED, 0)}


def test_one_that_cannot_begin_does_not_keep_the_others_from_it(
    cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    play = canned.play

    def fails(claim: runs.Claim) -> bool:
        if claim.case_id == cases[1].pk:
            raise ValueError("a fault")
        return play(claim)

    monkeypatch.setattr(canned, "play", fails)
    ends = taken_together(*cases)
    assert [str(end.exception(0)) for end in ends] == ["None", "a fault", "None"]
    assert states(cases[0], cases[2]) == {(GroupState.DONE, 1)}


def test_one_that_this_version_cannot_read_does_not_keep_the_others_from_it(cases: list[Case]) -> None:
    Case.objects.filter(pk=cases[1].pk).update(vendor="of-a-later-version")
    ends = taken_together(*cases)
    assert [type(end.exception(0)) for end in ends] == [type(None), BadContent, type(None)]
    assert states(cases[0], cases[2]) == {(GroupState.DONE, 1)}


def test_where_somebody_holds_one_each_is_claimed_alone_unless_it_was_cancelled(
    cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    take = runs.take_groups
    asked: list[int] = []

    def held(group_ids: list[int], now: datetime, *, in_a_hurry: bool) -> list[ClaimedRow]:
        asked.append(len(group_ids))
        if in_a_hurry:
            raise NotTogether
        return take(group_ids, now, in_a_hurry=in_a_hurry)

    monkeypatch.setattr(runs, "take_groups", held)
    steps: list[Step] = []
    with carrying_on(steps.append) as ends:
        for case in cases:
            run_groups(groups_of(case))
    steps.pop(0)()
    assert ends[1].cancel()
    for step in steps:
        step()
    groups = Group.objects.count() // CASES
    assert asked == [CASES * groups, groups, groups]
    assert [end.cancelled() or end.result(0) for end in ends] == [None, True, None]
    assert (states(cases[0], cases[2]), states(cases[1])) == ({(GroupState.DONE, 1)}, {(GroupState.QUEUED, 0)})


def test_where_the_database_stays_away_all_of_them_fail(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "patiently", partial(patiently, seconds=0.0))

    def away(*args: object, **options: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(runs, "take_groups", away)
    assert [str(end.exception(0)) for end in taken_together(*cases)] == ["the database is away"] * CASES


def test_the_task_alone_raises_what_it_ends_with(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(claim: runs.Claim) -> bool:
        raise ValueError("a fault")

    monkeypatch.setattr(canned, "play", fails)
    with pytest.raises(ValueError, match="a fault"):
        run_groups(groups_of(cases[0]))
