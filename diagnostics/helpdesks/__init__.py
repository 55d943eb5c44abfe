"""Helpdesks: calls of theirs that open cases, and internal notes on their tickets; one file a helpdesk.

`build()` in it makes the helpdesk from the settings, or None where they name none; its file name is its slug, the same
as in links and cases.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from diagnostics.registry import modules_of


class NotProved(Exception):
    """The call does not show that it comes from the helpdesk; the message says what is missing, without secrets."""


class BadPayload(Exception):
    """The call is the helpdesk's, but does not say what we need to know; the message names the field."""


class NoteRefused(Exception):
    """The helpdesk will not take the note, now or later: the ticket is gone, closed or written oddly."""


class NoteUnknown(Exception):
    """No usable answer came, so the note may be on the ticket or not. `retry_after` in seconds, where it is said."""

    def __init__(self, said: str, retry_after: int | None = None) -> None:
        super().__init__(said)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Referral:
    """What a helpdesk tells of a ticket, as it was sent; the address and the company ID are not checked yet."""

    ticket: str
    address: str
    company_id: str
    article: str
    language: str = ""


class Helpdesk(Protocol):
    """One account at a helpdesk."""

    @property
    def slug(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def origin(self) -> str:
        """Scheme, host and port of its pages: the only place that we lead back to, and that may frame a card."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """What is never the same in two calls, at most 64 characters; empty where the helpdesk signs nothing of the
        kind. `headers` have names in lower case. Raises NotProved.
        """

    def ticket_ref(self, payload: Mapping[str, Any]) -> Referral:
        """What the call tells. Raises BadPayload."""

    def ticket_url(self, ticket: str) -> str:
        """The ticket's page for agents; empty for a ticket that there cannot be."""

    async def post_note(self, ticket: str, note_id: str, text: str) -> None:
        """Write an internal note with `note_id` in it, which no customer sees. Raises NoteRefused, NoteUnknown."""

    async def has_note(self, ticket: str, note_id: str) -> bool:
        """Whether that note is on the ticket. Raises NoteRefused, NoteUnknown."""


def configured_helpdesks() -> dict[str, Helpdesk]:
    """Those that the settings name, by slug."""
    built = (importlib.import_module(f"{__name__}.{slug}").build() for slug in helpdesks())
    return {one.slug: one for one in built if one is not None}


def helpdesks() -> tuple[str, ...]:
    """The names of all helpdesks that can be connected."""
    modules = [importlib.import_module(module) for module in modules_of(__name__)]
    return tuple(module.__name__.rpartition(".")[2] for module in modules if hasattr(module, "build"))


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers write them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def ticket_url(helpdesk: str, ticket: str) -> str:
    """The ticket's page, at the origin that the settings name and nowhere else; empty where they name none."""
    desk = configured_helpdesks().get(helpdesk)
    url = desk.ticket_url(ticket) if desk else ""
    return url if desk and url.startswith(f"{desk.origin}/") else ""
