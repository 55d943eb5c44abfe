"""How an agent's session begins and ends.

It ends 8 hours after sign-in, and 30 minutes after the agent last did something. Opening a page and sending a form
count; what a page asks for by itself (htmx polls by GET) does not, or a forgotten tab would stay signed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

SIGNED_IN_AT, ACTIVE_AT, SIGNED_IN_BY = "signed_in_at", "active_at", "signed_in_by"
NOTED_EVERY = 60
"""Seconds between two notes that somebody is active: not every page writes."""
WARN_BEFORE = 300
"""Seconds before the end at which a page says so."""


class By(StrEnum):
    """How a session came to be."""

    PASSWORD = "password"  # noqa: S105 - a word for it
    SECOND_FACTOR = "second-factor"
    PASSKEY = "passkey"
    PROVIDER = "provider"


class End(StrEnum):
    """Why a session is over."""

    IDLE = "idle"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """What a page says of its session: when it ends at the latest (UTC), and in how many seconds without use."""

    latest: datetime
    seconds: int
    last: bool
    """Whether that is the latest end, which nothing puts off."""
    idle_minutes: int = settings.SESSION_IDLE_SECONDS // 60
    warn_before: int = WARN_BEFORE


def begin(request: HttpRequest, user: User) -> None:
    """Stamp a session that has just been signed in."""
    now = int(time())
    request.session[SIGNED_IN_AT] = request.session[ACTIVE_AT] = now
    request.session[SIGNED_IN_BY] = _came_by(request, user)


def strengthen(session: SessionBase) -> None:
    """The agent has just set a second factor up, and shown it thereby."""
    if session.get(SIGNED_IN_BY) == By.PASSWORD:
        session[SIGNED_IN_BY] = By.SECOND_FACTOR


def over(session: SessionBase) -> End | None:
    now = time()
    if now - session.get(SIGNED_IN_AT, 0) >= settings.SESSION_COOKIE_AGE:
        return End.AGE
    return End.IDLE if now - session.get(ACTIVE_AT, 0) >= settings.SESSION_IDLE_SECONDS else None


def note_activity(request: HttpRequest) -> None:
    if is_poll(request):
        return
    now = int(time())
    if now - request.session.get(ACTIVE_AT, 0) >= NOTED_EVERY:
        request.session[ACTIVE_AT] = now


def is_poll(request: HttpRequest) -> bool:
    """What a page asks for by itself."""
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


def end_of(session: SessionBase) -> SessionEnd | None:
    """None for a session that nobody is signed in to."""
    if SIGNED_IN_AT not in session:
        return None
    latest = session[SIGNED_IN_AT] + settings.SESSION_COOKIE_AGE
    idle = session.get(ACTIVE_AT, 0) + settings.SESSION_IDLE_SECONDS
    return SessionEnd(datetime.fromtimestamp(latest, UTC), max(0, int(min(latest, idle) - time())), last=latest <= idle)


def session_end(request: HttpRequest) -> dict[str, Any]:
    """Context processor: when the session ends; looked up only where a page wants it."""
    return {"session_end": SimpleLazyObject(lambda: end_of(request.session))}


def _came_by(request: HttpRequest, user: User) -> By:
    """From allauth's own records of this sign-in.

    Only Django's bare `login()` leaves none. No view of ours calls it but through allauth, the tests' `force_login`
    does; whether the account has a second factor at all is looked at anew at each request.
    """
    records = get_authentication_records(request, user)
    if any(record["method"] == "socialaccount" for record in records):
        return By.PROVIDER
    if any(record.get("passwordless") for record in records):
        return By.PASSKEY
    return By.SECOND_FACTOR if not records or any(record["method"] == "mfa" for record in records) else By.PASSWORD
