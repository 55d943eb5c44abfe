"""The card beside a ticket: one case, one origin, ten minutes, no cookies."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import LazySettings
from django.core import signing
from django.test import Client

from diagnostics.articles import article
from diagnostics.codec import encode
from diagnostics.domain import Address, Diagnosis, RankedCause, Stage, Strength, Verdict, Who
from diagnostics.models import AuditEntry, Case, CaseState, Run
from diagnostics.services.cases import Report, open_case
from diagnostics.services.embeds import SALT, mint
from diagnostics.services.messages import stop_token

pytestmark = pytest.mark.django_db
ORIGIN, OTHER = "https://desk.example.org", "https://other.example.org"
AUDIENCE = f"{ORIGIN}/api/v2/apps/installations/1.json"


@pytest.fixture(scope="module")
def app_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(autouse=True)
def connected(settings: LazySettings, app_key: rsa.RSAPrivateKey) -> None:
    public = app_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = ORIGIN, "a@example.org", "key"
    settings.ZENDESK_APP_KEY, settings.ZENDESK_APP_AUDIENCE = public.decode(), AUDIENCE


@pytest.fixture
def case() -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    opened = open_case(
        Report(
            article=timeclock,
            company_id="ACME-1",
            address=Address("anna", "example.org"),
            source="192.0.2.1",
            helpdesk="zendesk",
            ticket="4711",
        )
    )
    cause = RankedCause("mx.null", Strength.PROVES, Stage.ROUTED, (Who.IT,), {"domain": "example.org"})
    diagnosis = Diagnosis(verdict=Verdict.CAUSE_FOUND, causes=(cause,), answers=())
    Run.objects.filter(case=opened).update(
        full_diagnosis=encode(diagnosis), verdict=Verdict.CAUSE_FOUND, cause="mx.null", finished_at=datetime.now(UTC)
    )
    return opened


def frame_ancestors(response: Any) -> str:
    found = re.search(r"frame-ancestors ([^;]*)", response["Content-Security-Policy"])
    assert found
    return found[1].strip()


def test_the_card_says_what_an_agent_needs(client: Client, case: Case) -> None:
    response = client.get(f"/embed/{mint(case, ORIGIN)}")
    page = response.content.decode()
    assert response.status_code == 200
    for said in ("Cause found", "example.org", "This is proved.", "their IT", case.reference, "ago"):
        assert said in page
    assert f'/console/cases/{case.reference}/" target="_blank" rel="noopener noreferrer"' in page
    assert "anna" not in page
    assert "ACME-1" not in page


def test_only_that_origin_may_frame_it(client: Client, case: Case) -> None:
    response = client.get(f"/embed/{mint(case, ORIGIN)}")
    assert frame_ancestors(response) == ORIGIN
    assert "X-Frame-Options" not in response
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]


def test_everything_else_is_framed_by_nobody(client: Client, case: Case) -> None:
    for path in ("/", "/start", "/timeclock/", "/console/sign-in/", "/nothing-here/"):
        response = client.get(path)
        assert frame_ancestors(response) == "'none'", path
        assert response["X-Frame-Options"] == "DENY"


def test_no_cookie_is_set_or_read(client: Client, case: Case) -> None:
    client.cookies.load({"session": "anything", "csrf": "a" * 32})
    response = client.get(f"/embed/{mint(case, ORIGIN)}")
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_previews_learn_nothing(client: Client, case: Case) -> None:
    page = client.get(f"/embed/{mint(case, ORIGIN)}").content.decode()
    assert "<title>Delivery check</title>" in page
    assert "og:" not in page


def test_reloading_shows_the_newest(client: Client, case: Case) -> None:
    token = mint(case, ORIGIN)
    page = client.get(f"/embed/{token}").content.decode()
    reload_url = re.search(r'href="(/embed/[^"]+)"', page)
    assert reload_url
    Case.objects.update(state=CaseState.RESOLVED)
    assert "Resolved" in client.get(reload_url[1]).content.decode()


def test_a_run_under_way_and_one_of_another_version(client: Client, case: Case) -> None:
    Run.objects.update(finished_at=None)
    assert "Checking" in client.get(f"/embed/{mint(case, ORIGIN)}").content.decode()
    Run.objects.update(finished_at=datetime.now(UTC), full_diagnosis={"of": "another version"})
    assert "Cause found" in client.get(f"/embed/{mint(case, ORIGIN)}").content.decode()


def test_after_ten_minutes_it_says_so(client: Client, case: Case) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as clock:
        token = mint(case, ORIGIN)
        clock.shift(timedelta(minutes=9, seconds=59))
        assert client.get(f"/embed/{token}").status_code == 200
        clock.shift(timedelta(seconds=2))
        late = client.get(f"/embed/{token}")
    assert late.status_code == 410
    assert frame_ancestors(late) == ORIGIN
    assert "ten minutes" in late.content.decode()
    assert case.reference not in late.content.decode()


def test_every_flipped_byte_kills_the_token(client: Client, case: Case) -> None:
    token = mint(case, ORIGIN)
    for place, character in enumerate(token):
        flipped = f"{token[:place]}{'A' if character != 'A' else 'B'}{token[place + 1 :]}"
        response = client.get(f"/embed/{flipped}")
        assert response.status_code == 404
        assert frame_ancestors(response) == "'none'"


@pytest.mark.parametrize(
    "token",
    [
        "A",
        "x" * 5000,
        "a:b:c",
        signing.TimestampSigner(salt="another purpose").sign_object(["REFERENCE", ORIGIN]),
        signing.Signer(salt=SALT).sign_object(["REFERENCE", ORIGIN]),
        stop_token("anna@example.org"),
    ],
    ids=["short", "long", "form", "other purpose", "no time", "stop link"],
)
def test_tokens_of_other_kinds_open_nothing(client: Client, case: Case, token: str) -> None:
    response = client.get(f"/embed/{token}")
    assert response.status_code == 404
    assert frame_ancestors(response) == "'none'"


def test_an_embed_token_opens_nothing_else(client: Client, case: Case) -> None:
    token = mint(case, ORIGIN)
    for path in (f"/l/{token}/", f"/c/{token}/", f"/it/{token}/", f"/stop/{token}/"):
        assert case.reference not in client.get(path).content.decode()


def test_a_helpdesk_that_is_no_longer_connected_frames_nothing(
    client: Client, case: Case, settings: LazySettings
) -> None:
    token, stranger = mint(case, ORIGIN), mint(case, OTHER)
    assert client.get(f"/embed/{stranger}").status_code == 404
    settings.ZENDESK_URL = OTHER
    response = client.get(f"/embed/{token}")
    assert (response.status_code, frame_ancestors(response)) == (404, "'none'")


@pytest.mark.parametrize(
    "origin", ["", "https://*.zendesk.com", "desk.example.org", "https://a.org/x", "https://a b", "*"]
)
def test_only_an_origin_gets_a_token(case: Case, origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        mint(case, origin)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client: Client, case: Case, row_counts, method: str) -> None:
    before = row_counts()
    getattr(client, method)(f"/embed/{mint(case, ORIGIN)}")
    assert row_counts() == before
    assert client.post(f"/embed/{mint(case, ORIGIN)}").status_code == 405


# --- Zendesk's sidebar ---

Open = Callable[..., Any]


@pytest.fixture
def open_app(client: Client, app_key: rsa.RSAPrivateKey) -> Open:
    """What Zendesk's first request says; `claims` that differ."""

    def open_app(*, key: Any = app_key, **claims: Any) -> Any:
        now = datetime.now(UTC)
        said = {"aud": AUDIENCE, "iat": now, "exp": now + timedelta(minutes=1), "jti": str(now), **claims}
        return client.post(
            "/embed/zendesk/?origin=https%3A%2F%2Fevil.example.org&app_guid=guid-1",
            {"token": jwt.encode(said, key, algorithm="RS256")},
        )

    return open_app


def pass_of(response: Any) -> str:
    found = re.search(r'name="pass" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def test_zendesk_opens_the_app_and_comes_to_its_card(client: Client, open_app: Open, case: Case) -> None:
    opened = open_app()
    assert (opened.status_code, frame_ancestors(opened)) == (200, ORIGIN)
    assert f'data-origin="{ORIGIN}"' in opened.content.decode(), "not what the query says"
    assert not opened.cookies
    response = client.post("/embed/zendesk/ticket/", {"pass": pass_of(opened), "ticket": "4711"})
    assert response.status_code == 303
    card = client.get(response["Location"])
    assert case.reference in card.content.decode()
    assert frame_ancestors(card) == ORIGIN
    assert AuditEntry.objects.get().action == "case.read"


def test_a_strangers_case_does_not_cover_the_one_that_the_helpdesk_led_to(
    client: Client, open_app: Open, case: Case
) -> None:
    """Anybody can write a ticket's number into an unsigned link."""
    Case.objects.filter(pk=case.pk).update(tier=1)
    verification = article("verification")
    assert verification is not None
    report = Report(
        verification, "ACME-2", Address("otto", "example.net"), "192.0.2.2", helpdesk="zendesk", ticket="4711"
    )
    stranger = open_case(report)

    def card() -> str:
        response = client.post("/embed/zendesk/ticket/", {"pass": pass_of(open_app()), "ticket": "4711"})
        return client.get(response["Location"]).content.decode()

    assert case.reference in (led_to := card())
    assert "unsigned link" not in led_to
    Case.objects.filter(pk=case.pk).update(tier=0)
    assert stranger.reference in (newest := card())
    assert "unsigned link" in newest


def test_it_needs_no_csrf_cookie(open_app: Open, case: Case) -> None:
    token = pass_of(open_app())
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/embed/zendesk/ticket/", {"pass": token, "ticket": "4711"}).status_code == 303


def test_a_ticket_without_a_case_offers_a_link(client: Client, open_app: Open) -> None:
    response = client.post("/embed/zendesk/ticket/", {"pass": pass_of(open_app()), "ticket": "99"})
    assert response.status_code == 200
    assert "/agent/t/zendesk/99" in response.content.decode()
    assert frame_ancestors(response) == ORIGIN


def test_cases_of_other_helpdesks_are_not_found(client: Client, open_app: Open, case: Case) -> None:
    Case.objects.update(helpdesk="freshdesk")
    response = client.post("/embed/zendesk/ticket/", {"pass": pass_of(open_app()), "ticket": "4711"})
    assert case.reference not in response.content.decode()


def test_the_same_token_opens_the_app_once(client: Client, app_key: rsa.RSAPrivateKey, case: Case) -> None:
    now = datetime.now(UTC)
    token = jwt.encode({"aud": AUDIENCE, "exp": now + timedelta(minutes=1)}, app_key, algorithm="RS256")
    first, second = (client.post("/embed/zendesk/", {"token": token}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 403)
    assert 'name="pass"' not in second.content.decode()


def test_another_spelling_of_its_signature_does_not_open_it_again(
    client: Client, app_key: rsa.RSAPrivateKey, case: Case
) -> None:
    """base64 may be padded or not."""
    now = datetime.now(UTC)
    token = jwt.encode({"aud": AUDIENCE, "exp": now + timedelta(minutes=1)}, app_key, algorithm="RS256")
    assert jwt.decode(f"{token}==", app_key.public_key(), algorithms=["RS256"], audience=AUDIENCE)
    assert client.post("/embed/zendesk/", {"token": token}).status_code == 200
    assert client.post("/embed/zendesk/", {"token": f"{token}=="}).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.org/api/v2/apps/installations/1.json"},
        {"exp": datetime(2026, 1, 1, tzinfo=UTC)},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    ],
    ids=["other tenant", "expired", "other key"],
)
def test_other_tokens_do_not(open_app: Open, row_counts, claims: dict[str, Any]) -> None:
    before = row_counts()
    response = open_app(**claims)
    assert response.status_code == 403
    assert frame_ancestors(response) == ORIGIN
    assert row_counts() == before


@pytest.mark.parametrize("sent", [{}, {"token": ""}, {"token": "x" * 100_000}, {"token": "a.b.c"}])
def test_what_is_no_token_does_not(client: Client, sent: dict[str, str]) -> None:
    assert client.post("/embed/zendesk/", sent).status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 403),
        ({"pass": "zendesk:1:2", "ticket": "4711"}, 403),
        ({"pass": signing.TimestampSigner(salt="other").sign("zendesk"), "ticket": "4711"}, 403),
    ],
)
def test_the_ticket_alone_opens_nothing(client: Client, case: Case, sent: dict[str, str], status: int) -> None:
    assert client.post("/embed/zendesk/ticket/", sent).status_code == status


@pytest.mark.parametrize("ticket", ["", "4711 OR 1=1", "9" * 21, "HELP-1", "<script>"])
def test_an_odd_ticket_is_refused(client: Client, open_app: Open, ticket: str) -> None:
    response = client.post("/embed/zendesk/ticket/", {"pass": pass_of(open_app()), "ticket": ticket})
    assert response.status_code == 400


def test_the_pass_ends_after_ten_minutes(client: Client, open_app: Open, case: Case) -> None:
    token = pass_of(open_app())
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert client.post("/embed/zendesk/ticket/", {"pass": token, "ticket": "4711"}).status_code == 403


def test_without_the_apps_key_there_is_no_app(client: Client, settings: LazySettings) -> None:
    settings.ZENDESK_APP_KEY = ""
    assert client.post("/embed/zendesk/", {"token": "a.b.c"}).status_code == 404
    assert client.post("/embed/zendesk/ticket/").status_code == 404


def test_the_app_is_opened_by_post_alone(client: Client) -> None:
    assert client.get("/embed/zendesk/").status_code == 405
    assert client.get("/embed/zendesk/ticket/").status_code == 405
