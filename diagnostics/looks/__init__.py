"""What the page's port test and the check script send us, read strictly: one file for each.

They come from the customer's side, so nothing in them is believed about our answers: those carry a signature.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, get_origin

import cattrs

from diagnostics.echo import NONCE, Echo
from diagnostics.probes.network_look import How

T = TypeVar("T")

Verify = Callable[[str], Echo | None]
"""A signed echo to what it says; None for one that is not ours."""
LONGEST = 16 * 1024
"""Octets of one report."""
MOST_PORTS = 64


class Malformed(ValueError):
    """The report cannot be used; the message is one sentence for whoever sent it."""


def structured(kind: type[T], body: bytes) -> T:
    """The JSON as a frozen dataclass, every key known and of its type; raises Malformed."""
    if len(body) > LONGEST:
        raise Malformed(f"The report is longer than {LONGEST} bytes.")
    try:
        loaded = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("The report is not JSON. Was it cut off?") from None
    if not isinstance(loaded, dict):
        raise Malformed("The report does not have the form we expect (as a whole).")
    try:
        return _converter.structure(loaded, kind)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError, RecursionError) as problem:
        faults = cattrs.transform_error(problem) if isinstance(problem, cattrs.BaseValidationError) else []
        where = faults[0].rpartition(" @ $")[2].lstrip(".") if faults else ""
        raise Malformed(f"The report does not have the form we expect ({where or 'as a whole'}).") from None


def checked_nonce(text: str) -> str:
    """The name of the test; raises Malformed."""
    if not NONCE.fullmatch(text):
        raise Malformed("The report does not say which test it belongs to.")
    return text


def ours(signed: str, nonce: str, port: int, verify: Verify) -> Echo | None:
    """The echo, if we signed it for this very test and port."""
    echo = verify(signed)
    return echo if echo and (echo.nonce, echo.port) == (nonce, port) else None


def answered(echo: Echo | None) -> How:
    """What an answer is worth that the other side could read."""
    return How.ECHO if echo else How.OTHER


def _exactly(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise TypeError(f"not a {kind.__name__}")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("holds a NUL")
    return value


def _named(value: Any, kind: type[StrEnum]) -> StrEnum:
    return kind(_exactly(value, str))


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _list(value: Any, kind: Any) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > MOST_PORTS:
        raise TypeError("not a list, or too long")
    return tuple(_converter.structure(one, kind.__args__[0]) for one in value)


_converter = cattrs.Converter(forbid_extra_keys=True)
for _plain in (bool, int, str):
    _converter.register_structure_hook(_plain, _exactly)
_converter.register_structure_hook(StrEnum, _named)
_converter.register_structure_hook_func(_is_tuple, _list)
