"""What a port responder and the portal say to each other: the signed echo, and the hand-over of what was seen.

The two share one key. The responder writes, the portal reads; a page or a script in between only carries the echo on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}")
"""What one test of one case calls itself; random, no secret."""
LONGEST = 2048
"""Characters of a signed echo."""
SEAL_LIFETIME = 300.0
"""Seconds that a hand-over may take on its way, the two clocks' difference counted."""
SEAL_HEADER = "X-Responder-Seal"


class Way(StrEnum):
    """How a nonce reached the responder."""

    HTTP = "http"
    HTTPS = "https"
    TURN = "turn"
    """As the user name of a TURN allocation over TCP (RFC 8656)."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What a responder saw of one question.

    `port` is the port that the vendor's article names, wherever the responder really listens. `source` is the IP
    address that the question came from, `at` seconds since 1970. `tls` is the version, `via` and `forwarded` what
    proxies wrote into Via and X-Forwarded-For; at most 200 characters each.
    """

    nonce: str
    port: int
    source: str
    at: float
    way: Way = Way.HTTPS
    tls: str = ""
    via: str = ""
    forwarded: str = ""


def sign(echo: Echo, key: bytes) -> str:
    """The echo as one word (base64url, a dot, HMAC-SHA256 in hexadecimal digits), to be carried by anybody."""
    packed = base64.urlsafe_b64encode(_json(asdict(echo))).decode().rstrip("=")
    return f"{packed}.{_mac(b'echo', packed.encode(), key)}"


def verified(text: str, key: bytes) -> Echo | None:
    """The echo, if it is one of ours; None for whatever else."""
    packed, _, mac = text.partition(".")
    if len(text) > LONGEST or not text.isascii():
        return None
    if not hmac.compare_digest(mac.encode(), _mac(b"echo", packed.encode(), key).encode()):
        return None
    return _echo(_loaded(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))))


def pack(seen: Iterable[Echo]) -> bytes:
    """The body of a hand-over."""
    return _json({"seen": [asdict(echo) for echo in seen]})


def unpack(body: bytes) -> tuple[Echo, ...] | None:
    """What was handed over, without what cannot be read of it; None for a body that is none at all."""
    entries = _loaded(body).get("seen")
    if not isinstance(entries, list):
        return None
    return tuple(echo for entry in entries if isinstance(entry, dict) and (echo := _echo(entry)))


def seal(body: bytes, key: bytes, now: float) -> str:
    """The header that shows who hands the body over, and when; `now` in seconds since 1970."""
    return f"{int(now)}.{_mac(b'hand-over %d' % int(now), body, key)}"


def sealed(header: str, body: bytes, key: bytes, now: float) -> bool:
    """Whether the header was made with the key, for this body, a short time ago."""
    at, _, mac = header.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 16 and mac.isascii()) or abs(now - int(at)) > SEAL_LIFETIME:
        return False
    return hmac.compare_digest(mac, _mac(b"hand-over %d" % int(at), body, key))


def _mac(purpose: bytes, text: bytes, key: bytes) -> str:
    return hmac.new(key, purpose + b"\x00" + text, hashlib.sha256).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


def _loaded(text: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _echo(entry: dict[str, Any]) -> Echo | None:
    nonce, port = entry.get("nonce"), entry.get("port")
    if not (isinstance(nonce, str) and NONCE.fullmatch(nonce) and type(port) is int):
        return None
    try:
        echo = Echo(
            nonce=nonce,
            port=port,
            source=str(ip_address(entry["source"])),
            at=float(entry["at"]),
            way=Way(entry["way"]),
            tls=_text(entry.get("tls")),
            via=_text(entry.get("via")),
            forwarded=_text(entry.get("forwarded")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return echo if 0 < echo.port < 65536 and 0 <= echo.at < 2**40 else None


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""
