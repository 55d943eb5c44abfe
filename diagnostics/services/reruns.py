"""One group asked anew, beside what the others saw before: a run like any other, so that the two can be compared."""

from __future__ import annotations

from django.db import transaction

from diagnostics.domain import ProbeGroup
from diagnostics.models import Case, Group, GroupState, ObservationRecord, Run
from diagnostics.services import limits, queue_cap
from diagnostics.services.cases import carry_over, create_run, hold, start_run
from diagnostics.services.runs import judge


def run_group_again(case: Case, name: ProbeGroup, *, asked_by: str) -> Run:
    """Queue a run in which only this group is asked; returns the running one where there is one.

    What the other groups saw, and what was reported, is carried over from the newest run with the time at which it was
    seen, so the new diagnosis differs only by what this group finds. A group that was never finished is asked, too.
    For agents. Raises LimitReached.
    """
    with transaction.atomic():
        hold(case)
        latest = case.runs.order_by("-number").first()
        if latest is None or not latest.finished:
            return latest or start_run(case, asked_by=asked_by)
        queue_cap.admit()
        limits.take([(limits.RUN_BY_AGENT, case.reference)])
        kept = [one for one in latest.groups.order_by("pk") if one.name != name and one.state in GroupState.final()]
        asked = [one for one in ProbeGroup if one not in {group.name for group in kept}]
        run = create_run(case, number=latest.number + 1, asked_by=asked_by, groups=asked)
        carry_over(latest, run)
        _copy(latest, run, kept)
        judge(run)
    return run


def _copy(earlier: Run, run: Run, kept: list[Group]) -> None:
    """The groups as they ended, with their records; and what was reported to the earlier run."""
    groups: dict[int | None, int | None] = {None: None}
    for group in kept:
        before = group.pk
        group.pk, group.run = None, run
        group.save(force_insert=True)
        groups[before] = group.pk
    records = earlier.records.order_by("at", "pk")
    copies = [record for record in records if record.group_id in groups]
    for record in copies:
        record.pk, record.run, record.group_id = None, run, groups[record.group_id]
    ObservationRecord.objects.bulk_create(copies)
