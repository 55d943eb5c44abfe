"""Who may enter which page of the console. Every view of the console is wrapped in `needs`."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from portal.access import may
from portal.accounts import given_back
from portal.accounts.middleware import ended
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
            if not isinstance(request.user, User):
                return _to_sign_in(request)
            if not may(request, right) and _at_home(request) and may(request, Right.AUDIT):
                return redirect("console:audit")
            if not may(request, right):
                return render(request, "console/no_agent.html", status=403)
            response = view(request, *args, **kwargs)
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return never_cache(for_agents)

    return wrapped


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A form that somebody filled in while the session ended is answered with what was typed: it is not lost."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401)  # nothing is swapped: what is being typed on the page stays
    came_from = given_back.came_from(request)
    typed = given_back.typed_in(request)
    if typed:
        there = {"typed": typed, "came_from": came_from, "why": ended(request)}
        return render(request, "console/account/ended.html", there, status=403)
    return redirect_to_login(came_from or reverse("console:cases"))


def _at_home(request: HttpRequest) -> bool:
    """At the address that signing in leads to: whoever may read the audit trail alone is led on to it."""
    return request.path == reverse("console:cases")
