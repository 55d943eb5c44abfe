"""Helpdesks' calls: one link (or case) a ticket, and nothing at all for who cannot show that they are the helpdesk."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from standardwebhooks import Webhook

from diagnostics.models import AuditEntry, Case, DeepLink, HelpdeskCall, TicketNote

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests of 32 byte").decode()
TOKEN = "a-token-of-the-tests-alone-1"
GOOD = {"ticket": "4711", "address": "anna@example.org", "company_id": "ACME-1", "article": "timeclock"}

Ring = Callable[..., Any]


@pytest.fixture(autouse=True)
def connected(settings: LazySettings) -> None:
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = "https://desk.example.org", "a@b.org", "key"
    settings.ZENDESK_WEBHOOK_SECRET = SECRET
    settings.FRESHDESK_URL, settings.FRESHDESK_KEY = "https://fresh.example.org", "key"
    settings.FRESHDESK_WEBHOOK_TOKEN = TOKEN
    settings.HELPDESK_URL, settings.HELPDESK_SECRET = "https://own.example.org/api", SECRET
    settings.HELPDESK_TICKET_URL = "https://own.example.org/t/{ticket}"


@pytest.fixture
def ring(client: Client) -> Ring:
    """Calls as Zendesk does; `at` is the time of the signature."""

    def ring(payload: object = GOOD, *, at: datetime | None = None, secret: str = SECRET, **headers: str) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        stamp = (at or datetime.now(UTC)).isoformat(timespec="microseconds")
        digest = hmac.digest(secret.encode(), stamp.encode() + body, "sha256")
        signed = {
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }
        return client.post(
            "/hooks/helpdesk/zendesk/", body, content_type="application/json", headers={**signed, **headers}
        )

    return ring


def nothing_happened() -> bool:
    return not any(model.objects.exists() for model in (DeepLink, Case, TicketNote, HelpdeskCall, AuditEntry))


def test_a_ticket_gets_a_link_that_its_agent_is_told(ring: Ring) -> None:
    response = ring()
    assert (response.status_code, response.json()) == (200, {"state": "link-made", "ticket": "4711"})
    link = DeepLink.objects.get()
    assert (link.helpdesk, link.ticket, link.company_id, link.address, link.made_by) == (
        "zendesk",
        "4711",
        "ACME-1",
        "anna@example.org",
        "zendesk",
    )
    note = TicketNote.objects.get()
    assert (note.link, note.case, note.ticket) == (link, None, "4711")
    assert not Case.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor, entry.action) == ("helpdesk", "zendesk", "link.made")
    assert "anna" not in json.dumps(entry.detail)


def test_the_setting_decides_that_a_case_is_opened(ring: Ring, settings: LazySettings) -> None:
    settings.HELPDESK_OPENS = "case"
    assert ring().json()["state"] == "case-opened"
    case = Case.objects.get()
    assert (case.helpdesk, case.ticket, case.tier) == ("zendesk", "4711", 1)
    assert DeepLink.objects.get().case == case
    assert TicketNote.objects.get().case == case


@pytest.mark.parametrize("opens", ["link", "case"])
def test_a_second_call_about_a_ticket_changes_nothing(ring: Ring, settings: LazySettings, opens: str) -> None:
    settings.HELPDESK_OPENS = opens
    ring()
    second = ring({**GOOD, "address": "ANNA@example.org"})
    assert (second.status_code, second.json()["state"]) == (200, "known")
    assert DeepLink.objects.count() == TicketNote.objects.count() == 1
    assert Case.objects.count() == int(opens == "case")


def test_another_ticket_or_customer_is_another_link(ring: Ring) -> None:
    for said in ({}, {"ticket": "4712"}, {"address": "bert@example.org"}, {"company_id": "ACME-2"}):
        assert ring({**GOOD, **said}).json()["state"] == "link-made"
    assert DeepLink.objects.count() == 4


def test_a_replay_is_refused(ring: Ring) -> None:
    at = datetime.now(UTC)
    assert ring(at=at).status_code == 200
    DeepLink.objects.all().delete()
    again = ring(at=at)
    assert again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert not DeepLink.objects.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        {"at": datetime.now(UTC) - timedelta(minutes=6)},
        {"at": datetime.now(UTC) + timedelta(hours=6)},
        {"secret": "another"},
        {"X-Zendesk-Webhook-Signature": ""},
        {"X-Zendesk-Webhook-Signature": "AAAA"},
        {"X-Zendesk-Webhook-Signature-Timestamp": "now"},
    ],
    ids=["old", "future", "other secret", "no signature", "odd signature", "odd time"],
)
def test_who_cannot_show_that_they_are_the_helpdesk(ring: Ring, spoil: dict[str, Any]) -> None:
    response = ring(**spoil)
    assert response.status_code == 403
    assert nothing_happened()
    assert SECRET not in response.content.decode()


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff", "JSON"),
        (b"[" * 30_000, "JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        ({}, "ticket"),
        ({**GOOD, "ticket": "{{ticket.id}}"}, "ticket"),
        ({**GOOD, "ticket": "HELP-1"}, "ticket"),
        ({**GOOD, "address": "anna"}, "address"),
        ({**GOOD, "address": "anna@[192.0.2.1]"}, "address"),
        ({**GOOD, "company_id": "A" * 65}, "company_id"),
        ({**GOOD, "article": "nothing"}, "article"),
        ({**GOOD, "article": ["timeclock"]}, "article"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_read_is_named(ring: Ring, payload: object, named: str) -> None:
    response = ring(payload)
    assert response.status_code == 400
    assert named in response.json()["detail"]
    assert "anna" not in response.json()["detail"]
    assert nothing_happened()


def test_a_bad_call_may_be_sent_again_in_a_good_form(ring: Ring) -> None:
    ring({**GOOD, "article": "nothing"})
    assert ring().status_code == 200


@pytest.mark.parametrize("size", [64 * 1024 + 1, 2 * 1024 * 1024])
def test_a_large_call_is_not_looked_at(ring: Ring, size: int) -> None:
    assert ring(b" " * size).status_code == 413
    assert nothing_happened()


def test_a_call_of_exactly_the_limit_is(ring: Ring) -> None:
    body = json.dumps(GOOD).encode()
    assert ring(body + b" " * (64 * 1024 - len(body))).status_code == 200


@pytest.mark.parametrize("slug", ["nothing", "macros", "jira", "__init__", "_answers"])
def test_what_is_not_set_up_is_not_there(client: Client, slug: str) -> None:
    assert client.post(f"/hooks/helpdesk/{slug}/", GOOD, content_type="application/json").status_code == 404


def test_only_posts_are_taken(client: Client) -> None:
    assert client.get("/hooks/helpdesk/zendesk/").status_code == 405


def test_a_bearer_token_opens_freshdesks_door_and_no_other(client: Client) -> None:
    def call(slug: str, token: str) -> int:
        shown = {"Authorization": f"Bearer {token}"}
        url = f"/hooks/helpdesk/{slug}/"
        return client.post(url, GOOD, content_type="application/json", headers=shown).status_code

    assert call("freshdesk", TOKEN[:-1]) == 403
    assert call("zendesk", TOKEN) == 403
    assert call("freshdesk", TOKEN) == 200
    assert call("freshdesk", TOKEN) == 200
    assert DeepLink.objects.get().helpdesk == "freshdesk"


def test_a_generic_call(client: Client) -> None:
    body, now = json.dumps(GOOD), datetime.now(UTC)
    headers = {
        "webhook-id": "call-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("call-1", now, body),
    }
    url = "/hooks/helpdesk/generic/"
    assert client.post(url, body, content_type="application/json", headers=headers).status_code == 200
    assert client.post(url, body, content_type="application/json", headers=headers).status_code == 409
    assert DeepLink.objects.count() == 1


def test_the_log_names_nobody(ring: Ring, caplog: pytest.LogCaptureFixture) -> None:
    ring()
    ring(secret="wrong")
    ring({**GOOD, "article": "nothing"})
    assert "refused" in caplog.text
    assert "anna" not in caplog.text
    assert SECRET not in caplog.text
