"""Where a page ended, as a text that clients hand back as it is."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from portal.api import problems
from portal.api.problems import Problem

LENGTHS = {"c": 2, "e": 1}
"""How many numbers say where a page of cases, or of events, ended."""
_NUMBERS = re.compile(rb"([a-z]):([0-9]{1,18}(?:\.[0-9]{1,18})*)")


def cursor(kind: str, *numbers: int) -> str:
    return urlsafe_b64encode(f"{kind}:{'.'.join(map(str, numbers))}".encode()).decode().rstrip("=")


def read_cursor(kind: str, text: str) -> tuple[int, ...]:
    """Its numbers. Raises Problem for what is no cursor of that kind."""
    try:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Error, ValueError):
        plain = b""
    found = _NUMBERS.fullmatch(plain)
    numbers = tuple(map(int, found[2].split(b"."))) if found else ()
    if found is None or found[1] != kind.encode() or len(numbers) != LENGTHS[kind] or cursor(kind, *numbers) != text:
        error = {"parameter": "cursor", "code": "cursor", "detail": "Must be a next_cursor of this list."}
        raise Problem(problems.INVALID, errors=[error])
    return numbers
