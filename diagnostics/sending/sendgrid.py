"""SendGrid: four lists of its own and the global unsubscribes (https://www.twilio.com/docs/sendgrid, Suppressions)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import quote

from django.conf import settings

from diagnostics.domain import Address, Suppression, SuppressionReason
from diagnostics.net.http import HttpAnswer
from diagnostics.sending import Release, Released, Silent
from diagnostics.sending._answers import NOT_FOUND, ask, found, moment, read, record, records, released, text

SLUG = "sendgrid"
LISTS = {
    "suppression/bounces": SuppressionReason.BOUNCE,
    "suppression/blocks": SuppressionReason.OTHER,
    "suppression/spam_reports": SuppressionReason.COMPLAINT,
    "suppression/invalid_emails": SuppressionReason.OTHER,
}
GLOBAL = "asm/suppressions/global"


def build() -> SendGrid:
    return SendGrid(settings.SENDGRID_URL, settings.SENDGRID_API_KEY)


@dataclass(frozen=True)
class SendGrid:
    base: str
    key: str = field(repr=False)
    slug: str = SLUG

    async def look_up(self, address: Address) -> tuple[Suppression, ...]:
        """As `SendingService.look_up` says."""
        lists = await asyncio.gather(
            *(self._look_up(name, address) for name in LISTS), self._unsubscribed_everywhere(address)
        )
        return tuple(entry for entries in lists for entry in entries)

    async def release(self, address: Address, reason: SuppressionReason) -> Released:
        """As `SendingService.release` says. A reason may stand for several lists."""
        names = [name for name, known in LISTS.items() if known is reason]
        if reason is SuppressionReason.UNSUBSCRIBE:
            names = [GLOBAL]
        if not names:
            return Released(Release.REFUSED, f"there is no list of kind {reason}")
        try:
            outcomes = [released(await self._ask("DELETE", name, address)) for name in names]
        except Silent as problem:
            return Released(Release.SILENT, str(problem))
        return next((one for one in outcomes if one.outcome is not Release.RELEASED), outcomes[0])

    async def _look_up(self, name: str, address: Address) -> list[Suppression]:
        # A list of entries, empty where there is none.
        answer = await self._ask("GET", name, address)
        return [
            Suppression(
                self.slug,
                LISTS[name],
                moment(entry.get("created")),
                " ".join(part for part in (text(entry.get("status")), text(entry.get("reason"))) if part),
                removable=True,
            )
            for entry in records([] if _absent(answer) else found(answer))
        ]

    async def _unsubscribed_everywhere(self, address: Address) -> list[Suppression]:
        # An empty object where the address is not on the list.
        answer = await self._ask("GET", GLOBAL, address)
        if _absent(answer) or not record(found(answer)).get("recipient_email"):
            return []
        return [Suppression(self.slug, SuppressionReason.UNSUBSCRIBE, removable=True)]

    async def _ask(self, method: str, name: str, address: Address) -> HttpAnswer:
        url = f"{self.base}/v3/{name}/{quote(str(address), safe='')}"
        return await ask(method, url, headers={"Authorization": f"Bearer {self.key}"})


def _absent(answer: HttpAnswer) -> bool:
    """The service's own "not found"; a page of somebody else's is no answer."""
    return answer.status == NOT_FOUND and "errors" in record(read(answer))
