"""`manage.py verify_audit`: is the audit trail as it was written? Exit code 0 if so, 1 if not."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from diagnostics.services.audit_chain import Head, Problem, Verification, verify

BROKEN = 1
BAD_USAGE = 64
"""EX_USAGE of sysexits.h."""
WORDS = {
    Problem.CHANGED: "this entry was changed",
    Problem.MISSING: "the entry before this one is missing",
    Problem.INSERTED: "what stands before this entry was put in between",
    Problem.ORDER: "this entry stands before the one that it follows",
    Problem.BEGINNING: "the chain does not begin here, and no purge says so",
    Problem.HEAD: "the entry that was the newest is gone, or another one",
}


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Walk the audit trail and say where it is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", metavar="DATE", default="", help="begin at that day (UTC): 2026-03-01")
        parser.add_argument("--head", default="", help="the head that an earlier walk printed: it must still be there")

    def handle(self, *args: Any, **options: Any) -> None:
        since, head = _since(options["since"]), head_of(options["head"])
        began = time.perf_counter()
        found = verify(since=since, head=head)
        seconds = time.perf_counter() - began
        self.stdout.write(f"{found.entries} entries in {seconds:.1f} s ({found.entries / max(seconds, 1e-9):,.0f}/s)")
        if found.head:
            self.stdout.write(f"head {found.head}")
        if not found.unbroken:
            raise CommandError(_told(found), returncode=BROKEN)
        self.stdout.write("the audit trail is unbroken")


def _told(found: Verification) -> str:
    lines = [f"the audit trail is broken at {found.broken} place{'s' if found.broken > 1 else ''}"]
    lines += [f"entry {one.pk}: {WORDS[one.problem]}" for one in found.breaks]
    if found.broken > len(found.breaks):
        lines.append(f"… and {found.broken - len(found.breaks)} more")
    return "\n".join(lines)


def _since(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError("--since: a day like 2026-03-01", returncode=BAD_USAGE)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def head_of(text: str) -> Head | None:
    """What an earlier walk printed; None for nothing. Raises CommandError."""
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise CommandError("--head: number:digest, as an earlier walk printed it", returncode=BAD_USAGE)
    return Head(int(found[1]), found[2])
