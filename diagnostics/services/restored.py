"""A database that was restored from a backup is brought up to what happened after the backup was made.

Nobody who was erased since then comes back; no mail goes out a second time; no position in the list of events is given
to another event; and nobody is signed in because they once were.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from diagnostics.models import MessageState, NoteState, SuppressionRelease, TestMessage, TicketNote
from diagnostics.services import audit, messages, suppressions
from diagnostics.services.limits import key_of
from diagnostics.services.persons import ERASED_KEY, Person, addresses, erase

POSITIONS_LEFT_OUT = 1_000_000
"""More events than can have been published between a backup and the loss of its database."""

_ERASED = re.compile(rf"{ERASED_KEY}([0-9a-f]{{64}})")


def erased_in(log: Iterable[str]) -> Iterator[str]:
    """The keys of people whose erasure the lines tell of."""
    for line in log:
        yield from _ERASED.findall(line)


def erase_again(keys: Collection[str], actor: audit.Actor) -> int:
    """Erase everybody whose key that is, wherever their address stands; how many were found.

    Keys were made with SECRET_KEY or one of SECRET_KEY_FALLBACKS. Every text of the database is read.
    """
    wanted = set(keys)
    found = {address for address in addresses() if wanted & _keys_of(address)} if wanted else set()
    for address in sorted(found):
        erase(Person.of(address), actor)
    return len(found)


def settle(now_gone: timedelta = timedelta(seconds=1)) -> Mapping[str, int]:
    """End what was under way when the backup was made and may have been done since; how much of what."""
    past = timezone.now() - now_gone
    with transaction.atomic():
        # It may have been sent: no second time. What a lost worker leaves behind is ended as this is.
        TestMessage.objects.filter(state=MessageState.QUEUED, sent_at=None).update(sent_at=F("created_at"))
        TestMessage.objects.filter(state__in=(MessageState.QUEUED, MessageState.SENDING)).update(
            state=MessageState.SENDING, lease_until=past
        )
        retries = TestMessage.objects.filter(next_try_at__isnull=False).update(next_try_at=None)
        # A ticket is looked at before a second try.
        notes = TicketNote.objects.filter(state__in=(NoteState.QUEUED, NoteState.POSTING))
        looked_for = notes.filter(tries=0).update(tries=1)
        releases = SuppressionRelease.objects.filter(outcome__in=("", suppressions.BEING_DONE)).update(
            outcome=suppressions.SILENT, detail="restored from a backup"
        )
        sessions = Session.objects.all().delete()[0]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval('diagnostics_caseevent_position_seq',"
                " nextval('diagnostics_caseevent_position_seq') + %s)",
                [POSITIONS_LEFT_OUT],
            )
    return {
        "test messages that may have been sent": messages.give_up_lost(),
        "further tries of test messages": retries,
        "notes that are looked for first": looked_for,
        "releases that may have been made": releases,
        "sessions": sessions,
    }


def sequences_behind() -> list[str]:
    """Tables whose next key would be one that a row has; a whole restore leaves none."""
    return [model._meta.db_table for model in apps.get_models() if _is_behind(model)]


def _is_behind(model: type[models.Model]) -> bool:
    key = model._meta.pk
    if not isinstance(key, models.AutoField) or model._meta.proxy or not model._meta.managed:
        return False
    table, column = model._meta.db_table, key.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
        (sequence,) = cursor.fetchone()
        cursor.execute(
            f'SELECT coalesce(max("{column}"), 0) > (SELECT last_value FROM {sequence}) FROM "{table}"'  # noqa: S608
        )
        return bool(cursor.fetchone()[0])


def _keys_of(address: str) -> set[str]:
    secrets = settings.SECRET_KEY_FALLBACKS
    earlier = {
        salted_hmac("diagnostics.limits", address, secret=one, algorithm="sha256").hexdigest() for one in secrets
    }
    return {key_of(address)} | earlier
