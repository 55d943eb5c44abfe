"""Amazon SES: the account's own list (API v2, `GetSuppressedDestination` and `DeleteSuppressedDestination`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.conf import settings

from diagnostics.domain import Address, Suppression, SuppressionReason
from diagnostics.net.http import HttpAnswer
from diagnostics.sending import Release, Released, Silent
from diagnostics.sending._answers import NOT_FOUND, ask, found, moment, record, released, text

SLUG = "amazon_ses"
NOT_ON_LIST = "NotFoundException"
REASONS = {"BOUNCE": SuppressionReason.BOUNCE, "COMPLAINT": SuppressionReason.COMPLAINT}


def build() -> AmazonSes:
    region = settings.AWS_REGION
    base = settings.AMAZON_SES_URL or f"https://email.{region}.amazonaws.com"
    return AmazonSes(base, region, settings.AWS_ACCESS_KEY_ID, settings.AWS_SECRET_ACCESS_KEY)


@dataclass(frozen=True)
class AmazonSes:
    base: str
    region: str
    key_id: str
    secret: str = field(repr=False)
    slug: str = SLUG

    async def look_up(self, address: Address) -> tuple[Suppression, ...]:
        """As `SendingService.look_up` says."""
        answer = await self._ask("GET", address)
        if answer.status == NOT_FOUND and NOT_ON_LIST in answer.headers.get("x-amzn-errortype", ""):
            return ()
        entry = record(record(found(answer)).get("SuppressedDestination"))
        reason = text(entry.get("Reason"))
        known = REASONS.get(reason, SuppressionReason.OTHER)
        return (Suppression(self.slug, known, moment(entry.get("LastUpdateTime")), reason, removable=True),)

    async def release(self, address: Address, reason: SuppressionReason) -> Released:
        """As `SendingService.release` says. An entry has one reason, so `reason` does not matter here."""
        try:
            return released(await self._ask("DELETE", address))
        except Silent as problem:
            return Released(Release.SILENT, str(problem))

    async def _ask(self, method: str, address: Address) -> HttpAnswer:
        url = f"{self.base}/v2/email/suppression/addresses/{quote(str(address), safe='')}"
        request = AWSRequest(method=method, url=url)
        SigV4Auth(Credentials(self.key_id, self.secret), "ses", self.region).add_auth(request)
        return await ask(method, url, headers=dict(request.headers.items()))
