"""A case on its way out of the portal: everything as JSON, and a page for paper or PDF."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from diagnostics.models import Case
from diagnostics.services.audit import Action, write
from diagnostics.services.exports import export_of
from portal.access import actor_of
from portal.console.access import needs
from portal.console.case.page import keep_look, result_of
from portal.console.case.timeline import Wish, timeline_of
from portal.console.our_side import our_side
from portal.roles import Right

MOST_PRINTED = 500
"""Parts of the story; who wants more takes the JSON."""


@require_safe
@needs(Right.READ)
def as_json(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything kept of the case, as a file to save."""
    case = get_object_or_404(Case, reference=reference)
    write(actor_of(request), Action.CASE_EXPORTED, reference=case.reference)
    pieces = () if request.method == "HEAD" else export_of(case)
    response = StreamingHttpResponse(pieces, content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="case-{case.reference}.json"'
    return response  # type: ignore[return-value]  # a response all the same: `needs` sets headers only


@require_safe
@needs(Right.READ)
def for_print(request: HttpRequest, reference: str) -> HttpResponse:
    """The case on paper: the newest run in full, the story from its beginning, no navigation, no raw data."""
    case = get_object_or_404(Case, reference=reference)
    keep_look(request, case)
    timeline = timeline_of(case, Wish(oldest_first=True), page_size=MOST_PRINTED)
    context = {
        "case": case,
        "timeline": timeline,
        **result_of(case, timeline),
        "our_side": our_side(case.vendor),
        "agent": request.user.get_username(),
        "now": timezone.now(),
    }
    return render(request, "console/print.html", context)
