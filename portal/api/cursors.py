"""Where a page ended, as a text that clients hand back as it is."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from portal.api import problems
from portal.api.problems import Problem

_NUMBERS = re.compile(rb"([a-z]):([0-9]{1,18})\.([0-9]{1,18})")


def cursor(kind: str, first: int, second: int) -> str:
    return urlsafe_b64encode(f"{kind}:{first}.{second}".encode()).decode().rstrip("=")


def read_cursor(kind: str, text: str) -> tuple[int, int]:
    """The two numbers. Raises Problem for what is no cursor of that kind."""
    try:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Error, ValueError):
        plain = b""
    found = _NUMBERS.fullmatch(plain)
    if found is None or found[1] != kind.encode() or cursor(kind, int(found[2]), int(found[3])) != text:
        error = {"parameter": "cursor", "code": "cursor", "detail": "Must be a next_cursor of this list."}
        raise Problem(problems.INVALID, errors=[error])
    return int(found[2]), int(found[3])
