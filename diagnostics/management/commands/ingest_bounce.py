"""`manage.py ingest_bounce`: what a mail server pipes a returned message into (an alias of Postfix or Exim)."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from diagnostics.services.bounces import LARGEST, take_in

TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the message and tries again."""
ENVELOPE_TO = ("ORIGINAL_RECIPIENT", "RECIPIENT")
"""Where Postfix and Exim tell a command the address that the message came to."""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Read a returned message from standard input. What is no bounce, or about nothing of ours, is no fault."

    def add_arguments(self, parser: CommandParser) -> None:
        known = next((os.environ[name] for name in ENVELOPE_TO if os.environ.get(name)), "")
        parser.add_argument("--to", default=known, help="the address that it was delivered to (the envelope's)")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(LARGEST)
        try:
            taken = take_in(raw, envelope_to=options["to"])
        except (OperationalError, InterfaceError) as problem:
            raise CommandError("the database is away: try again later", returncode=TRY_LATER) from problem
        while sys.stdin.buffer.read(LARGEST):
            pass  # a mail server may take a pipe that is not read to its end for a failure
        if options["verbosity"] > 1:
            self.stdout.write(f"{taken.recipients} recipients, {taken.messages} of our test messages")
