"""Asks a port responder of our own for its echo, as a customer's browser would."""

from __future__ import annotations

import json
import secrets

from diagnostics.domain import ConnectOutcome, EchoFetch
from diagnostics.echo import verified
from diagnostics.net.dialer import Dialer
from diagnostics.net.fetch import fetch


async def fetch_echo(dialer: Dialer, host: str, port: int, key: str = "") -> EchoFetch:
    """Whether it answers our own question, signed with the key that portal and responder share, where one is given.

    Raises OSError only where this machine itself has no sockets left.
    """
    nonce = secrets.token_urlsafe(16)
    fetched = await fetch(dialer, host, port, f"/e?n={nonce}", accept="application/json")
    if fetched.outcome is not ConnectOutcome.OPEN or fetched.status != 200:
        return EchoFetch(fetched.outcome, detail=fetched.detail or f"HTTP status {fetched.status}")
    try:
        answer = json.loads(fetched.text)
    except (ValueError, RecursionError):
        return EchoFetch(fetched.outcome, detail="not an echo")
    said = answer if isinstance(answer, dict) else {}
    if said.get("nonce") != nonce:
        return EchoFetch(fetched.outcome, detail="not an echo", issuer=fetched.issuer)
    if key and not _is_signed(str(said.get("signed", "")), nonce, port, key):
        return EchoFetch(fetched.outcome, detail="signed with another key, or for another port", issuer=fetched.issuer)
    return EchoFetch(fetched.outcome, echoed=True, issuer=fetched.issuer, address=fetched.address)


def _is_signed(signed: str, nonce: str, port: int, key: str) -> bool:
    echo = verified(signed, key.encode())
    return echo is not None and (echo.nonce, echo.port) == (nonce, port)
