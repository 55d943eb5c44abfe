"""Who may enter the console: active accounts marked as staff. Every view of the console is wrapped in `agents_only`."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from portal.access import is_agent

P = ParamSpec("P")


def agents_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Visitors are sent to the sign-in page, other accounts are told 403; no page is kept by a browser or proxy."""

    @wraps(view)
    def for_agents(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_agent(request):
            return render(request, "console/no_agent.html", status=403)
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return never_cache(login_required(for_agents))
