"""`manage.py after_restore`: what a restored database needs before anything uses it. Exit code 1: not well."""

from __future__ import annotations

from argparse import FileType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from diagnostics import dispatch
from diagnostics.management.commands.verify_audit import WORDS, head_of
from diagnostics.services import audit
from diagnostics.services.audit_chain import verify
from diagnostics.services.restored import erase_again, erased_in, sequences_behind, settle

BAD_USAGE = 64


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Bring a restored database up to what happened after its backup; may be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        erased = parser.add_mutually_exclusive_group(required=True)
        erased.add_argument(
            "--erased",
            type=FileType("r", errors="replace"),
            nargs="+",
            metavar="LOG",
            help="logs since the backup, which say who was erased: they are erased again",
        )
        erased.add_argument("--nobody-erased", action="store_true", help="there was no erasure since the backup")
        parser.add_argument("--head", default="", help="the newest head of the audit trail that a log names")

    def handle(self, *args: Any, **options: Any) -> None:
        head = head_of(options["head"])
        if _is_in_use():
            raise CommandError("a dispatcher works with this database: stop everything that uses it first")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("the database is of another version: run manage.py migrate first")
        problems = [f"the sequence of {table} is behind its rows" for table in sequences_behind()]
        found = verify(head=head)
        problems += [f"audit entry {one.pk}: {WORDS[one.problem]}" for one in found.breaks]
        self.stdout.write(f"audit trail: {found.entries} entries, head {found.head}")
        for what, count in settle().items():
            self.stdout.write(f"ended: {count} {what}")
        keys = {key for log in options["erased"] or () for key in erased_in(log)}
        again = erase_again(keys, audit.Actor("command", "after_restore"))
        self.stdout.write(f"erased again: {again} of the {len(keys)} people that the logs name")
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("the database may be used")


def _is_in_use() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
            " WHERE datname = current_database() AND locktype = 'advisory' AND objid = %s AND granted",
            [dispatch.LOCK],
        )
        return bool(cursor.fetchone()[0])
