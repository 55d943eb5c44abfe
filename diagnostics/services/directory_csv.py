"""Reads a list of companies and their people, line by line: what cannot be used is said with its line and reason."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings

from diagnostics.addresses import BadAddress, one_spelling, parse_address
from diagnostics.services.directory import comparable_company

COLUMNS = ("company_id", "address", "administrator")
LONGEST_COMPANY_ID = 64
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One usable line, in the form that is compared."""

    line: int
    company_id: str
    address: str
    administrator: bool


@dataclass(frozen=True, slots=True)
class BadLine:
    """`reason` names nobody, so that it may be kept and passed on. Line 1 is the header."""

    line: int
    reason: str


class BadFile(ValueError):
    """The file as a whole cannot be read."""


def read_entries(lines: Iterable[str]) -> Iterator[Entry | BadLine]:
    """The entries of a CSV text, one at a time; empty lines are passed over.

    The header names the columns, in any order and in capital or small letters; more columns than needed are no
    harm. `;` and `,` separate, whichever the header has. Bytes that were not UTF-8 are expected as lone surrogates
    (`errors="surrogateescape"`). Raises BadFile where the header is missing or incomplete.
    """
    source = iter(lines)
    header = next(source, "").removeprefix("\ufeff")
    separator = ";" if header.count(";") > header.count(",") else ","
    columns = _columns(header, separator)
    reader = csv.reader(source, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield BadLine(line, f"not readable as CSV ({problem})")
            continue
        if any(cell.strip() for cell in cells):
            yield _entry(line, cells, columns)


def _columns(header: str, separator: str) -> tuple[int, ...]:
    """Where each of `COLUMNS` stands."""
    try:
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=separator), [])]
    except csv.Error as problem:
        raise BadFile(f"the header cannot be read ({problem})") from problem
    if missing := [name for name in COLUMNS if name not in names]:
        raise BadFile(f"the header lacks {', '.join(missing)}: it must name {', '.join(COLUMNS)}")
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise BadFile(f"the header names {', '.join(twice)} twice")
    return tuple(names.index(name) for name in COLUMNS)


def _entry(line: int, cells: list[str], columns: tuple[int, ...]) -> Entry | BadLine:
    if len(cells) <= max(columns):
        return BadLine(line, f"has {len(cells)} columns, the header has more")
    company, written, administrator = (cells[column].strip() for column in columns)
    if any("\udc80" <= character <= "\udcff" for character in company + written):
        return BadLine(line, "is not UTF-8")
    company_id = comparable_company(company)
    if not company_id.isprintable() or not 1 <= len(company_id) <= LONGEST_COMPANY_ID:
        return BadLine(line, f"company_id: between 1 and {LONGEST_COMPANY_ID} printable characters")
    try:
        address = parse_address(written, extra_suffixes=settings.EXTRA_SUFFIXES)
    except BadAddress as bad:
        return BadLine(line, f"address: not a usable e-mail address ({bad})")
    if administrator.lower() not in YES | NO:
        return BadLine(line, "administrator: must be yes or no, true or false, 1 or 0")
    return Entry(line, company_id, one_spelling(str(address)), administrator.lower() in YES)
