"""Delivery status reports (RFC 3464, RFC 6533): their fields, as servers really write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Fields = Mapping[str, str]

ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class StatusBlock:
    """What a report says about one recipient; empty where it does not."""

    address: str
    original: str
    action: str
    status: str
    diagnostic: str
    reporting_mta: str
    remote_mta: str


def read_report(text: str) -> list[StatusBlock]:
    """Every recipient of a delivery status, in order. Blocks without a recipient are about the whole message."""
    about_message: dict[str, str] = {}
    found = []
    for fields in _blocks(text):
        if "final-recipient" in fields or "original-recipient" in fields:
            found.append(fields)
        elif not found:
            about_message.update(fields)
    reporting = typed(about_message.get("reporting-mta", ""))
    return [_block(fields, reporting) for fields in found[:_MOST]]


def typed(value: str) -> str:
    """The value behind its type (`smtp; 550 ...`, `dns;mx.example.org`)."""
    return _TYPE.sub("", value, count=1).strip()


def address_of(value: str) -> str:
    """An address from a recipient field: without type, brackets and the codings of RFC 3461 and RFC 6533."""
    address = typed(value).strip("<>\"' \t,;")
    address = _LETTER.sub(lambda found: _letter(found[1]), address)
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), address)


def _block(fields: Fields, reporting: str) -> StatusBlock:
    original = address_of(fields.get("original-recipient", ""))
    final = address_of(fields.get("final-recipient", ""))
    actual = address_of(fields.get("x-actual-recipient", ""))  # Sendmail's, where the final one is a program or file
    words = fields.get("action", "").lower().split()
    status = _STATUS.search(fields.get("status", ""))
    return StatusBlock(
        address=next((one for one in (final, actual, original) if "@" in one), final or original),
        original=original,
        action=words[0].strip(";,.") if words else "",
        status=status[0] if status else "",
        diagnostic=typed(fields.get("diagnostic-code", "")),
        reporting_mta=typed(fields.get("reporting-mta", "")) or reporting,
        remote_mta=typed(fields.get("remote-mta", "")),
    )


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Fields of one block each. A recipient named again begins a new one, with or without an empty line."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        name, value = _field(line)
        if not line.strip():
            last = ""
        elif not name:
            if last:  # a continuation, indented as it should be or not
                fields[last] = f"{fields[last]} {line.strip()}"[:_LONGEST]
        else:
            if fields and (name in fields or (name in _RECIPIENT and "reporting-mta" in fields)):
                yield fields
                fields = {}
            fields[name] = value
            last = name
        if not line.strip() and fields and ("action" in fields or not _RECIPIENT & set(fields)):
            yield fields
            fields = {}
    if fields:
        yield fields


def _field(line: str) -> tuple[str, str]:
    found = _FIELD.match(line)
    return (found[1].lower(), found[2].strip()[:_LONGEST]) if found else ("", "")


def _letter(code: str) -> str:
    point = int(code, 16)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else ""


_RECIPIENT = {"final-recipient", "original-recipient"}
_MOST = 50
_LONGEST = 4_000
_TYPE = re.compile(r"^\s*[A-Za-z][\w\-]{0,30}(?:\s*\([^()]{0,60}\))?\s*;")
_FIELD = re.compile(r"([A-Za-z][\w\-]{2,40})[ \t]*:(.*)")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_LETTER = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
# In xtext only what may not stand for itself is coded; a plus in an address is common, +2B and +3D hardly are.
_XTEXT = re.compile(r"\+(2B|3D|40|20)")
