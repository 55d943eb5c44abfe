"""How a call shows that it comes from the helpdesk. Everything secret is compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from diagnostics.helpdesks import NotProved

TOLERANCE = timedelta(minutes=5)
"""How far the other side's clock may be off, and how old a call may be."""


def bearer(headers: Mapping[str, str], token: str) -> None:
    """RFC 6750. Raises NotProved."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    if not token:
        raise NotProved("no token is set for calls of this helpdesk")
    same = hmac.compare_digest(shown.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not same:
        raise NotProved("the bearer token is missing or wrong")


def signed(stamp: str, body: bytes, signature: str, secret: str) -> None:
    """base64(HMAC-SHA256(stamp + body)). Raises NotProved."""
    if not secret:
        raise NotProved("no secret is set for calls of this helpdesk")
    expected = base64.b64encode(hmac.digest(secret.encode(), stamp.encode() + body, "sha256"))
    if not hmac.compare_digest(expected, signature.encode()):
        raise NotProved("the signature is missing or wrong")


def fresh(stamp: str, now: datetime) -> None:
    """ISO 8601, at most five minutes from now. Raises NotProved."""
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        raise NotProved("the time of the call cannot be read") from None
    if abs((at if at.tzinfo else at.replace(tzinfo=UTC)) - now) > TOLERANCE:
        raise NotProved("the call is more than five minutes old, or from the future")


def digest(*parts: bytes) -> str:
    """64 characters that stand for a call."""
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()
