"""The return path of test messages: an address of its own each, so that a bounce names its message by itself (VERP).

`bounces+<token>@bounces.example.org`: the token is a keyed digest and the message's number in base 32, because some
servers change the case of a local part. Nobody can make one up, so nobody can report a bounce that never was.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings

from diagnostics.models import TestMessage

SALT = b"diagnostics.return-path"
DIGEST = 10
"""Bytes; with 64 bits of number the token has at most 29 characters, so local parts stay below 64 (RFC 5321)."""


def address_for(message: TestMessage) -> str:
    """The envelope sender that is this message's alone; empty where BOUNCE_ADDRESS is not set."""
    local_part, at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    return f"{local_part}+{_token(message.pk, settings.SECRET_KEY)}@{domain}" if at else ""


def message_behind(addresses: Iterable[str]) -> TestMessage | None:
    """The test message whose return path is among the addresses."""
    numbers = (number for address in addresses if (number := _number(address)) is not None)
    return next((message for number in numbers if (message := _message(number))), None)


def _number(address: str) -> int | None:
    ours, _, our_domain = settings.BOUNCE_ADDRESS.lower().rpartition("@")
    local_part, _, domain = address.strip().strip("<>").lower().rpartition("@")
    name, _, token = local_part.rpartition("+")
    if not our_domain or (name, domain) != (ours, our_domain):
        return None
    try:
        packed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    number = int.from_bytes(packed[DIGEST:], "big")
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return number if any(hmac.compare_digest(_token(number, key).encode(), token.encode()) for key in keys) else None


def _token(number: int, key: str) -> str:
    packed = number.to_bytes(max(1, -(-number.bit_length() // 8)), "big")
    digest = hmac.new(key.encode(), SALT + packed, hashlib.sha256).digest()[:DIGEST]
    return base64.b32encode(digest + packed).decode().rstrip("=").lower()


def _message(number: int) -> TestMessage | None:
    return TestMessage.objects.select_related("case").filter(pk=number).first()
