"""Brings a vendor's list of administrators into our own table: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from diagnostics.services.directory_csv import BadLine, Entry

TIME_LIMIT = "10min"
"""For one SQL statement of an import, in place of the site's: reading the file counts as part of one."""
SHOWN_LINES = 50


@dataclass(frozen=True, slots=True)
class Import:
    """How an import is meant. `replace` removes what the list does not have, `force` even more than half of it."""

    vendor: str
    replace: bool = False
    force: bool = False
    skip_bad: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changed, or in a dry run would change. `bad` holds the first bad lines, `bad_lines` is how many there are.

    `refused` says why nothing was changed; empty where something was (or needed not be).
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    bad_lines: int = 0
    bad: tuple[BadLine, ...] = ()
    refused: str = ""


def import_entries(lines: Iterable[Entry | BadLine], how: Import) -> Outcome:
    """Bring the list in. The same list twice changes nothing the second time; one import of a vendor waits for another.

    Memory does not grow with the list: it is copied into a temporary table and compared there.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{TIME_LIMIT}'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"directory:{how.vendor}"])
        bad = _BadLines()
        _stage(cursor, bad.kept_from(lines))
        for line in _contradictions(cursor):
            bad.add(line)
        refused = _refusal(cursor, how, bad.count)
        outcome = Outcome(bad_lines=bad.count, bad=tuple(bad.first), refused=refused)
        if not refused:
            outcome = _merge(cursor, how, outcome)
        if refused or how.dry_run:
            transaction.set_rollback(True)
    return outcome


class _BadLines:
    """Counts bad lines and keeps the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[BadLine] = []

    def add(self, line: BadLine) -> None:
        self.count += 1
        if len(self.first) < SHOWN_LINES:
            self.first.append(line)

    def kept_from(self, lines: Iterable[Entry | BadLine]) -> Iterator[Entry]:
        for line in lines:
            if isinstance(line, BadLine):
                self.add(line)
            else:
                yield line


def _stage(cursor: CursorWrapper, entries: Iterable[Entry]) -> None:
    """Copy the entries into a table that ends with the transaction."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_directory")
    cursor.execute(
        "CREATE TEMPORARY TABLE staged_directory"
        " (line integer, company_id varchar(64), address varchar(254), administrator boolean) ON COMMIT DROP"
    )
    with cursor.copy("COPY staged_directory (line, company_id, address, administrator) FROM STDIN") as copy:
        for one in entries:
            copy.write_row((one.line, one.company_id, one.address, one.administrator))
    cursor.execute("CREATE INDEX ON staged_directory (company_id, address, line)")
    cursor.execute("ANALYZE staged_directory")


def _contradictions(cursor: CursorWrapper) -> list[BadLine]:
    """Lines that say otherwise about the same company and address than the first of them; that one counts."""
    cursor.execute(
        "SELECT later.line, earlier.line FROM staged_directory AS later"
        " JOIN (SELECT DISTINCT ON (company_id, address) * FROM staged_directory ORDER BY company_id, address, line)"
        " AS earlier USING (company_id, address)"
        " WHERE later.administrator <> earlier.administrator ORDER BY later.line"
    )
    return [BadLine(line, f"administrator: line {first} says otherwise") for line, first in cursor.fetchall()]


def _refusal(cursor: CursorWrapper, how: Import, bad_lines: int) -> str:
    if bad_lines and not how.skip_bad:
        return "nothing was imported; mend the lines, or leave them out with --skip-bad"
    if not how.replace:
        return ""
    if bad_lines:
        return "nothing was imported; --replace needs a list without bad lines, or whom they mean would be removed"
    cursor.execute("SELECT count(*) FROM diagnostics_directoryentry WHERE vendor = %s", [how.vendor])
    (known,) = cursor.fetchone()
    cursor.execute(f"SELECT count(*) {_NOT_IN_THE_LIST}", [how.vendor])
    (removed,) = cursor.fetchone()
    if removed * 2 > known and not how.force:
        return (
            f"nothing was imported; --replace would remove {removed} of {known} entries: add --force if that is meant"
        )
    return ""


def _merge(cursor: CursorWrapper, how: Import, outcome: Outcome) -> Outcome:
    removed = 0
    if how.replace:
        cursor.execute(f"DELETE {_NOT_IN_THE_LIST}", [how.vendor])
        removed = cursor.rowcount
    # A row that the statement inserted has no deleting transaction (xmax) yet; one that it updated has this one.
    cursor.execute(
        "WITH merged AS ("
        " INSERT INTO diagnostics_directoryentry AS entry (vendor, company_id, address, administrator, imported_at)"
        " SELECT DISTINCT ON (company_id, address) %s, company_id, address, administrator, %s FROM staged_directory"
        " ORDER BY company_id, address, line"
        " ON CONFLICT (vendor, company_id, address)"
        " DO UPDATE SET administrator = excluded.administrator, imported_at = excluded.imported_at"
        " WHERE entry.administrator <> excluded.administrator RETURNING xmax = 0 AS added)"
        " SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added),"
        " (SELECT count(*) FROM (SELECT DISTINCT company_id, address FROM staged_directory) AS listed) FROM merged",
        [how.vendor, timezone.now()],
    )
    added, changed, listed = cursor.fetchone()
    unchanged = listed - added - changed
    return replace(outcome, added=added, changed=changed, unchanged=unchanged, removed=removed)


_NOT_IN_THE_LIST = (
    "FROM diagnostics_directoryentry AS entry WHERE entry.vendor = %s AND NOT EXISTS"
    " (SELECT 1 FROM staged_directory AS staged"
    " WHERE staged.company_id = entry.company_id AND staged.address = entry.address)"
)
