"""Every helpdesk's adapter against a server that speaks the documented interface."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from standardwebhooks import Webhook

from diagnostics.helpdesks import BadPayload, Helpdesk, NoteRefused, NoteUnknown, NotProved, Referral
from diagnostics.helpdesks.freshdesk import Freshdesk
from diagnostics.helpdesks.generic import Generic
from diagnostics.helpdesks.jira import Jira
from diagnostics.helpdesks.zendesk import Zendesk
from tests.diagnostics.helpdesks.desk import KEY, SECRET, USER, Desk, Fault

TOKEN = "a-token-of-the-tests-alone-1"
NOTE_ID = "portal-note-0123456789abcdef"
TEXT = 'Mailbox full: <b>5 & 6</b> "quoted"\n{code}[link|http://example.org]\nhttps://portal.example.org/console/'
BUILD: dict[str, Callable[[str], Helpdesk]] = {
    "zendesk": lambda url: Zendesk(url, USER, KEY, SECRET),
    "freshdesk": lambda url: Freshdesk(url, KEY, TOKEN),
    "jira": lambda url: Jira(url, USER, KEY, TOKEN),
    "generic": lambda url: Generic(f"{url}/desk", SECRET, "https://desk.example.org/t/{ticket}"),
}
TICKETS = {"zendesk": "4711", "freshdesk": "4711", "jira": "HELP-12", "generic": "4711"}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as running:
        yield running


@pytest.fixture(params=BUILD)
def adapter(request: pytest.FixtureRequest, desk: Desk) -> Helpdesk:
    return BUILD[request.param](desk.url)


async def test_a_note_is_internal_and_found_again(adapter: Helpdesk, desk: Desk) -> None:
    ticket = TICKETS[adapter.slug]
    assert not await adapter.has_note(ticket, NOTE_ID)
    await adapter.post_note(ticket, NOTE_ID, TEXT)
    (note,) = desk.notes
    assert not note.public
    assert NOTE_ID in note.text
    assert "5 & 6" in note.text
    assert await adapter.has_note(ticket, NOTE_ID)
    assert not await adapter.has_note(ticket, "portal-note-ffffffffffffffff")


async def test_it_shows_its_key(adapter: Helpdesk, desk: Desk) -> None:
    await adapter.post_note(TICKETS[adapter.slug], NOTE_ID, TEXT)
    _method, _path, headers = desk.seen[-1]
    if adapter.slug == "generic":
        assert headers["webhook-id"] == NOTE_ID
        assert headers["webhook-signature"].startswith("v1,")
        return
    shown = {"zendesk": f"{USER}/token:{KEY}", "freshdesk": f"{KEY}:X", "jira": f"{USER}:{KEY}"}[adapter.slug]
    assert headers["authorization"] == f"Basic {base64.b64encode(shown.encode()).decode()}"


@pytest.mark.parametrize("others", [100, 250])
async def test_a_note_among_many_others_is_found(adapter: Helpdesk, desk: Desk, others: int) -> None:
    ticket = TICKETS[adapter.slug]
    desk.other_notes(others, ticket, public=False)
    await adapter.post_note(ticket, NOTE_ID, TEXT)
    desk.other_notes(120, ticket, public=False)
    assert await adapter.has_note(ticket, NOTE_ID)
    assert not await adapter.has_note(ticket, "portal-note-ffffffffffffffff")


@pytest.mark.parametrize("adapter", ["freshdesk", "jira"], indirect=True)
async def test_a_ticket_too_long_to_look_through_leaves_it_unknown(adapter: Helpdesk, desk: Desk) -> None:
    desk.other_notes(1001, TICKETS[adapter.slug], public=False)
    with pytest.raises(NoteUnknown):
        await adapter.has_note(TICKETS[adapter.slug], NOTE_ID)


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
async def test_a_refusal_for_good(adapter: Helpdesk, desk: Desk, status: int) -> None:
    desk.faults = [Fault(status)]
    with pytest.raises(NoteRefused, match=str(status)):
        await adapter.post_note(TICKETS[adapter.slug], NOTE_ID, TEXT)


@pytest.mark.parametrize("status", [301, 401, 403, 429, 500, 502, 503])
async def test_an_answer_that_may_change(adapter: Helpdesk, desk: Desk, status: int) -> None:
    desk.faults = [Fault(status, headers=(("Location", f"{desk.url}/elsewhere"),))]
    with pytest.raises(NoteUnknown, match=str(status)):
        await adapter.post_note(TICKETS[adapter.slug], NOTE_ID, TEXT)
    assert desk.notes == []
    assert len(desk.seen) == 1, "a redirect is not followed"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("999999999999", 86400), ("soon", None), ("", None), ("-5", None)],
)
async def test_retry_after_is_heard(desk: Desk, said: str, seconds: int | None) -> None:
    desk.faults = [Fault(429, headers=(("Retry-After", said),))]
    with pytest.raises(NoteUnknown) as unknown:
        await BUILD["zendesk"](desk.url).post_note("4711", NOTE_ID, TEXT)
    assert unknown.value.retry_after == seconds


async def test_a_cut_connection_leaves_it_unknown(adapter: Helpdesk, desk: Desk) -> None:
    desk.faults = [Fault(0, taken=True)]
    with pytest.raises(NoteUnknown):
        await adapter.post_note(TICKETS[adapter.slug], NOTE_ID, TEXT)
    assert await adapter.has_note(TICKETS[adapter.slug], NOTE_ID)


@pytest.mark.parametrize("content", [b"<h1>Sign in</h1>", b"[5]", b'"text"', b'{"comments": 5}', b"[" * 100_000])
async def test_an_answer_of_another_form_says_nothing_about_the_note(
    adapter: Helpdesk, desk: Desk, content: bytes
) -> None:
    desk.reading_faults = [Fault(200, content=content)]
    with pytest.raises(NoteUnknown):
        await adapter.has_note(TICKETS[adapter.slug], NOTE_ID)


async def test_an_unknown_ticket_is_refused(adapter: Helpdesk, desk: Desk) -> None:
    desk.tickets = set()
    with pytest.raises(NoteRefused, match="404"):
        await adapter.post_note(TICKETS[adapter.slug], NOTE_ID, TEXT)


# --- What their calls say ---

GOOD = {"ticket": "4711", "address": "anna@example.org", "company_id": "ACME-1", "article": "timeclock"}


def test_a_call_is_read(adapter: Helpdesk) -> None:
    ticket = TICKETS[adapter.slug]
    read = adapter.ticket_ref({**GOOD, "ticket": ticket, "language": "en", "more": {"is": "ignored"}})
    assert read == Referral(ticket, "anna@example.org", "ACME-1", "timeclock", "en")


def test_a_number_is_a_ticket_too() -> None:
    assert BUILD["zendesk"]("https://desk.example.org").ticket_ref({**GOOD, "ticket": 4711}).ticket == "4711"


@pytest.mark.parametrize(
    "said",
    [
        {"ticket": ""},
        {"ticket": "47/11"},
        {"ticket": "../users/1"},
        {"ticket": True},
        {"ticket": ["4711"]},
        {"ticket": "4711\n"},
        {"ticket": "9" * 65},
        {"address": None},
        {"address": "a" * 255},
        {"address": "{{ticket.requester.email}}"},
        {"company_id": ""},
        {"company_id": "A\x00B"},
        {"company_id": "A\u202eB"},
        {"article": {}},
        {"language": 5.5},
    ],
    ids=str,
)
def test_what_a_call_may_not_say(adapter: Helpdesk, said: dict[str, object]) -> None:
    with pytest.raises(BadPayload, match="|".join(said)):
        adapter.ticket_ref({**GOOD, "ticket": TICKETS[adapter.slug], **said})


def test_the_way_back_stays_at_the_stored_origin(adapter: Helpdesk) -> None:
    ticket = TICKETS[adapter.slug]
    assert adapter.ticket_url(ticket).startswith(f"{adapter.origin}/")
    assert adapter.ticket_url("../../evil") == adapter.ticket_url("@evil.example") == ""


# --- How they show who they are ---


def signed_by_zendesk(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.digest(secret.encode(), stamp.encode() + body, "sha256")
    return {
        "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
        "x-zendesk-webhook-signature-timestamp": stamp,
    }


def test_zendesks_own_example_verifies() -> None:
    """The values of https://developer.zendesk.com/documentation/webhooks/verifying/ made anew with its secret."""
    secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    zendesk = Zendesk("https://desk.example.org", USER, KEY, secret)
    first = zendesk.verify(signed_by_zendesk(b"{}", secret=secret), b"{}", NOW)
    assert first == zendesk.verify(signed_by_zendesk(b"{}", secret=secret), b"{}", NOW)
    assert len(first) == 64
    later = NOW + timedelta(seconds=1)
    assert first != zendesk.verify(signed_by_zendesk(b"{}", at=later, secret=secret), b"{}", later)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_a_future_call_of_zendesk_is_refused(minutes: int) -> None:
    zendesk = Zendesk("https://desk.example.org", USER, KEY, SECRET)
    with pytest.raises(NotProved):
        zendesk.verify(signed_by_zendesk(b"{}", at=NOW + timedelta(minutes=minutes)), b"{}", NOW)
    assert zendesk.verify(signed_by_zendesk(b"{}", at=NOW + timedelta(minutes=minutes * 0.8)), b"{}", NOW)


def test_every_flipped_byte_of_a_zendesk_call_is_seen() -> None:
    zendesk = Zendesk("https://desk.example.org", USER, KEY, SECRET)
    body = b'{"ticket": "4711"}'
    headers = signed_by_zendesk(body)
    for place in range(len(body)):
        with pytest.raises(NotProved):
            zendesk.verify(headers, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], NOW)
    for name, value in headers.items():
        for place in range(len(value)):
            flipped = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            with pytest.raises(NotProved):
                zendesk.verify({**headers, name: flipped}, body, NOW)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-zendesk-webhook-signature": "ü"}, {"x-zendesk-webhook-signature-timestamp": "yesterday"}],
    ids=["nothing", "odd signature", "odd time"],
)
def test_a_zendesk_call_without_proof_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotProved):
        Zendesk("https://desk.example.org", USER, KEY, SECRET).verify(headers, b"", NOW)


def test_without_a_secret_no_call_is_taken() -> None:
    for adapter in (Zendesk("https://d.example.org", USER, KEY), Freshdesk("https://d.example.org", KEY)):
        with pytest.raises(NotProved):
            adapter.verify({**signed_by_zendesk(b"", secret=""), "authorization": "Bearer "}, b"", NOW)


@pytest.mark.parametrize("adapter", ["freshdesk", "jira"], indirect=True)
def test_a_bearer_token_is_asked_for(adapter: Helpdesk) -> None:
    assert adapter.verify({"authorization": f"Bearer {TOKEN}"}, b"", NOW) == ""
    assert adapter.verify({"authorization": f"bearer {TOKEN}"}, b"", NOW) == ""
    for shown in ("", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ü"):
        with pytest.raises(NotProved):
            adapter.verify({"authorization": shown}, b"", NOW)


def signed_generic(body: str, *, at: datetime, call: str = "call-1", secret: str = SECRET) -> dict[str, str]:
    signature = Webhook(secret).sign(call, at, body)
    return {"webhook-id": call, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def test_a_generic_call_is_signed_by_standard_webhooks() -> None:
    generic, now = Generic("https://desk.example.org", SECRET, "https://desk.example.org/{ticket}"), datetime.now(UTC)
    headers = signed_generic("{}", at=now)
    assert len(generic.verify(headers, b"{}", now)) == 64
    other = "whsec_" + base64.b64encode(b"another secret of the tests, 32b").decode()
    for wrong, body in [
        (signed_generic("{}", at=now, secret=other), b"{}"),
        (headers, b"[]"),
        ({**headers, "webhook-id": "call-2"}, b"{}"),
        ({**headers, "webhook-signature": "v1"}, b"{}"),
        ({**headers, "webhook-signature": "v1,?"}, b"{}"),
        ({**headers, "webhook-timestamp": "nan"}, b"{}"),
        ({**headers, "webhook-timestamp": "9" * 12}, b"{}"),
        (signed_generic("{}", at=now - timedelta(minutes=6)), b"{}"),
        (headers, b"\xff"),
        ({}, b"{}"),
    ]:
        with pytest.raises(NotProved):
            generic.verify(wrong, body, now)


# --- The sidebar app ---

AUDIENCE = "https://desk.example.org/api/v2/apps/installations/1.json"


@pytest.fixture(scope="module")
def app_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def app(app_key: rsa.RSAPrivateKey) -> Zendesk:
    public = app_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Zendesk("https://desk.example.org", USER, KEY, SECRET, public.decode(), AUDIENCE)


def app_token(key: object, algorithm: str = "RS256", **claims: object) -> str:
    now = datetime.now(UTC)
    said = {"aud": AUDIENCE, "iat": now, "exp": now + timedelta(minutes=1), "sub": "agent", **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm=algorithm)  # type: ignore[arg-type]


def test_the_apps_token_is_good(app: Zendesk, app_key: rsa.RSAPrivateKey) -> None:
    assert len(app.verify_app(app_token(app_key))) == 64


def test_other_tokens_are_not(app: Zendesk, app_key: rsa.RSAPrivateKey) -> None:
    now = datetime.now(UTC)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong = [
        app_token(stranger),
        app_token(app_key, aud="https://other.example.org/api/v2/apps/installations/1.json"),
        app_token(app_key, aud=None),
        app_token(app_key, exp=None),
        app_token(app_key, exp=now - timedelta(minutes=2)),
        app_token(app_key, nbf=now + timedelta(minutes=5)),
        app_token("x" * 64, "HS256"),
        app_token(None, "none"),
        "",
        "a.b.c",
    ]
    for token in wrong:
        with pytest.raises(NotProved):
            app.verify_app(token)
    with pytest.raises(NotProved):
        replace(app, app_key="").verify_app(app_token(app_key))


def test_every_flipped_part_of_the_apps_token_is_seen(app: Zendesk, app_key: rsa.RSAPrivateKey) -> None:
    token = app_token(app_key)
    for place in range(0, len(token) - 1, 7):
        flipped = f"{token[:place]}{'A' if token[place] != 'A' else 'B'}{token[place + 1 :]}"
        with pytest.raises(NotProved):
            app.verify_app(flipped)
