"""`manage.py read_mail_log`: what a Postfix of one's own did with code e-mails and test messages."""

from __future__ import annotations

import sys
from argparse import FileType
from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from diagnostics.sending.postfix_log import MailLog
from diagnostics.services import events

LINES_AT_ONCE = 1000


class Command(BaseCommand):
    help = (
        "Reads Postfix's mail log and keeps what it tells of messages; lines read twice count once. "
        "To follow the log: tail -F /var/log/mail.log | manage.py read_mail_log --each-line"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=FileType("r", encoding="utf-8", errors="replace"),
            default=sys.stdin,
            help="the log (default: standard input)",
        )
        parser.add_argument("--relay", action="append", default=[], help="host of ours that Postfix hands mail on to")
        parser.add_argument("--each-line", action="store_true", help="keep events at once, not 1,000 lines at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        log = MailLog(timezone.now(), frozenset(name.lower() for name in options["relay"]))
        lines: Iterable[str] = options["file"]
        count = 0
        while batch := list(islice(lines, 1 if options["each_line"] else LINES_AT_ONCE)):
            log.now = timezone.now()
            told = [one for line in batch for one in log.read(line.rstrip("\n"))]
            if told:
                events.take_in(told)
            count += len(told)
        self.stdout.write(f"{count} events read")
