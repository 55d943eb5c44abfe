"""Observations, findings and diagnoses to JSON and back, from their types (cattrs does the work).

Unknown keys are ignored and missing ones take their default, so evidence written by another version stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import cattrs
from cattrs.preconf.json import make_converter

T = TypeVar("T")

_converter = make_converter()
_converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_converter.register_unstructure_hook(datetime, lambda value: value.isoformat())

Json = dict[str, Any]


class Unreadable(ValueError):
    """The stored JSON does not fit the type (any more)."""


def encode(value: object) -> Json:
    """A frozen dataclass as JSON-ready dictionaries, lists, texts and numbers."""
    encoded = _converter.unstructure(value)
    if not isinstance(encoded, dict):
        raise TypeError(f"{type(value).__name__} is no record")
    return encoded


def decode(kind: type[T], value: Mapping[str, Any]) -> T:
    """The reverse of `encode`; raises Unreadable."""
    try:
        return _converter.structure(value, kind)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as problem:
        raise Unreadable(f"not a readable {kind.__name__}") from problem
