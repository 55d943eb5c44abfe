"""What a webhook says, and how it is signed: Standard Webhooks (github.com/standard-webhooks/standard-webhooks).

Thin: references and codes. Whoever needs more asks the API; no address and no company ID leaves this way.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from secrets import token_bytes, token_hex

from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

from diagnostics.models import CaseEvent, WebhookDelivery, WebhookEndpoint
from diagnostics.services.secrets import seal, unseal

TEST_TYPE = "webhook.test"
PURPOSE = "webhook"
USER_AGENT = "wheres-my-code-webhooks/1"


def new_id() -> str:
    """What names a delivery at every try."""
    return f"msg_{token_hex(16)}"


def new_secret() -> str:
    """256 random bits in the form that receivers' libraries read."""
    return f"whsec_{b64encode(token_bytes(32)).decode()}"


def sealed(secret: str) -> str:
    return seal(secret, purpose=PURPOSE)


def body_of(event: CaseEvent) -> str:
    """The body that tells of the event: JSON, well under 20 KB."""
    case = event.case
    data = {
        "case": case.reference,
        **event.data,
        "ticket": {"helpdesk": case.helpdesk, "id": case.ticket} if case.ticket else None,
        "url": f"{settings.PORTAL_URL}/api/v1/cases/{case.reference}",
        "agent_url": f"{settings.PORTAL_URL}/console/cases/{case.reference}/",
    }
    return _body(event.kind, event.at, data)


def test_body(endpoint: WebhookEndpoint) -> str:
    """What the button "send a test" sends."""
    return _body(TEST_TYPE, timezone.now(), {"endpoint": endpoint.name})


def headers_of(delivery: WebhookDelivery, at: datetime) -> dict[str, str]:
    """What stands above the body of a try at that time, signed with every secret that is good now.

    Raises Unopenable where a secret was sealed under a SECRET_KEY that is no longer set.
    """
    signatures = (
        Webhook(unseal(secret, purpose=PURPOSE)).sign(delivery.webhook_id, at, delivery.body)
        for secret in _signing(delivery.endpoint, at)
    )
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": delivery.webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _signing(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    both = endpoint.earlier_until is not None and at < endpoint.earlier_until
    return endpoint.secrets[: 2 if both else 1]


def _body(kind: str, at: datetime, data: dict[str, object]) -> str:
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": timestamp, "data": data}, separators=(",", ":"))
