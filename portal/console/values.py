"""Any observation as labelled texts: shown whole, whatever its type, and nothing in it can act on the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum

from django.utils.translation import gettext as _

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that show nothing or change what is shown around them (controls, bidirectional marks)."""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One labelled value: exactly one of `text`, `table` and `records` is filled."""

    label: str
    text: str = ""
    table: Table | None = None
    records: tuple[tuple[Field, ...], ...] = ()


def fields_of(record: object) -> tuple[Field, ...]:
    """The fields of a dataclass in their order; those that hold nothing are left out."""
    return tuple(_field(label, value) for label, value in _pairs(record) if not _empty(value))


def text_of(value: object) -> str:
    """Any value in a line or a few: a record as its fields, a list as one line each."""
    if is_dataclass(value):
        return ", ".join(f"{label} {text_of(part)}" for label, part in _pairs(value) if not _empty(part))
    if isinstance(value, Mapping):
        return ", ".join(f"{visible(str(name))} {text_of(part)}" for name, part in value.items() if not _empty(part))
    if isinstance(value, tuple | list):
        return "\n".join(text_of(one) for one in value)
    return _text(value)


def visible(text: str) -> str:
    """The text with everything invisible written out (`\\u202e`): an answer from outside cannot disguise itself."""
    lines = text.replace("\r\n", "\n")
    return "".join(
        f"\\u{ord(char):04x}" if char != "\n" and unicodedata.category(char) in HIDDEN else char for char in lines
    )


def _field(label: str, value: object) -> Field:
    if is_dataclass(value):
        return Field(label, records=(fields_of(value),))
    if isinstance(value, tuple) and any(is_dataclass(one) for one in value):
        if all(_flat(one) for one in value):
            return Field(label, table=_table(value))
        return Field(label, records=tuple(fields_of(one) for one in value))
    return Field(label, text=_text(value))


def _table(records: Iterable[object]) -> Table:
    rows = [dict(_pairs(record)) for record in records]
    columns = [label for label in rows[0] if not all(_empty(row[label]) for row in rows)]
    return Table(tuple(columns), tuple(tuple(_text(row[label]) for label in columns) for row in rows))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case Enum():
            return str(value.value).replace("_", " ")
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case tuple():
            return "\n".join(_text(one) for one in value)
        case _:
            return visible(str(value))


def _pairs(record: object) -> list[tuple[str, object]]:
    if not is_dataclass(record):
        raise TypeError(f"{type(record).__name__} is no record")
    return [(one.name.replace("_", " "), getattr(record, one.name)) for one in fields(record)]


def _flat(record: object) -> bool:
    parts = (part for _label, value in _pairs(record) for part in (value if isinstance(value, tuple) else (value,)))
    return not any(is_dataclass(part) for part in parts)


def _empty(value: object) -> bool:
    return value is None or value == "" or value == ()
