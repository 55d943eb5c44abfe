"""By the short way or all the way round: the answer is the same, to the last header, or the short way is not taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.test.client import RequestFactory
from django.urls import reverse
from django.utils import timezone
from prometheus_client import REGISTRY

from diagnostics.models import Case, CaseLink, Run
from diagnostics.services import shared_look, standing
from portal.shortcuts import MOST_LEARNED, ShortcutMiddleware
from tests.agents import make_agent
from tests.portal.wizard.conftest import give, opened

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "progress"}
START = "/timeclock/"
RANDOM = re.compile(r'(?<=value=")[A-Za-z0-9_-]{22}(?=")|(?<=value=")[A-Za-z0-9]{64}(?=")')


@pytest.fixture
def case() -> Case:
    return opened()


class Ways:
    """How many requests went all the way round."""

    round = 0


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    ways, before = Ways(), ShortcutMiddleware.__init__

    def counted(self: ShortcutMiddleware, get_response: Any) -> None:
        def passed_on(request: Any) -> Any:
            ways.round += 1
            return get_response(request)

        before(self, passed_on)

    monkeypatch.setattr(ShortcutMiddleware, "__init__", counted)
    return ways


@contextmanager
def without_shortcuts() -> Iterator[None]:
    kept = settings.MIDDLEWARE
    settings.MIDDLEWARE = [one for one in kept if one != "portal.shortcuts.ShortcutMiddleware"]
    try:
        yield
    finally:
        settings.MIDDLEWARE = kept


def told(response: Any) -> dict[str, str]:
    """All headers, without the moment, and lists in an order."""
    headers = dict(response.headers.items())
    assert headers.pop("Expires").endswith(" GMT")
    headers["Vary"] = ", ".join(sorted(headers["Vary"].split(", ")))
    policy = headers["Content-Security-Policy"]
    headers["Content-Security-Policy"] = "; ".join(sorted(policy.split("; ")))
    return headers


def crumbs(response: Any) -> dict[str, dict[str, object]]:
    return {name: dict(cookie) | {"expires": ""} for name, cookie in response.cookies.items()}


def poll(client: Client, case: Case, etag: str, *, section: str = "", **more: Any) -> HttpResponse:
    address = reverse("wizard:case", args=[case.reference]) + section
    return client.get(address, headers=HTMX | {"If-None-Match": etag} | more.pop("headers", {}), **more)  # type: ignore[return-value]


def shown(client: Client, case: Case) -> str:
    return str(client.get(reverse("wizard:case", args=[case.reference]))["ETag"])


SITUATIONS: dict[str, dict[str, Any]] = {
    "plainly": {},
    "over https": {"secure": True},
    "a proxy's word": {"headers": {"X-Forwarded-Proto": "https"}},
    "another language": {"headers": {"Accept-Language": "de, fr;q=0.5"}},
    "another port": {"SERVER_PORT": "8080"},
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
class TestTheSameAnswer:
    def test_the_empty_form(self, ways: Ways, situation: dict[str, Any]) -> None:
        client = Client()
        client.get(START, **situation)
        client.cookies.clear()
        short = client.get(START, **situation)
        assert ways.round == 1
        with without_shortcuts():
            long = Client().get(START, **situation)
        assert told(short) == told(long)
        assert crumbs(short) == crumbs(long)
        assert len(RANDOM.findall(short.content.decode())) == 2
        assert RANDOM.sub("", short.content.decode()) == RANDOM.sub("", long.content.decode())

    @pytest.mark.parametrize("section", ["", "quarantine/"], ids=["home", "section"])
    def test_a_poll_in_vain(self, ways: Ways, case: Case, section: str, situation: dict[str, Any]) -> None:
        situation = {"section": section, **situation}
        client = Client()
        token = give(client, case)
        etag = shown(client, case)
        poll(client, case, etag, **situation)
        before = ways.round
        short = poll(client, case, etag, **situation)
        assert ways.round == before
        with without_shortcuts():
            other = Client()
            other.cookies[f"case_{case.reference}"] = token
            long = poll(other, case, etag, **situation)
        assert short.status_code == long.status_code == 304
        assert told(short) == told(long)
        assert crumbs(short) == crumbs(long) == {}
        assert short.content == long.content == b""


def test_what_was_learned_holds_for_the_same_situation_only(ways: Ways) -> None:
    client = Client()
    for number, situation in enumerate(SITUATIONS.values(), 1):
        client.get(START, **situation)
        assert ways.round == number
    for situation in SITUATIONS.values():
        client.get(START, **situation)
    assert ways.round == len(SITUATIONS)


def test_a_host_that_is_not_ours_is_refused_however_often(ways: Ways, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    for _ in range(2):
        client.get(START)
        assert client.get(START, headers={"Host": "evil.example.org"}).status_code == 400
    assert ways.round == 3


def test_a_setting_that_changes_is_heeded_at_once(settings: Any) -> None:
    client = Client()
    client.get(START)
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(START).status_code == 301


class TestAllTheWayRound:
    """Where something might lead to another answer."""

    @pytest.fixture
    def client(self) -> Client:
        client = Client()
        client.get(START)
        return client

    def test_with_a_session(self, client: Client, ways: Ways) -> None:
        client = Client()
        client.get(START)
        client.force_login(make_agent())
        client.get(START)
        assert ways.round == 2

    def test_with_a_chosen_language(self, ways: Ways) -> None:
        client = Client()
        client.get(START)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
        client.get(START)
        assert ways.round == 2

    @pytest.mark.parametrize("path", ["/timeclock/?address=anna@example.org", "/", "/console/", "/no-such-article/"])
    def test_to_other_addresses(self, ways: Ways, path: str) -> None:
        client = Client()
        answers = [client.get(path) for _ in range(2)]
        assert ways.round == 2
        assert answers[0].status_code == answers[1].status_code

    @pytest.mark.parametrize("method", ["head", "post", "options", "put"])
    def test_by_other_methods(self, ways: Ways, method: str) -> None:
        client = Client()
        client.get(START)
        getattr(client, method)(START)
        assert ways.round == 2

    def test_of_a_poll_that_is_answered(self, case: Case, ways: Ways) -> None:
        client = Client()
        give(client, case)
        etag = shown(client, case)
        poll(client, case, etag)
        Run.objects.update(version=99)
        before = ways.round
        assert poll(client, case, etag).status_code == 200
        assert ways.round == before + 1

    def test_of_a_page_that_is_opened_again(self, case: Case, ways: Ways) -> None:
        client = Client()
        give(client, case)
        etag = shown(client, case)
        poll(client, case, etag)
        before = ways.round
        assert client.get(reverse("wizard:case", args=[case.reference])).status_code == 200
        assert ways.round == before + 1


class TestWhatIsRememberedForAMoment:
    """For far longer than any moment here: so it is told from what is looked up anew, and by no clock."""

    @pytest.fixture
    def client(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> Client:
        client = Client()
        give(client, case)
        self.etag = shown(client, case)
        poll(client, case, self.etag)
        self.hold(monkeypatch, 1e9)
        assert poll(client, case, self.etag).status_code == 304
        return client

    def hold(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        monkeypatch.setattr(shared_look, "HELD", seconds)

    @pytest.mark.parametrize(
        ("befalls", "status"),
        [
            (lambda: Run.objects.update(version=99), 200),
            (lambda: CaseLink.objects.update(expires_at=timezone.now()), 404),
            (lambda: CaseLink.objects.all().delete(), 404),
            (lambda: Case.objects.update(details_deleted_at=timezone.now()), 410),
        ],
        ids=["an answer", "its link ends", "its link is withdrawn", "its details are erased"],
    )
    def test_is_all_there_is_until_the_next_look(
        self, client: Client, case: Case, monkeypatch: pytest.MonkeyPatch, befalls: Any, status: int
    ) -> None:
        befalls()
        assert poll(client, case, self.etag).content == b""
        self.hold(monkeypatch, 0.0)
        assert poll(client, case, self.etag).status_code == status

    def test_is_nobody_elses(self, client: Client, case: Case) -> None:
        other = Client()
        give(other, opened("bert@example.org"))
        other.cookies[f"case_{case.reference}"] = "another-token"
        for _ in range(2):
            assert poll(other, case, self.etag).status_code == 404
        client.cookies.clear()
        for _ in range(2):
            assert poll(client, case, self.etag).status_code == 404

    def test_is_no_page(self, client: Client, case: Case) -> None:
        Run.objects.update(version=99)
        assert poll(client, case, '"of an earlier version"').status_code == 200
        assert shown(client, case) != self.etag


def test_both_ways_are_counted_and_logged_as_the_same_view(case: Case) -> None:
    client = Client()
    give(client, case)
    etag = shown(client, case)
    labels = {"view": "wizard:case", "method": "GET", "status": "304"}
    before = REGISTRY.get_sample_value("portal_requests_total", labels) or 0.0
    long, short = (poll(client, case, etag).wsgi_request.said_about for _ in range(2))  # type: ignore[attr-defined]
    assert REGISTRY.get_sample_value("portal_requests_total", labels) == before + 2
    assert {**long, "request_id": ""} == {**short, "request_id": ""}
    assert short["view"] == "wizard:case"
    assert short["case"] == case.reference
    assert long["request_id"] != short["request_id"]


def test_while_the_database_is_away_a_poll_is_told_to_come_back(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    give(client, case)
    etag = shown(client, case)
    usual = told(poll(client, case, etag))

    def away(*asked: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(standing, "rows", away)
    answer = poll(client, case, etag)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    for name in ("Content-Security-Policy", "X-Frame-Options", "Permissions-Policy", "Cache-Control"):
        assert answer[name]
    assert "ETag" not in answer.headers
    assert usual["X-Content-Type-Options"] == answer["X-Content-Type-Options"] == "nosniff"


def test_no_more_is_learned_than_there_is_room_for() -> None:
    middleware = ShortcutMiddleware(lambda request: Client().get(START))
    factory = RequestFactory()
    match = Client().get(START).resolver_match
    for number in range(MOST_LEARNED + 2):
        request = factory.get(START, headers={"Accept-Language": f"x-{number}"})
        request.resolver_match = match
        response = HttpResponse(headers={"Content-Language": "en"})
        (way, *_) = middleware._way(request) or pytest.fail("it has a short way")
        middleware._learn(request, response, way, (number,))
    assert len(middleware._learned) == 2
