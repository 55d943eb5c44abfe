"""How a case ended: the true cause, as somebody learned it, beside what the diagnosis had said."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from diagnostics.codec import Unreadable
from diagnostics.models import Case, CaseEventKind, CaseState, Resolution, Run
from diagnostics.remedies import remedies
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.case_events import announce
from diagnostics.services.runs import diagnosis_of


def resolve(case: Case, true_cause: str, by: Actor, *, known: bool = True) -> Resolution:
    """Mark the case as resolved. `true_cause` is a tag of the cause tree, or empty for none of them; `known` is False
    where nobody learned what it was.

    The same again changes nothing; another cause is a correction, and the newest counts. Raises ValueError for a tag
    that is not in the tree, or a cause that is not known.
    """
    if true_cause and (true_cause not in remedies() or not known):
        raise ValueError(f"no cause of the tree that somebody knows: {true_cause!r}")
    with transaction.atomic():
        held = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        last = _in_force(held)
        if last and held.state == CaseState.RESOLVED and (last.true_cause, last.known) == (true_cause, known):
            return last
        run = held.runs.order_by("-number").first()
        resolution = Resolution.objects.create(
            case=held,
            by=by.name[:150],
            true_cause=true_cause,
            known=known,
            verdict=run.verdict if run else "",
            causes=_causes_of(run),
        )
        Case.objects.filter(pk=held.pk).update(state=CaseState.RESOLVED)
        announce(held, CaseEventKind.CASE_RESOLVED, cause=true_cause)
        write(by, Action.CASE_RESOLVED, reference=held.reference, cause=true_cause, known=known)
    case.state = CaseState.RESOLVED
    return resolution


def reopen(case: Case, by: Actor) -> bool:
    """Take the resolution back; it counts no more. False where the case is not resolved."""
    with transaction.atomic():
        held = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        if held.state != CaseState.RESOLVED:
            return False
        under_way = held.runs.filter(finished_at=None).exists()
        state = CaseState.CHECKING if under_way else CaseState.OPEN
        Case.objects.filter(pk=held.pk).update(state=state)
        held.resolutions.filter(reopened_at=None).update(reopened_at=timezone.now(), reopened_by=by.name[:150])
        write(by, Action.CASE_REOPENED, reference=held.reference)
    case.state = state
    return True


def _in_force(case: Case) -> Resolution | None:
    return case.resolutions.filter(reopened_at=None).order_by("pk").last()


def _causes_of(run: Run | None) -> list[str]:
    """The tags that the run names, best first; of a diagnosis that cannot be read any more the first alone."""
    if run is None:
        return []
    try:
        diagnosis = diagnosis_of(run)
    except Unreadable:
        diagnosis = None
    if diagnosis is None:
        return [run.cause] if run.cause else []
    return [one.cause for one in diagnosis.causes]
