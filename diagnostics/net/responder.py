"""Asks a port responder of our own for its echo, as a customer's browser would."""

from __future__ import annotations

import json
import secrets

from diagnostics.domain import ConnectOutcome, EchoFetch
from diagnostics.net.dialer import Dialer
from diagnostics.net.fetch import fetch


async def fetch_echo(dialer: Dialer, host: str, port: int) -> EchoFetch:
    """Whether it answers our own question. Raises OSError only where this machine itself has no sockets left."""
    nonce = secrets.token_urlsafe(16)
    fetched = await fetch(dialer, host, port, f"/e?n={nonce}", accept="application/json")
    if fetched.outcome is not ConnectOutcome.OPEN or fetched.status != 200:
        return EchoFetch(fetched.outcome, detail=fetched.detail or f"HTTP status {fetched.status}")
    try:
        answer = json.loads(fetched.text)
    except (ValueError, RecursionError):
        return EchoFetch(fetched.outcome, detail="not an echo")
    echoed = isinstance(answer, dict) and answer.get("nonce") == nonce
    return EchoFetch(fetched.outcome, echoed, "" if echoed else "not an echo")
