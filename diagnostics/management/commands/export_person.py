"""`manage.py export_person`: everything kept about one person, as JSON (GDPR article 15)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnostics.addresses import BadAddress, parse_address
from diagnostics.plain import escaped
from diagnostics.services import audit
from diagnostics.services.persons import Person, export

BAD_USAGE = 64
CANNOT_WRITE = 73
"""EX_USAGE and EX_CANTCREAT of sysexits.h."""


def person_of(text: str) -> Person:
    """Whoever reads that mailbox. Raises CommandError."""
    try:
        return Person.of(str(parse_address(text, extra_suffixes=settings.EXTRA_SUFFIXES)))
    except BadAddress as bad:
        raise CommandError(f"not a usable e-mail address ({bad})", returncode=BAD_USAGE) from bad


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Print everything that is kept about one address, in all its spellings, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--output", type=Path, help="a new file, which only you may read")

    def handle(self, *args: Any, **options: Any) -> None:
        exported = export(person_of(options["address"]))
        text = escaped(json.dumps(exported, indent=1, ensure_ascii=False))
        if options["output"]:
            _write_new(options["output"], text)
        else:
            self.stdout.write(text)
        counts = {name: len(rows) for name, rows in exported["tables"].items()}
        audit.write(audit.Actor("command", "export_person"), audit.Action.PERSON_EXPORTED, reference="", **counts)


def _write_new(path: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as problem:
        raise CommandError(f"{path}: cannot be written ({problem.strerror})", returncode=CANNOT_WRITE) from problem
