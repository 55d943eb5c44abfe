"""Who may enter which page of the console. Every view of the console is wrapped in `needs`."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from portal.access import may
from portal.roles import Right

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def needs(right: Right) -> Callable[[View[P]], View[P]]:
    """Visitors are sent to the sign-in page, accounts without the right are told 403; no page is kept by a browser or
    proxy.
    """

    def wrapped(view: View[P]) -> View[P]:
        @wraps(view)
        def for_agents(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not may(request, right):
                return render(request, "console/no_agent.html", status=403)
            response = view(request, *args, **kwargs)
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return never_cache(login_required(for_agents))

    return wrapped
