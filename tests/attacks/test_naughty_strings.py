"""Texts that break software, through every field of every form, through addresses, headers and the API.

The answer is never a fault (5xx), nothing of a text is taken for markup, what a form refuses stands in it as it was
typed, and the log gets neither lines nor signs that a terminal obeys.
"""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client

from diagnostics.services.cases import mint_link
from portal.roles import Role
from tests.agents import make_agent
from tests.attacks.hostile import unsafe_signs
from tests.attacks.test_hostile_answers import active_parts
from tests.portal.api.conftest import CASE, Api, MakeApi
from tests.portal.wizard.conftest import give, opened

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]
LINES = Path(__file__).with_name("naughty.txt").read_text().splitlines()
NAUGHTY = [line.encode("ascii").decode("unicode_escape") for line in LINES if not line.startswith("#")] + ["x" * 70_000]
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Place:
    """Where texts are sent to: `fields` each get one in turn; `keeps` are shown again where they are refused."""

    path: str
    fields: tuple[str, ...]
    keeps: tuple[str, ...] = ()


STRANGER = (
    Place(
        "/verification/",
        ("company_id", "address", "asked_at", "submission", "helpdesk", "ticket", "asked_about", "address_choice"),
        ("company_id", "address"),
    ),
    Place("/timeclock/", ("device_model", "company_id", "address", "csrfmiddlewaretoken")),
    Place("/network/report/", ("report", "token")),
    Place("/console/sign-in/", ("username", "password", "next")),
    Place("/console/session/", ("password", "next")),
)  # fmt: skip
OWNER = (
    Place("do/message/", ("purpose", "section", "address")),
    Place("do/code/", ("purpose", "section", "code")),
    Place("do/whereabouts/", ("purpose", "section", "where")),
    Place("do/answer/", ("question", "answer", "section")),
    Place("do/headers/", ("headers", "section"), ("headers",)),
    Place("do/network-paste/", ("report", "section"), ("report",)),
    Place("do/network/", ("report", "nonce")),
    Place("do/network/start/", ("place",)),
)
AGENT = (
    Place("/console/cases/{}/note/", ("text",)),
    Place("/console/cases/{}/resolve/", ("cause",)),
    Place("/console/cases/{}/reply/", ("text", "cause", "language")),
    Place("/console/cases/{}/link/", ("kind",)),
    Place("/console/privacy/", ("address",), ("address",)),
    Place("/console/privacy/export/", ("address",)),
    Place("/console/privacy/erase/", ("address", "confirmed")),
    Place("/console/settings/webhooks/add/", ("name", "url", "kinds", "vendor")),
    Place("/console/settings/api/", ("name", "vendor", "is_test")),
    Place("/console/audit.csv", ("actor", "action", "reference", "since", "until")),
)
LOOKS = (
    "/?{0}={0}", "/{0}/", "/cases/{0}/", "/c/{0}/", "/it/{0}/", "/stop/{0}/", "/l/{0}/", "/embed/{0}/", "/go/{0}/",
    "/go/verification/?company={0}&hd={0}&t={0}&lang={0}&e={0}", "/start?flow={0}&lang={0}&hd={0}&t={0}",
    "/agent/t/{0}/{0}/", "/network/now/?{0}={0}", "/static/{0}", "/verification/allowlist.json?{0}",
)  # fmt: skip
AGENT_LOOKS = (
    "/console/?q={0}&state={0}&cause={0}&provider={0}&since={0}&until={0}&sort={0}&after={0}&page={0}",
    "/console/tickets/zendesk/{0}/", "/console/cases/{0}/", "/console/fleet/?since={0}&vendor={0}&article={0}",
    "/console/audit/?actor={0}&action={0}&reference={0}&before={0}&since={0}",
    "/console/accuracy/?since={0}&vendor={0}",
    "/console/settings/helpdesks/?helpdesk={0}&article={0}", "/admin/auth/user/?q={0}&o={0}&p={0}",
)  # fmt: skip
HEADERS = (
    "User-Agent", "Accept-Language", "Accept", "X-Forwarded-For", "X-Forwarded-Proto", "Referer", "Origin",
    "If-None-Match", "If-Modified-Since", "HX-Request", "HX-Target", "Authorization", "Range",
)  # fmt: skip
API_LOOKS = (
    "/cases/{0}", "/cases/{0}/diagnosis", "/cases?state={0}&cursor={0}&limit={0}&ticket={0}&helpdesk={0}",
    "/cases?updated_since={0}", "/events?cursor={0}&limit={0}", "/links/{0}",
)  # fmt: skip


@pytest.fixture(autouse=True)
def static_files_as_deployed(settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = False


@pytest.fixture(autouse=True)
def the_log_stays_clean(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG, logger="portal"), caplog.at_level(logging.DEBUG, logger="diagnostics"):
        yield
    for record in caplog.records:
        said = record.getMessage()
        assert unsafe_signs(said) == set(), said
        assert "\n" not in said, said
        assert "\r" not in said, said


def test_a_strangers_forms() -> None:
    with anybody() as client:
        for place in STRANGER:
            fill(client, place.path, place)


def test_a_customers_forms() -> None:
    case = opened(slug="timeclock")
    with anybody() as client:
        give(client, case)
        for place in OWNER:
            fill(client, f"/cases/{case.reference}/{place.path}", place)


def test_an_agents_forms() -> None:
    case = opened()
    with anybody() as client:
        client.force_login(make_agent("admin-one", Role.ADMIN))
        for place in AGENT:
            fill(client, place.path.format(case.reference), place)


def test_addresses() -> None:
    with anybody() as client:
        for turn, text in enumerate(NAUGHTY[:-1]):
            for pattern in LOOKS[turn % 3 :: 3]:
                look(client, pattern, text)


def test_an_agents_addresses() -> None:
    opened()
    with anybody() as client:
        client.force_login(make_agent("admin-one", Role.ADMIN))
        for turn, text in enumerate(NAUGHTY[:-1]):
            for pattern in AGENT_LOOKS[turn % 3 :: 3]:
                look(client, pattern, text)


def test_headers_and_cookies() -> None:
    case = opened()
    for text in NAUGHTY[:-1]:
        value = _octets(text)
        client = Client(raise_request_exception=False)
        give(client, case)
        client.cookies["csrftoken"] = value.replace("\x00", "")
        client.cookies[f"case_{case.reference}x"] = mint_link(case)
        # As a web server hands them on: without line ends, one letter an octet (PEP 3333).
        sane(client.get(f"/cases/{case.reference}/", headers=dict.fromkeys(HEADERS, value)))
        sane(client.get("/", headers={"Host": value}))


def test_the_api(make_api: MakeApi) -> None:
    api = make_api()
    subject: dict[str, Any] = CASE | {"device_model": None, "asked_at": None, "language": "en"}
    ticket = {"helpdesk": "zendesk", "id": "4711"}
    for turn, text in enumerate(NAUGHTY):
        bodies = [subject | {name: text} for name in subject] + [subject | {text: "x"}]
        bodies += [subject | {"ticket": ticket | {name: text}} for name in ticket]
        with undone():
            for body in bodies[turn % 4 :: 4]:
                said(api, "/cases", body)
            said(api, "/links", dict.fromkeys(subject, text))
            sane_json(api.post("/cases", CASE, idempotency_key=_octets(text)[:300]))
            for pattern in API_LOOKS[turn % 2 :: 2] if len(text) < 1000 else ():
                sane_json(api.get(pattern.format(_quoted(text))))


def said(api: Api, path: str, body: object) -> None:
    sane_json(api.post(path, json.dumps(body)))


def sane_json(response: HttpResponseBase) -> None:
    assert response.status_code < 500
    text = response.content.decode()  # type: ignore[attr-defined]
    json.loads(text)
    assert response["Content-Type"] in ("application/json", "application/problem+json")
    assert unsafe_signs(text) == set()


def fill(client: Client, path: str, place: Place) -> None:
    """Every text in one field or another: those of one form hold different ones, and forms begin at different ones."""
    fields = len(place.fields)
    for turn in range(0, len(NAUGHTY) + fields, fields):
        typed = {name: NAUGHTY[(turn + len(path) + n) % len(NAUGHTY)] for n, name in enumerate(place.fields)}
        body = "&".join(f"{name}={_quoted(text)}" for name, text in typed.items())
        with undone():
            response = client.post(path, body, content_type=FORM)
            text = sane(response)
        if response.status_code == 200:
            for name in place.keeps:
                assert _kept(typed[name]) in _kept(html.unescape(text)), (path, name, typed[name][:100])


def look(client: Client, pattern: str, text: str) -> None:
    with undone():
        sane(client.get(pattern.format(_quoted(text))))


def sane(response: HttpResponseBase) -> str:
    assert response.status_code < 500
    for name, value in response.items():
        assert not set(value) & set("\r\n\x00"), (name, value)
    if response.streaming or not response["Content-Type"].startswith("text/html"):
        return ""
    text: str = response.content.decode()  # type: ignore[attr-defined]
    assert active_parts(text) == set()
    assert not response.get("Location", "").startswith(("//", "http", "javascript"))
    return text


def _kept(text: str) -> str:
    """Of a text, what a form can give back: half a pair is no text, NUL is on no page, lines end in one way."""
    return "".join(one for one in text if one not in "\x00\r\n\ufffd" and not "\ud800" <= one <= "\udfff")


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _octets(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1").replace("\r", "").replace("\n", "")


@contextmanager
def anybody() -> Iterator[Client]:
    yield Client(raise_request_exception=False)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
