"""`manage.py import_directory`: a vendor's list of companies and administrators, from a CSV file into our own table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnostics.services import audit
from diagnostics.services.directory_csv import BadFile, read_entries
from diagnostics.services.directory_import import Import, Outcome, import_entries
from diagnostics.vendors import vendors

BAD_USAGE = 64
BAD_DATA = 65
NO_INPUT = 66
"""EX_USAGE, EX_DATAERR and EX_NOINPUT of sysexits.h."""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Import a CSV file with the columns company_id, address and administrator (yes or no)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="UTF-8, `,` or `;` between the columns, a header in any order")
        parser.add_argument("--vendor", required=True, help=f"one of: {', '.join(vendors())}")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--replace", action="store_true", help="also remove what the file does not have")
        parser.add_argument("--force", action="store_true", help="with --replace: even if more than half is removed")
        parser.add_argument("--skip-bad", action="store_true", help="import the good lines of a file with bad ones")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["vendor"] not in vendors():
            known = ", ".join(vendors())
            raise CommandError(f"there is no vendor {options['vendor']!r}, only {known}", returncode=BAD_USAGE)
        how = Import(
            vendor=options["vendor"],
            replace=options["replace"],
            force=options["force"],
            skip_bad=options["skip_bad"],
            dry_run=options["dry_run"],
        )
        outcome = _imported(options["file"], how)
        for bad in outcome.bad:
            self.stderr.write(f"line {bad.line}: {bad.reason}")
        if outcome.bad_lines > len(outcome.bad):
            self.stderr.write(f"… and {outcome.bad_lines - len(outcome.bad)} more")
        if outcome.refused:
            raise CommandError(outcome.refused, returncode=BAD_DATA)
        if not how.dry_run:
            audit.write(
                audit.Actor("command", "import_directory"),
                audit.Action.DIRECTORY_IMPORTED,
                vendor=how.vendor,
                added=outcome.added,
                changed=outcome.changed,
                removed=outcome.removed,
            )
        self.stdout.write(_told(outcome, how))


def _imported(path: Path, how: Import) -> Outcome:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            return import_entries(read_entries(file), how)
    except OSError as problem:
        raise CommandError(f"{path}: cannot be read ({problem.strerror})", returncode=NO_INPUT) from problem
    except BadFile as problem:
        raise CommandError(f"{path}: {problem}", returncode=BAD_DATA) from problem


def _told(outcome: Outcome, how: Import) -> str:
    counts = (
        f"{outcome.added} added, {outcome.changed} changed, {outcome.unchanged} unchanged, {outcome.removed} removed"
    )
    skipped = f", {outcome.bad_lines} bad lines left out" if outcome.bad_lines else ""
    return f"{'would be: ' if how.dry_run else ''}{counts}{skipped}"
