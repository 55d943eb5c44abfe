"""Every address, asked for by every kind of visitor, answers as docs/authorisation.md says."""

from __future__ import annotations

import os
from copy import deepcopy

import pytest
from django.conf import settings
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver, reverse

from tests.portal.authorisation import table
from tests.portal.authorisation.addresses import Place, places
from tests.portal.authorisation.visitors import VISITORS, Cases
from tests.portal.authorisation.world import filled, make_cases

METHODS = ("GET", "POST", "DELETE")
WRITE = os.environ.get("AUTHORISATION") == "write"

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(db: None) -> Cases:
    return make_cases()


def requests() -> list[tuple[str, Place]]:
    """Only the API knows DELETE; everywhere else it is like any other method that nobody asked for."""
    found = {_request(method, place): (method, place) for place in places() for method in METHODS}
    return [
        (method, place) for method, place in found.values() if method != "DELETE" or place.route.startswith("api/v1/")
    ]


def test_every_address_has_a_row() -> None:
    wanted = {_request(method, place) for method, place in requests()}
    written = set(table.read())
    assert not wanted - written, "new addresses: see the top of docs/authorisation.md"
    assert not written - wanted, "addresses that are gone"


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_visitor_gets_what_is_written(cases: Cases, visitor: str) -> None:
    client = VISITORS[visitor](cases)
    got = {_request(method, place): _outcome(client, method, filled(place, cases)) for method, place in requests()}
    if WRITE:
        table.write_column(visitor, got, list(VISITORS))
    written = {request: row.get(visitor, "no row") for request, row in table.read().items()}
    assert got == written


def test_an_address_that_nobody_filled_in_is_noticed(cases: Cases) -> None:
    with pytest.raises(KeyError):
        filled(Place("somewhere:new", "new/<str:unheard_of>/", ("unheard_of",)), cases)


def _request(method: str, place: Place) -> str:
    return f"{method} /{place.route}"


def _outcome(client: Client, method: str, path: str) -> str:
    """The answer in one word; whatever the request changed is undone."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = client.generic(method, path, content_type=FORM if method == "POST" and "/api/" not in path else JSON)
        outcome = _word(response)
        transaction.set_rollback(True)
    client.cookies = cookies
    return outcome


def _word(response: HttpResponseBase) -> str:
    if response.status_code not in (301, 302, 303):
        return str(response.status_code)
    target = response["Location"].split("?")[0]
    names = {
        settings.LOGIN_URL: "sign-in",
        reverse("admin:login"): "admin door",
        reverse("mfa_index"): "second factor",
        reverse("console:audit"): "audit",
    }
    return names.get(target, str(response.status_code))


def test_the_crawl_sees_what_the_site_serves() -> None:
    """The root's own patterns, at least one place under each."""
    starts = {str(pattern.pattern) for pattern in get_resolver().url_patterns}
    routes = [place.route for place in places()]
    assert all(any(route.startswith(start) for route in routes) for start in starts if not start.startswith("static"))
