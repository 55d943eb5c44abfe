"""`manage.py erase_person`: forget one person everywhere (GDPR article 17)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from diagnostics.management.commands.export_person import person_of
from diagnostics.services import audit
from diagnostics.services.persons import counts_of, erase


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Erase everything that is kept about one address, in all its spellings. Statistics stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--dry-run", action="store_true", help="say how much there is, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_of(options["address"])
        dry = options["dry_run"]
        counts = counts_of(person) if dry else erase(person, audit.Actor("command", "erase_person"))
        told = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing was found"
        self.stdout.write(f"{'would erase' if dry else 'erased'}: {told}")
        if counts["DirectoryEntry"]:
            self.stdout.write("directory entries come back with the next import: take them out at the source, too")
