"""A case's page: what it is about, what can be done, and its timeline."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from diagnostics.domain import ProbeGroup
from diagnostics.models import Case, CaseState, Resolution, Viewer
from diagnostics.services import views
from diagnostics.services.audit import Action, write
from portal.access import actor_of
from portal.console.access import needs
from portal.console.case.forms import NoteForm, ResolveForm
from portal.console.case.timeline import Timeline, Wish, timeline_of
from portal.console.history import RunStory
from portal.console.listing import Row
from portal.console.neighbours import neighbours_of
from portal.console.our_side import our_side
from portal.console.suppression import panel_of
from portal.console.words import GROUPS
from portal.roles import Right


@require_safe
@needs(Right.READ)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """One case with its whole history."""
    return case_page(request, get_object_or_404(Case, reference=reference))


def case_page(
    request: HttpRequest, case: Case, *, note: NoteForm | None = None, resolve: ResolveForm | None = None
) -> HttpResponse:
    """Also the answer to a POST that could not be done (422): then with what was typed and what is wrong with it."""
    keep_look(request, case)
    timeline = timeline_of(case, Wish.of(request.GET.dict()))
    context = {
        "case": case,
        "timeline": timeline,
        "ticket_url": _ticket_url(case),
        **result_of(case, timeline),
        "our_side": our_side(case.vendor),
        "panel": panel_of(case),
        "neighbours": neighbours_of(case) if case.address else None,
        "groups": [(group.value, GROUPS[group]) for group in ProbeGroup],
        "note_form": note or NoteForm(),
        "resolve_form": resolve or ResolveForm(case=case, named=_named(timeline)),
        "resolve_open": resolve is not None,
        "problems": note or resolve,
        "resolved": case.state == CaseState.RESOLVED,
        "resolution": _in_force(case),
    }
    wrong = note is not None or resolve is not None
    return render(request, "console/case.html", context, status=422 if wrong else 200)


def keep_look(request: HttpRequest, case: Case) -> None:
    """In the case's history and in the audit trail; once an hour, so that reloads do not flood them."""
    actor = actor_of(request)
    with transaction.atomic():
        if views.seen(case, Viewer.AGENT, actor.name):
            write(actor, Action.CASE_READ, reference=case.reference)


def result_of(case: Case, timeline: Timeline) -> dict[str, object]:
    """The newest run's verdict and the sentence of its first cause, filled in where the page tells of that run.

    `row` has the case in words.
    """
    row = Row(case)
    newest = _newest(timeline)
    first = newest.causes[0] if newest and newest.causes else None
    told = first.headline if first and first.cause.cause == case.cause else ""
    return {"row": row, "verdict": row.verdict, "headline": told or row.cause}


def _in_force(case: Case) -> Resolution | None:
    """What the case is resolved with; None where it is open."""
    if case.state != CaseState.RESOLVED:
        return None
    return case.resolutions.filter(reopened_at=None).order_by("pk").last()


def _named(timeline: Timeline) -> tuple[str, ...]:
    """The causes of the newest run, where this page of the story tells of it."""
    newest = _newest(timeline)
    return tuple(shown.cause.cause for shown in newest.causes) if newest else ()


def _newest(timeline: Timeline) -> RunStory | None:
    return next((one for one in timeline.stories if isinstance(one, RunStory) and one.latest), None)


def _ticket_url(case: Case) -> str:
    """Empty for a ticket that no address leads to, because the helpdesk is not known or it is written oddly."""
    try:
        return reverse("console:ticket", args=[case.helpdesk, case.ticket])
    except NoReverseMatch:
        return ""
