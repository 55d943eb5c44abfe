"""Mailgun: three lists for each sending domain (https://documentation.mailgun.com, Suppressions)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import quote

from django.conf import settings

from diagnostics.domain import Address, Suppression, SuppressionReason
from diagnostics.sending import Release, Released, Silent
from diagnostics.sending._answers import NOT_FOUND, ask, found, moment, read, record, released, text

SLUG = "mailgun"
LISTS = {
    "bounces": SuppressionReason.BOUNCE,
    "complaints": SuppressionReason.COMPLAINT,
    "unsubscribes": SuppressionReason.UNSUBSCRIBE,
}


def build() -> Mailgun:
    return Mailgun(settings.MAILGUN_BASE, settings.MAILGUN_API_KEY, settings.MAILGUN_DOMAIN)


@dataclass(frozen=True)
class Mailgun:
    """`base` is `https://api.mailgun.net`, or `https://api.eu.mailgun.net` for domains in the EU."""

    base: str
    key: str = field(repr=False)
    domain: str
    slug: str = SLUG

    async def look_up(self, address: Address) -> tuple[Suppression, ...]:
        """As `SendingService.look_up` says."""
        answers = await asyncio.gather(*(self._look_up(name, address) for name in LISTS))
        return tuple(one for one in answers if one)

    async def release(self, address: Address, reason: SuppressionReason) -> Released:
        """As `SendingService.release` says."""
        name = next((name for name, known in LISTS.items() if known is reason), None)
        if name is None:
            return Released(Release.REFUSED, f"there is no list of kind {reason}")
        try:
            return released(await ask("DELETE", self._url(name, address), auth=("api", self.key)))
        except Silent as problem:
            return Released(Release.SILENT, str(problem))

    async def _look_up(self, name: str, address: Address) -> Suppression | None:
        answer = await ask("GET", self._url(name, address), auth=("api", self.key))
        if answer.status == NOT_FOUND:
            # A wrong domain is not found either, and then nothing is known about the address.
            said = text(record(read(answer)).get("message")).lower()
            if "address" in said and not said.startswith("domain"):
                return None
        entry = record(found(answer))
        if text(entry.get("address")).lower() != str(address).lower():
            raise Silent(f"the answer about {name} is about another address")
        noted = " ".join(part for part in (text(entry.get("code")), text(entry.get("error"))) if part)
        return Suppression(self.slug, LISTS[name], moment(entry.get("created_at")), noted, removable=True)

    def _url(self, name: str, address: Address) -> str:
        return f"{self.base}/v3/{quote(self.domain, safe='')}/{name}/{quote(str(address), safe='')}"
