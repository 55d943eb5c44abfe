"""Zendesk (https://developer.zendesk.com): signed webhooks, ticket comments, and the proof of the sidebar app."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

from diagnostics.helpdesks import NotProved, Referral, origin_of
from diagnostics.helpdesks._answers import as_html, ask, holds, read, record, records
from diagnostics.helpdesks._payload import referral
from diagnostics.helpdesks._proof import digest, fresh, signed

SLUG = "zendesk"
TICKET = re.compile("[1-9][0-9]{0,19}")
PAGE, MOST_PAGES = 100, 5
SKEW = timedelta(seconds=30)


def build() -> Zendesk | None:
    if not settings.ZENDESK_URL:
        return None
    return Zendesk(
        settings.ZENDESK_URL,
        settings.ZENDESK_EMAIL,
        settings.ZENDESK_TOKEN,
        settings.ZENDESK_WEBHOOK_SECRET,
        settings.ZENDESK_APP_KEY,
        settings.ZENDESK_APP_AUDIENCE,
    )


@dataclass(frozen=True)
class Zendesk:
    """`url` is `https://<subdomain>.zendesk.com`; `app_audience` names one installation of the sidebar app."""

    url: str
    email: str
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    app_key: str = ""
    app_audience: str = ""
    slug: str = SLUG
    name: str = "Zendesk"

    @property
    def origin(self) -> str:
        return origin_of(self.url)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """As `Helpdesk.verify` says: base64(HMAC-SHA256(timestamp + body)), at most five minutes old."""
        stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
        signed(stamp, body, headers.get("x-zendesk-webhook-signature", ""), self.secret)
        fresh(stamp, now)
        return digest(stamp.encode(), body)

    def verify_app(self, token: str) -> str:
        """The signed request with which Zendesk opens the sidebar app: RS256, for our installation, not expired. What
        is never the same in two of them. Raises NotProved.
        """
        if not self.app_key:
            raise NotProved("no public key is set for the sidebar app")
        try:
            jwt.decode(
                token,
                self.app_key,
                algorithms=["RS256"],
                audience=self.app_audience,
                leeway=SKEW,
                options={"require": ["exp", "aud"]},
            )
        except jwt.InvalidTokenError as problem:
            raise NotProved(f"the app’s token is not good: {type(problem).__name__}") from None
        # Of what is signed: the signature itself can be spelled in more than one way (base64, padded or not).
        return digest(token.rpartition(".")[0].encode())

    def ticket_ref(self, payload: Mapping[str, Any]) -> Referral:
        return referral(payload, TICKET)

    def ticket_url(self, ticket: str) -> str:
        return f"{self.origin}/agent/tickets/{ticket}" if TICKET.fullmatch(ticket) else ""

    async def post_note(self, ticket: str, note_id: str, text: str) -> None:
        """As `Helpdesk.post_note` says."""
        comment = {"html_body": as_html(f"{text}\n\n{note_id}"), "public": False}
        body = json.dumps({"ticket": {"comment": comment}}).encode()
        await ask("PUT", f"{self.url}/api/v2/tickets/{ticket}", body=body, auth=self._auth)

    async def has_note(self, ticket: str, note_id: str) -> bool:
        """As `Helpdesk.has_note` says; newest first, so a note of the last day is among the first pages."""
        for page in range(1, MOST_PAGES + 1):
            params = {"sort_order": "desc", "per_page": str(PAGE), "page": str(page)}
            answer = await ask("GET", f"{self.url}/api/v2/tickets/{ticket}/comments", params=params, auth=self._auth)
            comments = records(record(read(answer)).get("comments"))
            if any(holds(one, note_id, "plain_body", "body", "html_body") for one in comments):
                return True
            if len(comments) < PAGE:
                return False
        return False

    @property
    def _auth(self) -> tuple[str, str]:
        return f"{self.email}/token", self.token
