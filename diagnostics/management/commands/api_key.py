"""`manage.py api_key`: clients of the API and their keys, for machines; people have the console's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from diagnostics.models import ApiClient, ApiKey
from diagnostics.services.api_keys import (
    MOST_LIVE,
    NameTaken,
    Scope,
    TooManyKeys,
    live_keys,
    make_client,
    make_key,
    revoke_key,
)
from diagnostics.services.audit import Actor
from diagnostics.vendors import vendors

ACTOR = Actor("command", "api_key")
LONGEST_NAME = 80


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Make, list and revoke keys of the API. A new key is printed once and kept as a hash."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        make = actions.add_parser("make", help="print a new key; the client is made where there is none of that name")
        make.add_argument("name", help="the client, for example 'Zendesk app'")
        make.add_argument(
            "--scope", action="append", choices=[one.value for one in Scope], help="all where none is named"
        )
        make.add_argument("--days", type=int, help="how long it is good for; for ever where nothing is said")
        make.add_argument("--vendor", default="", help="of a new client: it sees this vendor's cases only")
        make.add_argument("--test", action="store_true", help="of a new client: test domains only")
        actions.add_parser("list", help="every key: its beginning, client, scopes, when it was used")
        revoke = actions.add_parser("revoke", help="end a key at once")
        revoke.add_argument("prefix", help="its beginning, as `list` shows it")

    def handle(self, *, action: str, **options: Any) -> None:
        if action == "make":
            self._make(**options)
        elif action == "list":
            self._list()
        else:
            self._revoke(options["prefix"])

    def _make(self, *, name: str, scope: list[str] | None, days: int | None, vendor: str, test: bool, **_: Any) -> None:
        if vendor and vendor not in vendors():
            raise CommandError(f"there is no vendor {vendor!r}, only {', '.join(vendors())}")
        if days is not None and days < 1:
            raise CommandError("--days: at least 1")
        if not name.isprintable() or not 1 <= len(name.strip()) <= LONGEST_NAME:
            raise CommandError(f"the name: between 1 and {LONGEST_NAME} printable characters")
        client = self._client(name.strip(), vendor, test)
        expires_at = timezone.now() + timedelta(days=days) if days else None
        try:
            _key, text = make_key(
                client, scopes=[Scope(one) for one in scope or Scope], actor=ACTOR, expires_at=expires_at
            )
        except TooManyKeys:
            raise CommandError(f"{client} has {MOST_LIVE} live keys: revoke one first") from None
        self.stdout.write(text)

    def _client(self, name: str, vendor: str, test: bool) -> ApiClient:
        try:
            return make_client(name=name, vendor=vendor, is_test=test, actor=ACTOR)
        except NameTaken:
            known = ApiClient.objects.get(name=name)
        if (vendor and vendor != known.vendor) or (test and not known.is_test):
            raise CommandError(f"there is a client {name!r} already, for something else")
        return known

    def _list(self) -> None:
        for client in ApiClient.objects.order_by("name"):
            live = set(live_keys(client).values_list("pk", flat=True))
            for key in client.keys.order_by("pk"):
                used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
                state = "live" if key.pk in live else "ended"
                self.stdout.write(f"{key.prefix}  {state:5}  used {used:16}  {','.join(key.scopes)}  {client.name}")

    def _revoke(self, prefix: str) -> None:
        found = list(ApiKey.objects.filter(prefix=prefix, revoked_at=None)[:2])
        if len(found) != 1:
            raise CommandError(f"{len(found)} live keys begin with {prefix!r}; `api_key list` shows them")
        revoke_key(found[0], actor=ACTOR)
        self.stdout.write(f"{prefix} is revoked")
