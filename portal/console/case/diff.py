"""What is different between two runs of a case: in sentences first, then every observation that differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from diagnostics import registry
from diagnostics.changes import FieldChange, Known, ObservationChange, Record, observation_changes
from diagnostics.codec import Unreadable
from diagnostics.domain import Diagnosis, Evidence, Gap
from diagnostics.models import Case, ObservationRecord, Run
from diagnostics.services import health
from diagnostics.services.runs import diagnosis_of, seen_of
from portal.console.access import needs
from portal.console.case.diff_words import KNOWN, Side, sentences
from portal.console.case.page import keep_look
from portal.console.values import text_of, visible
from portal.console.words import GAPS, REPORTS, Tag, verdict_tag, word
from portal.roles import Right


@dataclass(frozen=True, slots=True)
class FieldRow:
    change: FieldChange

    @property
    def label(self) -> str:
        return " › ".join(visible(part.replace("_", " ")) for part in self.change.path)

    @property
    def before(self) -> str:
        return text_of(self.change.before)

    @property
    def now(self) -> str:
        return text_of(self.change.now)


@dataclass(frozen=True, slots=True)
class ObservationRow:
    """One kind of observation: what is known of it in each run, and its fields that differ."""

    change: ObservationChange

    @property
    def title(self) -> str:
        kind = registry.observation_type(self.change.kind)
        probe = registry.probe_for(kind) if kind else None
        return registry.describe(probe) if probe else word(REPORTS, self.change.kind)

    @property
    def before(self) -> str:
        return _state(self.change.before, self.change.before_gap)

    @property
    def now(self) -> str:
        return _state(self.change.now, self.change.now_gap)

    @property
    def fields(self) -> tuple[FieldRow, ...]:
        return tuple(FieldRow(one) for one in self.change.fields)


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the two runs on the page."""

    run: Run

    @property
    def verdict(self) -> Tag:
        return verdict_tag(self.run)


@require_safe
@needs(Right.READ)
def diff(request: HttpRequest, reference: str) -> HttpResponse:
    """Two runs side by side: those that the address names, else the last two that have finished."""
    case = get_object_or_404(Case, reference=reference)
    keep_look(request, case)
    runs = list(case.runs.order_by("-number"))
    chosen, problem = _chosen(runs, request.GET.get("from", ""), request.GET.get("to", ""))
    context = {"case": case, "runs": runs, "problem": problem}
    if chosen:
        before, now = _sides(chosen)
        changes = observation_changes(_records(before), _records(now))
        context |= {
            "before": Shown(before.run),
            "now": Shown(now.run),
            "sentences": sentences(before, now),
            "rows": [ObservationRow(change) for change in changes],
            "unreadable": [side.run.number for side in (before, now) if side.unreadable],
        }
    return render(request, "console/diff.html", context)


def _chosen(runs: list[Run], first: str, second: str) -> tuple[tuple[Run, Run] | None, str]:
    """The two runs, the earlier first, and what was wrong with the wish for others."""
    finished = [run for run in runs if run.finished]
    default = (finished[1], finished[0]) if len(finished) > 1 else None
    if not first and not second:
        return default, ""
    by_number = {str(run.number): run for run in runs}
    newest = str(finished[0].number) if finished else ""
    wanted = [by_number.get(one) for one in (first or str(max(1, int(newest or 1) - 1)), second or newest)]
    missing = [visible(one)[:20] for one, run in zip((first, second), wanted, strict=True) if run is None]
    if missing:
        return default, _("This case has no run %s. These are the last two.") % ", ".join(missing)
    found = sorted((run for run in wanted if run), key=lambda run: run.number)
    if found[0] is found[1]:
        return default, _("That is one and the same run. These are the last two.")
    return (found[0], found[1]), ""


def _sides(runs: tuple[Run, Run]) -> tuple[Side, Side]:
    records = list(ObservationRecord.objects.filter(run__in=runs).order_by("at", "pk"))
    return _side(runs[0], records), _side(runs[1], records)


def _side(run: Run, records: Iterable[ObservationRecord]) -> Side:
    mine = tuple((record, seen_of(record)) for record in records if record.run_id == run.pk)
    ours = health.newest(run.case.vendor, until=run.finished_at)
    evidence = Evidence((*([ours] if ours else ()), *(seen for _record, seen in mine)))
    diagnosis: Diagnosis | None
    try:
        diagnosis, unreadable = diagnosis_of(run), False
    except Unreadable:
        diagnosis, unreadable = None, True
    return Side(run, evidence, diagnosis, mine, unreadable)


def _records(side: Side) -> list[Record]:
    stored = [Record(record.kind, seen, record.data) for record, seen in side.records]
    probed = {record.kind for record in stored}
    others = (Record(seen.kind.__name__, seen) for seen in side.evidence if seen.kind.__name__ not in probed)
    return [*(one for one in others if one.kind != "object"), *stored]


def _state(known: Known, gap: Gap | None) -> str:
    text = str(KNOWN[known])
    return f"{text} {word(GAPS, gap)}" if gap and known in (Known.UNKNOWN, Known.DOES_NOT_APPLY) else text
