"""`manage.py openapi`: the API's description, as it is checked in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.api.openapi import as_text

FILE = settings.BASE_DIR / "docs" / "openapi.json"


class Command(BaseCommand):
    help = "Write the API's OpenAPI document to docs/openapi.json; with --check only say whether it is up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail where the file is not what it should be")

    def handle(self, *, check: bool, **options: Any) -> None:
        text = as_text()
        if not check:
            FILE.write_text(text)
        elif not FILE.exists() or FILE.read_text() != text:
            raise CommandError("docs/openapi.json is out of date: run `manage.py openapi` and look at what changed")
