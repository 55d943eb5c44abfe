"""Postmark: one list for each message stream (https://postmarkapp.com/developer/api/suppressions-api)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import quote

from django.conf import settings

from diagnostics.domain import Address, Suppression, SuppressionReason
from diagnostics.net.configured import lab_sending
from diagnostics.sending import Release, Released, Silent
from diagnostics.sending._answers import ask, found, moment, record, records, text

SLUG = "postmark"
REASONS = {
    "HardBounce": SuppressionReason.BOUNCE,
    "SpamComplaint": SuppressionReason.COMPLAINT,
    "ManualSuppression": SuppressionReason.MANUAL,
}


def build() -> Postmark:
    """The account of the settings; the lab's where they name none."""
    if settings.LAB and not settings.SENDING_SERVICES:
        return Postmark(lab_sending(), "lab")
    return Postmark(settings.POSTMARK_URL, settings.POSTMARK_SERVER_TOKEN, settings.POSTMARK_STREAM)


@dataclass(frozen=True)
class Postmark:
    base: str
    token: str = field(repr=False)
    stream: str = "outbound"
    slug: str = SLUG

    async def look_up(self, address: Address) -> tuple[Suppression, ...]:
        """As `SendingService.look_up` says."""
        answer = await ask("GET", f"{self._list}/dump", headers=self._headers, params={"EmailAddress": str(address)})
        entries = records(record(found(answer)).get("Suppressions"))
        same = [one for one in entries if text(one.get("EmailAddress")).lower() == str(address).lower()]
        return tuple(self._suppression(one) for one in same)

    async def release(self, address: Address, reason: SuppressionReason) -> Released:
        """As `SendingService.release` says. An entry has one reason, so `reason` does not matter here."""
        body = json.dumps({"Suppressions": [{"EmailAddress": str(address)}]}).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        try:
            answer = await ask("POST", f"{self._list}/delete", headers=headers, body=body)
            if not answer.ok:
                return Released(Release.REFUSED, f"status {answer.status}")
            said = records(record(found(answer)).get("Suppressions"))
        except Silent as problem:
            return Released(Release.SILENT, str(problem))
        if said and all(text(one.get("Status")) == "Deleted" for one in said):
            return Released(Release.RELEASED)
        return Released(Release.REFUSED, "; ".join(text(one.get("Message")) for one in said))

    @property
    def _list(self) -> str:
        return f"{self.base}/message-streams/{quote(self.stream, safe='')}/suppressions"

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-Postmark-Server-Token": self.token}

    def _suppression(self, entry: dict[str, object]) -> Suppression:
        reason = text(entry.get("SuppressionReason"))
        known = REASONS.get(reason, SuppressionReason.OTHER)
        # "Recipient" put themselves on the list by a link to unsubscribe.
        if known is SuppressionReason.MANUAL and entry.get("Origin") == "Recipient":
            known = SuppressionReason.UNSUBSCRIBE
        return Suppression(
            self.slug,
            known,
            moment(entry.get("CreatedAt")),
            reason,
            removable=known is not SuppressionReason.COMPLAINT,
        )
