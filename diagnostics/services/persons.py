"""Everything about one person, known by their e-mail address: found, handed over, erased.

All spellings of the mailbox count (capital letters, a tag behind `+`, dots at Gmail: `addresses.one_spelling`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from diagnostics.addresses import one_spelling
from diagnostics.models import (
    ApiRequest,
    Case,
    DeepLink,
    DirectoryEntry,
    Erasure,
    MailStop,
    ObservationRecord,
    SenderEvent,
    TestMessage,
)
from diagnostics.services import audit
from diagnostics.services.alone import alone
from diagnostics.services.cases import hold
from diagnostics.services.data_classes import KEPT, Kept, Rule
from diagnostics.services.limits import key_of
from diagnostics.services.messages import stop_keys
from diagnostics.services.retention import LOCK, delete_details

logger = logging.getLogger(__name__)

GMAIL = "gmail.com"
ERASED = "•••"
"""What stands in somebody else's records in place of the address."""
LONGEST_TAG = 200
"""Characters, also where they are percent-encoded. PostgreSQL counts to 255."""
ERASED_KEY = "erased:"
"""Stands in the log before the keyed hash of who was erased."""
ANY_ADDRESS = r"([^][:space:]\"<>()\[,;:\\@=&?/|]{1,64})(?:@|%40|=)((?:[[:alnum:]-]+\.)+[[:alnum:]-]{2,63})"
"""In PostgreSQL's dialect."""
ROWS_AT_ONCE = 20_000
"""Keys that one statement looks through: well below a second."""

Counts = dict[str, int]


@dataclass(frozen=True)
class Person:
    """Whoever reads the mailbox `address` (in the form that limits compare)."""

    address: str

    @classmethod
    def of(cls, address: str) -> Person:
        return cls(one_spelling(address))

    @cached_property
    def _parts(self) -> tuple[str, str]:
        local_part, _, domain = self.address.rpartition("@")
        return local_part, domain

    @cached_property
    def spellings(self) -> str:
        """All of them as a regular expression that Python and PostgreSQL read alike; `=` and `%40` stand for `@` in
        return paths and links.
        """
        local_part, domain = self._parts
        name, host = re.escape(local_part), re.escape(domain)
        if domain == GMAIL:
            name = r"\.?".join(map(re.escape, local_part)) + r"\.?"
            host = r"g(?:oogle)?mail\.com"
        # No tag is longer than an address; without an end a text like a+a+a+… would be walked through again and again.
        return rf"{name}(?:(?:\+|%2b)[^@\s\"<>\\]{{0,{LONGEST_TAG}}})?(?:@|%40|=){host}"

    @cached_property
    def mention(self) -> str:
        """A spelling inside a text, and not the end or the beginning of somebody else's address."""
        return rf"(?:(?<![[:alnum:]._+-])|(?<=\\[nrtbf])){self.spellings}(?![[:alnum:]-]|\.[[:alnum:]])"

    @cached_property
    def hint(self) -> str:
        """What each mention contains, so that most rows need no further look."""
        local_part, domain = self._parts
        return "mail" if domain == GMAIL else local_part

    def among(self, column: str = "address") -> Q:
        """Rows whose column is one of the spellings."""
        start = Q(**{f"{column}__istartswith": self._parts[0][: 1 if self._parts[1] == GMAIL else None]})
        return start & Q(**{f"{column}__iregex": f"^{self.spellings}$"})


def counts_of(person: Person) -> Counts:
    """How many rows of each kind are about the person; mentions in other people's records are not counted."""
    return {name: rows.count() for name, rows in _own_rows(person).items()}


def export(person: Person, *, mentions: bool = True) -> dict[str, Any]:
    """Everything kept about the person, as JSON's types: by table, with all columns but digests and secrets.

    `mentions` are rows about somebody else that name the address: where, not what else they say. To find them every
    table is read.
    """
    tables = {name: [_plain(row, rows.model) for row in rows.values()] for name, rows in _own_rows(person).items()}
    cases = [row["id"] for row in tables["Case"]]
    for kept in KEPT:
        if kept.case and kept.model is not Case:
            rows = kept.model._default_manager.filter(**{f"{kept.case}__in": cases})
            known = {row["id"] for row in tables.setdefault(kept.name, [])}
            tables[kept.name] += [_plain(row, kept.model) for row in rows.exclude(pk__in=known).values()]
    exported: dict[str, Any] = {
        "address": person.address,
        "made_at": timezone.now().isoformat(),
        "asked_for_no_more_mail": MailStop.objects.filter(key__in=stop_keys(person.address)).exists(),
        "tables": {name: rows for name, rows in tables.items() if rows},
    }
    if mentions:
        inside = {(name, row["id"]) for name, rows in tables.items() for row in rows}
        found = ((kept, column, pk) for kept, column, pk in _mentions(person) if (kept.name, pk) not in inside)
        exported["mentioned_in"] = [{"table": kept.name, "column": column, "id": pk} for kept, column, pk in found]
    return exported


def erase(person: Person, actor: audit.Actor) -> Counts:
    """Forget the person everywhere, and write down that it was done, not who it was. Again is as good.

    Statistics stay: cases lose what says whose they were, as by age. So does the wish for no more mail, which is kept
    as a keyed digest. Entries of the directory are the vendor's own records, and come back with the next import unless
    they are taken out there.
    """
    counts = counts_of(person)
    for pk in Case.objects.filter(person.among(), details_deleted_at=None).values_list("pk", flat=True):
        _erase_case(pk)
    _erase_messages(person)
    for rows in (
        SenderEvent.objects.filter(address=person.address),
        DeepLink.objects.filter(person.among()),
        DirectoryEntry.objects.filter(address=person.address),
    ):
        rows.delete()
    counts["mentions"] = _erase_mentions(person)
    counts["Session"] = _end_sessions(person)
    # Kept with the logs, outside of the database: an older backup knows nothing of this (`services.restored`).
    logger.info("a person was erased: %s%s", ERASED_KEY, key_of(person.address))
    audit.write(actor, audit.Action.PERSON_ERASED, reference="", **counts)
    return counts


def addresses() -> Iterator[str]:
    """Every address that is kept, or that a text names, in the form that limits compare; some several times."""
    for model, column in _own_columns():
        for first, last in _ranges(model):
            rows = model._default_manager.filter(pk__range=(first, last)).exclude(**{column: ""})
            yield from map(one_spelling, rows.values_list(column, flat=True).distinct())
    for kept, column in _searched():
        table = f'"{kept.model._meta.db_table}"'
        for first, last in _ranges(kept.model):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT DISTINCT found[1] || '@' || found[2] FROM {table},"  # noqa: S608 - our own names
                    f" regexp_matches(\"{column}\"::text, %s, 'gi') AS found WHERE id BETWEEN %s AND %s",
                    [ANY_ADDRESS, first, last],
                )
                rows = cursor.fetchall()
            yield from (one_spelling(address) for (address,) in rows)


def request_erasure(address: str, *, asked_by: str) -> Erasure:
    """Have it done by a worker, because mentions are looked for in every table."""
    return Erasure.objects.create(address=one_spelling(address), asked_by=asked_by[:150])


def erase_due() -> int:
    """Do what was asked for, one after the other; how many. What was interrupted is done again from its beginning."""
    done = 0
    with alone(LOCK) as mine:
        for erasure in Erasure.objects.filter(done_at=None).order_by("asked_at") if mine else ():
            try:
                counts = erase(Person.of(erasure.address), audit.Actor("agent", erasure.asked_by))
            except DatabaseError:
                # One that cannot be done now must not hold up those behind it; it stays due.
                logger.exception("erasure %d could not be done, and is tried again", erasure.pk)
                continue
            Erasure.objects.filter(pk=erasure.pk).update(address="", counts=counts, done_at=timezone.now())
            done += 1
    return done


def _own_rows(person: Person) -> Mapping[str, QuerySet[Any]]:
    return {
        "Case": Case.objects.filter(person.among()),
        "TestMessage": TestMessage.objects.filter(person.among()),
        "SenderEvent": SenderEvent.objects.filter(address=person.address),
        "DeepLink": DeepLink.objects.filter(person.among()),
        "DirectoryEntry": DirectoryEntry.objects.filter(address=person.address),
    }


def _own_columns() -> tuple[tuple[type[models.Model], str], ...]:
    return tuple((model, "address") for model in (Case, TestMessage, SenderEvent, DeepLink, DirectoryEntry))


def _erase_case(pk: int) -> None:
    with transaction.atomic():
        case = hold(Case.objects.only("pk").get(pk=pk), runs=True)
        # What an API client was told and may ask for again: its words are sealed, the case's address stands above them.
        ApiRequest.objects.filter(headers__Location__endswith=f"/{case.reference}").delete()
        delete_details([pk])


def _erase_messages(person: Person) -> None:
    """Test messages of other people's cases: this mailbox was the one to compare with."""
    with transaction.atomic():
        messages = TestMessage.objects.filter(person.among()).select_for_update(no_key=True).order_by("pk")
        found = list(messages.values_list("pk", flat=True))
        SenderEvent.objects.filter(test_message__in=found).delete()
        ObservationRecord.objects.filter(message__in=found).delete()
        TestMessage.objects.filter(pk__in=found).update(address="", code="", service_id="", next_try_at=None)


def _searched() -> Iterator[tuple[Kept, str]]:
    """Every column that may hold anybody's words."""
    for kept in KEPT:
        if kept.model is not Erasure:
            yield from ((kept, column) for column in kept.having(Rule.PERSONAL, Rule.FACTS, Rule.VENDOR))


def _mentions(person: Person) -> Iterator[tuple[Kept, str, int]]:
    for kept, column in _searched():
        where = f'strpos(lower("{column}"::text), %s) > 0 AND "{column}"::text ~* %s'
        table = f'"{kept.model._meta.db_table}"'
        for first, last in _ranges(kept.model):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT id FROM {table} WHERE id BETWEEN %s AND %s AND {where}",  # noqa: S608 - our own names
                    [first, last, person.hint, person.mention],
                )
                rows = cursor.fetchall()
            yield from ((kept, column, pk) for (pk,) in rows)


def _erase_mentions(person: Person) -> int:
    count = 0
    for kept, column, pk in _mentions(person):
        kind = "jsonb" if isinstance(kept.model._meta.get_field(column), models.JSONField) else "text"
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{kept.model._meta.db_table}" SET "{column}" ='  # noqa: S608 - our own names
                f" regexp_replace(\"{column}\"::text, %s, %s, 'gi')::{kind} WHERE id = %s",
                [person.mention, ERASED, pk],
            )
            count += cursor.rowcount
    return count


def _ranges(model: type[models.Model]) -> Iterator[tuple[int, int]]:
    ends = model._default_manager.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is not None:
        for first in range(ends["first"], ends["last"] + 1, ROWS_AT_ONCE):
            yield first, first + ROWS_AT_ONCE - 1


def _end_sessions(person: Person) -> int:
    """A message to an agent may name the address; it is kept in the session until it is shown."""
    spelled = re.compile(person.spellings, re.IGNORECASE)
    ended = [one.pk for one in Session.objects.iterator(500) if spelled.search(repr(one.get_decoded()))]
    return Session.objects.filter(pk__in=ended).delete()[0]


def _plain(row: Mapping[str, Any], model: type[models.Model]) -> dict[str, Any]:
    kept = next(one for one in KEPT if one.model is model)
    hidden = kept.having(Rule.HASH)
    return {name: _json(value) for name, value in row.items() if name not in hidden}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
