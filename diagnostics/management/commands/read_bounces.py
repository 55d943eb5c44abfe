"""`manage.py read_bounces`: take in what came back to the bounce mailbox, now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from diagnostics.tasks import read_bounces

UNUSABLE = 78
"""EX_CONFIG of sysexits.h."""


class Command(BaseCommand):
    help = "Read the mailbox that BOUNCE_IMAP_URL names. The scheduled job does the same every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.BOUNCE_IMAP_URL or settings.LAB):
            raise CommandError("BOUNCE_IMAP_URL is not set", returncode=UNUSABLE)
        self.stdout.write(f"{read_bounces()} messages")
