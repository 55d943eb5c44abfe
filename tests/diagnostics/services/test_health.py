"""Our own side, kept and read again: who measures, what counts for a run, what is forgotten."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from diagnostics import tasks
from diagnostics.domain import Gap, Status
from diagnostics.models import Case, VendorHealthRecord
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth
from diagnostics.services import health
from diagnostics.services.alone import alone
from diagnostics.services.runs import diagnosis_of, evidence_of, finish_group, judge
from tests.diagnostics.taking import claim_group

LOOK = VendorHealth(
    "timeclock",
    (
        HealthItem(
            HealthKind.SPF, "192.0.2.10", HealthState.PROBLEM, "fail", {"server": "192.0.2.10", "result": "fail"}
        ),
    ),
)


def kept(age: timedelta, look: VendorHealth = LOOK) -> VendorHealthRecord:
    health.save(look)
    record = VendorHealthRecord.objects.latest("pk")
    record.at = timezone.now() - age
    record.save()
    return record


def ended(case: Case) -> None:
    for group in case.runs.get().groups.all():
        claim = claim_group(group.pk)
        assert claim is not None
        finish_group(claim)


@pytest.mark.django_db
def test_the_newest_look_is_found_again_as_it_was() -> None:
    kept(timedelta(minutes=30), VendorHealth("timeclock"))
    record = kept(timedelta(minutes=3))
    kept(timedelta(minutes=1), VendorHealth("clockify"))
    seen = health.newest("timeclock")
    assert seen is not None
    assert (seen.observation, seen.at, seen.gap) == (LOOK, record.at, None)


@pytest.mark.django_db
def test_a_look_that_is_more_than_an_hour_old_says_nothing() -> None:
    kept(timedelta(minutes=61))
    seen = health.newest("timeclock")
    assert seen is not None
    assert (seen.observation, seen.gap) == (None, Gap.STALE)


@pytest.mark.django_db
def test_a_look_of_another_version_is_a_gap() -> None:
    VendorHealthRecord.objects.create(vendor="timeclock", data={"items": "nonsense"})
    seen = health.newest("timeclock")
    assert seen is not None
    assert (seen.observation, seen.gap) == (None, Gap.OUTDATED)


def test_a_run_counts_with_what_was_known_by_its_end(case: Case) -> None:
    kept(timedelta(minutes=3))
    ended(case)
    kept(timedelta(seconds=-60), VendorHealth("timeclock"))
    run = case.runs.get()
    assert evidence_of(run, 0).get(VendorHealth) == LOOK
    assert [cause.cause for cause in judge(run).causes] == ["our.spf"]
    public = diagnosis_of(run, 0)
    assert public is not None
    assert [cause.cause for cause in public.causes] == ["our.spf"]


@pytest.mark.parametrize(
    ("age", "status"),
    [(None, Status.NOT_CHECKED), (timedelta(hours=2), Status.COULD_NOT_CHECK), (timedelta(0), Status.PROBLEM)],
    ids=["never looked", "too old", "just now"],
)
def test_the_question_is_answered_by_a_fresh_look_alone(case: Case, age: timedelta | None, status: Status) -> None:
    if age is not None:
        kept(age)
    ended(case)
    answer = judge(case.runs.get()).answer("our-side")
    assert answer is not None
    assert answer.status is status


@pytest.mark.django_db
def test_old_looks_are_forgotten() -> None:
    kept(timedelta(days=31))
    young = kept(timedelta(days=29))
    tasks.tidy()
    assert list(VendorHealthRecord.objects.all()) == [young]


@pytest.mark.django_db
def test_a_vendor_that_was_looked_at_of_late_is_not_due() -> None:
    everybody = {one.slug for one in health.due()}
    assert {"timeclock", "clockify"} <= everybody
    kept(timedelta(seconds=10))
    assert {one.slug for one in health.due()} == everybody - {"timeclock"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_measure_at_once() -> None:
    others: list[bool] = []

    def another_worker() -> None:
        try:
            with alone(health.LOCK) as mine:
                others.append(mine)
        finally:
            connection.close()

    def let_another_try() -> None:
        thread = threading.Thread(target=another_worker)
        thread.start()
        thread.join(10)

    with alone(health.LOCK) as mine:
        assert mine
        let_another_try()
    let_another_try()
    assert others == [False, True]
