"""How long the session lasts, and the way to stay."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.accounts.session import end_of, is_poll


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Opening the page is doing something, so the agent stays. The console's script asks for the same as JSON: by GET,
    which puts nothing off, and by POST, which does.
    """
    end = end_of(request.session)
    if request.headers.get("HX-Request") == "true" and end:
        return JsonResponse({"seconds": end.seconds, "last": end.last})
    if request.method == "POST" and not is_poll(request):
        return redirect("console:session")
    return render(request, "console/account/session.html")
