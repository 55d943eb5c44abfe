"""Jira Service Management (https://developer.atlassian.com/cloud/jira/service-desk/rest/): internal comments on
requests. Its automations sign nothing, so they show a bearer token of ours.
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
from diagnostics.helpdesks._answers import ask, holds, read, record, records
from diagnostics.helpdesks._payload import referral
from diagnostics.helpdesks._proof import bearer

SLUG = "jira"
TICKET = re.compile("[A-Z][A-Z0-9_]{0,30}-[1-9][0-9]{0,11}")
PAGE, MOST_PAGES = 50, 20
MARKUP = re.compile(r"([{}\[\]!|\\])")
"""What Jira would read as markup; another server's words may stand in a headline."""


def build() -> Jira | None:
    if not settings.JIRA_URL:
        return None
    return Jira(settings.JIRA_URL, settings.JIRA_EMAIL, settings.JIRA_TOKEN, settings.JIRA_WEBHOOK_TOKEN)


@dataclass(frozen=True)
class Jira:
    """`url` is `https://<site>.atlassian.net`; `email` and `key` belong to the account that writes the comments."""

    url: str
    email: str
    key: str = field(repr=False)
    token: str = field(default="", repr=False)
    slug: str = SLUG
    name: str = "Jira Service Management"

    @property
    def origin(self) -> str:
        return origin_of(self.url)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        bearer(headers, self.token)
        return ""

    def ticket_ref(self, payload: Mapping[str, Any]) -> Referral:
        return referral(payload, TICKET)

    def ticket_url(self, ticket: str) -> str:
        return f"{self.origin}/browse/{ticket}" if TICKET.fullmatch(ticket) else ""

    async def post_note(self, ticket: str, note_id: str, text: str) -> None:
        """As `Helpdesk.post_note` says."""
        escaped = MARKUP.sub(r"\\\1", text)
        body = json.dumps({"body": f"{escaped}\n\n{note_id}", "public": False}).encode()
        await ask("POST", self._comments(ticket), body=body, auth=(self.email, self.key))

    async def has_note(self, ticket: str, note_id: str) -> bool:
        """As `Helpdesk.has_note` says; oldest first, so all pages are read, or nothing is known."""
        start = 0
        for _page in range(MOST_PAGES):
            params = {"public": "false", "internal": "true", "start": str(start), "limit": str(PAGE)}
            answer = await ask("GET", self._comments(ticket), params=params, auth=(self.email, self.key))
            found = record(read(answer))
            comments = records(found.get("values"))
            if any(holds(one, note_id, "body") for one in comments):
                return True
            if found.get("isLastPage") is not False or not comments:
                return False
            start += len(comments)
        raise NoteUnknown("the request has too many comments to look through")

    def _comments(self, ticket: str) -> str:
        return f"{self.url}/rest/servicedeskapi/request/{ticket}/comment"
