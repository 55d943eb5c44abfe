"""Observations, findings and diagnoses to JSON and back, from their types (cattrs does the work).

Unknown keys are ignored and missing ones take their default, so evidence written by another version stays readable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import cattrs
import orjson
from cattrs.preconf.json import make_converter

T = TypeVar("T")


def _exactly(value: Any, kind: type[Any]) -> Any:
    """cattrs would turn any value into a text or a truth value; stored evidence that does not fit must be noticed."""
    if issubclass(kind, Enum):
        return kind(value)  # a StrEnum is dispatched as the str that it is
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


_converter = make_converter()
for _plain in (bool, int, float, str):
    _converter.register_structure_hook(_plain, _exactly)
# PostgreSQL's JSON cannot hold NUL, and nothing that a hostile server says may keep its evidence from being stored.
_converter.register_unstructure_hook(str, lambda value: value.replace("\x00", "\ufffd"))
_converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_converter.register_unstructure_hook(datetime, lambda value: value.isoformat())

Json = dict[str, Any]
_NUL = rb"\u0000"


class Unreadable(ValueError):
    """The stored JSON does not fit the type (any more)."""


def prepare(kind: type[object]) -> None:
    """Make what `encode` and `decode` need for a type now, not at its first use."""
    _converter.get_structure_hook(kind)
    _converter.get_unstructure_hook(kind)


def encode(value: object) -> Json:
    """A frozen dataclass as JSON-ready dictionaries, lists, texts and numbers."""
    encoded = _converter.unstructure(value)
    if not isinstance(encoded, dict):
        raise TypeError(f"{type(value).__name__} is no record")
    return encoded


def as_json(value: object) -> bytes:
    """The text of what `encode` makes of it, in a tenth of the time."""
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:  # such as a number of more than 64 bits
        text = _NUL
    return json.dumps(encode(value)).encode() if _NUL in text else text


def decode(kind: type[T], value: Mapping[str, Any]) -> T:
    """The reverse of `encode`; raises Unreadable."""
    try:
        return _converter.structure(value, kind)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as problem:
        raise Unreadable(f"not a readable {kind.__name__}") from problem
