"""A helpdesk of one's own that speaks our interface (docs/helpdesks.md); signed both ways by Standard Webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from standardwebhooks import Webhook, WebhookVerificationError

from diagnostics.helpdesks import NoteRefused, NoteUnknown, NotProved, Referral, origin_of
from diagnostics.helpdesks._answers import ask, read, record
from diagnostics.helpdesks._payload import referral
from diagnostics.helpdesks._proof import digest, fresh
from diagnostics.services.cases import TICKET

SLUG = "generic"


def build() -> Generic | None:
    if not settings.HELPDESK_URL:
        return None
    return Generic(settings.HELPDESK_URL, settings.HELPDESK_SECRET, settings.HELPDESK_TICKET_URL)


@dataclass(frozen=True)
class Generic:
    """`url` is where its interface begins; `page` is a ticket's page with `{ticket}` in it."""

    url: str
    secret: str = field(repr=False)
    page: str
    slug: str = SLUG
    name: str = "Helpdesk"

    @property
    def origin(self) -> str:
        return origin_of(self.page)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """As `Helpdesk.verify` says: `webhook-id`, `webhook-timestamp` and `webhook-signature`."""
        call_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 10):
            raise NotProved("the time of the call cannot be read")
        fresh(datetime.fromtimestamp(int(stamp), UTC).isoformat(), now)
        try:
            Webhook(self.secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            # ValueError: what is shown as a signature has not even its form, or the body is not UTF-8.
            raise NotProved("the signature is missing or wrong") from None
        return digest(call_id.encode())

    def ticket_ref(self, payload: Mapping[str, Any]) -> Referral:
        return referral(payload, TICKET)

    def ticket_url(self, ticket: str) -> str:
        usable = TICKET.fullmatch(ticket) and ticket not in (".", "..")  # those lead to other addresses
        return self.page.replace("{ticket}", quote(ticket, safe="")) if usable else ""

    async def post_note(self, ticket: str, note_id: str, text: str) -> None:
        """As `Helpdesk.post_note` says; `webhook-id` is the note's own, so the other side may tell it apart, too."""
        body = json.dumps({"note_id": note_id, "text": f"{text}\n\n{note_id}", "internal": True})
        await ask("POST", self._notes(ticket), headers=self._signed(note_id, body), body=body.encode())

    async def has_note(self, ticket: str, note_id: str) -> bool:
        """As `Helpdesk.has_note` says."""
        url = f"{self._notes(ticket)}/{quote(note_id, safe='')}"
        try:
            answer = await ask("GET", url, headers=self._signed(note_id, ""))
        except NoteRefused as refused:
            if str(refused) == "status 404":
                return False
            raise
        if record(read(answer)).get("note_id") != note_id:
            raise NoteUnknown("the answer is about another note")
        return True

    def _notes(self, ticket: str) -> str:
        return f"{self.url}/tickets/{quote(ticket, safe='')}/notes"

    def _signed(self, note_id: str, body: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "webhook-id": note_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(note_id, now, body),
        }
