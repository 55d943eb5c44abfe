"""Freshdesk (https://developers.freshdesk.com/api): notes on tickets. Its automations sign nothing, so they show a
bearer token of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from diagnostics.helpdesks import NoteUnknown, Referral, origin_of
from diagnostics.helpdesks._answers import as_html, ask, holds, read, records
from diagnostics.helpdesks._payload import referral
from diagnostics.helpdesks._proof import bearer

SLUG = "freshdesk"
TICKET = re.compile("[1-9][0-9]{0,19}")
PAGE, MOST_PAGES = 100, 10


def build() -> Freshdesk | None:
    if not settings.FRESHDESK_URL:
        return None
    return Freshdesk(settings.FRESHDESK_URL, settings.FRESHDESK_KEY, settings.FRESHDESK_WEBHOOK_TOKEN)


@dataclass(frozen=True)
class Freshdesk:
    """`url` is `https://<domain>.freshdesk.com`; `key` is the API key of the account that writes the notes."""

    url: str
    key: str = field(repr=False)
    token: str = field(default="", repr=False)
    slug: str = SLUG
    name: str = "Freshdesk"

    @property
    def origin(self) -> str:
        return origin_of(self.url)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        bearer(headers, self.token)
        return ""

    def ticket_ref(self, payload: Mapping[str, Any]) -> Referral:
        return referral(payload, TICKET)

    def ticket_url(self, ticket: str) -> str:
        return f"{self.origin}/a/tickets/{ticket}" if TICKET.fullmatch(ticket) else ""

    async def post_note(self, ticket: str, note_id: str, text: str) -> None:
        """As `Helpdesk.post_note` says."""
        body = json.dumps({"body": as_html(f"{text}\n\n{note_id}"), "private": True}).encode()
        await ask("POST", f"{self.url}/api/v2/tickets/{ticket}/notes", body=body, auth=self._auth)

    async def has_note(self, ticket: str, note_id: str) -> bool:
        """As `Helpdesk.has_note` says; oldest first, so all pages are read, or nothing is known."""
        for page in range(1, MOST_PAGES + 1):
            params = {"per_page": str(PAGE), "page": str(page)}
            url = f"{self.url}/api/v2/tickets/{ticket}/conversations"
            conversations = records(read(await ask("GET", url, params=params, auth=self._auth)))
            if any(holds(one, note_id, "body_text", "body") for one in conversations):
                return True
            if len(conversations) < PAGE:
                return False
        raise NoteUnknown(f"the ticket has more than {PAGE * MOST_PAGES} conversations")

    @property
    def _auth(self) -> tuple[str, str]:
        return self.key, "X"
