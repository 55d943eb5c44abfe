"""What became of codes and test messages, counted for the fleet view: by provider, gateway, our address and article.

Whoever hears of an end adds a row in the same transaction (`count`); the watch of every minute adds them up
(`add_up`). Rows of one minute are never changed by two writers, so forty cases a second do not wait for one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.db import connection, transaction
from django.utils import timezone

from diagnostics.addresses import one_spelling, registered_domain
from diagnostics.addresses.lists import listed
from diagnostics.articles import articles
from diagnostics.domain import ProviderKind, SendEvent, SendEventKind, SendOutcome, Transmission
from diagnostics.models import Outcome, OutcomeCount, TestMessage
from diagnostics.models.cases import Week
from diagnostics.providers import by_mx_host
from diagnostics.services.limits import key_of

TOO_OLD = timedelta(hours=1)
"""An event that is told so late says nothing of now: a service makes up for what it could not report."""
MOST_OF_A_COMPANY = 4
"""Of one company at most so many outcomes of each kind count in an hour: its mailboxes fail together, whoever is at
fault. Of a mailbox at a public provider it is one.
"""
ROWS_KEPT = timedelta(days=1)
MINUTES_KEPT = timedelta(days=2)
HOURS_KEPT = timedelta(days=60)
BATCH = 5_000
UNKNOWN = "unknown"
"""The provider of a domain that no case was about, and whose server is not known by its name."""
OTHER = "other"
"""The provider of a domain that keeps its own server, or one that we do not know."""
ENDS = {
    SendEventKind.DELIVERED: False,
    SendEventKind.BOUNCED: True,
    SendEventKind.REJECTED: True,
    SendEventKind.FAILED: True,
}
"""Whether an event says that the message failed. What was put off (deferred) has not ended yet."""
OUTCOMES = {SendOutcome.ACCEPTED: False, SendOutcome.REFUSED: True, SendOutcome.UNREACHABLE: True}

Value = tuple[str, str]
"""A dimension (`all`, `provider`, `gateway`, `sending_ip`, `article`) and one value of it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One message to `address` got through, or failed for good. `message` tells it from others to that address."""

    message: str
    address: str
    failed: bool
    mta: str = ""
    sending_ip: str = ""
    article: str = ""


def of_event(event: SendEvent, address: str, event_id: str, message: TestMessage | None = None) -> Ended | None:
    """What an event says about the end of a message; None where it says nothing, says it too late, or is of an API
    client's test.
    """
    if message is not None and message.case.is_test:
        return None
    failed = ENDS.get(event.kind)
    if failed is None or timezone.now() - event.at > TOO_OLD:
        return None
    if message is not None:
        return Ended(_name(message), message.address, failed, event.mta, event.sent_from, message.case.article)
    known = articles()
    article = next(iter(known)) if len(known) == 1 else ""
    return Ended(event.message_id or event_id, address, failed, event.mta, event.sent_from, article)


def of_hand_over(message: TestMessage, transmission: Transmission) -> Ended | None:
    """What a hand-over says about the end; None where a relay took it, nobody knows, or it is tried again.

    And None for the recorded messages of an API client's tests, which nobody sent.
    """
    if message.case.is_test:
        return None
    failed = OUTCOMES.get(transmission.outcome)
    if transmission.outcome is SendOutcome.DEFERRED and message.next_try_at is None:
        failed = True
    if failed is None:
        return None
    name, article = _name(message), message.case.article
    return Ended(name, message.address, failed, transmission.host, transmission.sent_from, article)


def count(ended: Iterable[Ended]) -> None:
    """Remember what ended, to be added up within a minute. What was told before changes nothing.

    Call it last in a transaction. Rows are written in the order of their keys, so that two writers of the same rows
    wait for one another only.
    """
    now = timezone.now()
    rows = sorted((_row(one, now) for one in ended), key=lambda row: (row.place, row.failed, row.message))
    if rows:
        Outcome.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)


def add_up(*, since: datetime, until: datetime) -> int:
    """Put what was remembered before `until` into the counts of its minutes, and of `since` where it came late; how
    many. One caller at a time.
    """
    added = 0
    while rows := _take(until):
        places = _providers_of({row.domain: row.mta for row in rows})
        counts: Counter[tuple[str, str, datetime, bool]] = Counter()
        for row in rows:
            minute = max(row.at.replace(second=0, microsecond=0), since)
            for dimension, value in _values(row, *places[row.domain]):
                counts[dimension, value, minute, row.failed] += 1
        _add(counts)
        added += len(rows)
        if len(rows) < BATCH:
            break
    return added


def forget_old() -> None:
    """Forget rows that were added up, put old minutes together into hours, and forget old hours."""
    now = timezone.now()
    Outcome.objects.filter(at__lt=now - ROWS_KEPT, counted=True).delete()
    OutcomeCount.objects.filter(minute__lt=now - HOURS_KEPT).delete()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INTO_HOURS, [(now - MINUTES_KEPT).replace(minute=0, second=0, microsecond=0)])


def _name(message: TestMessage) -> str:
    return f"test message {message.pk}"


def _row(ended: Ended, now: datetime) -> Outcome:
    mailbox = one_spelling(ended.address)
    domain = mailbox.rpartition("@")[2][:253]
    who = key_of(mailbox)
    if domain not in listed("mailbox_domains"):
        who = key_of(f"{registered_domain(domain)} {int(who[:8], 16) % MOST_OF_A_COMPANY}")
    return Outcome(
        message=key_of(f"{ended.message}\0{mailbox}")[:32],
        place=who[:32],
        hour=now.replace(minute=0, second=0, microsecond=0),
        failed=ended.failed,
        at=now,
        domain=_storable(domain),
        mta=_storable(ended.mta.lower()[:253]),
        sending_ip=_address(ended.sending_ip),
        article=ended.article[:60],
    )


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _address(text: str) -> str:
    """The IP address in its one form; empty for anything else."""
    try:
        return str(ip_address(text.strip())).partition("%")[0]
    except ValueError:
        return ""


def _take(until: datetime) -> list[Outcome]:
    with transaction.atomic():
        waiting = Outcome.objects.filter(counted=False, at__lt=until)
        rows = list(waiting.select_for_update(skip_locked=True).order_by("pk")[:BATCH])
        # What is left only tells that it was counted.
        Outcome.objects.filter(pk__in=[row.pk for row in rows]).update(counted=True, domain="", mta="")
    return rows


def _values(row: Outcome, provider: str, gateway: str) -> Iterator[Value]:
    yield "all", ""
    yield "provider", provider
    for dimension, value in (("gateway", gateway), ("sending_ip", row.sending_ip), ("article", row.article)):
        if value:
            yield dimension, value


def _providers_of(servers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Provider and gateway of each domain: as a case of its newest week has it, else by the server that answered."""
    found = {domain: _by_server(mta) for domain, mta in servers.items()}
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_CASES, [list(servers)])
        found |= {domain: (provider or OTHER, gateway) for domain, provider, gateway in cursor.fetchall()}
    return found


def _by_server(mta: str) -> tuple[str, str]:
    known = by_mx_host(mta) if mta else None
    if known is None:
        return UNKNOWN, ""
    return (UNKNOWN, known.slug) if known.kind is ProviderKind.GATEWAY else (known.slug, "")


def _add(counts: Mapping[tuple[str, str, datetime, bool], int]) -> None:
    sums: dict[tuple[str, str, datetime], list[int]] = {}
    for (dimension, value, minute, failed), number in counts.items():
        total = sums.setdefault((dimension, value, minute), [0, 0])
        total[0] += number
        total[1] += number if failed else 0
    columns = [list(column) for column in zip(*((*key, *total) for key, total in sorted(sums.items())), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, columns)


_NEWEST_CASES = f"""
SELECT wanted.domain, newest.provider, newest.gateway
FROM unnest(%s::text[]) AS wanted(domain)
CROSS JOIN LATERAL (
    SELECT provider, gateway FROM diagnostics_case
    WHERE domain = wanted.domain AND (provider <> '' OR gateway <> '' OR state <> 'checking')
    ORDER BY {Week.template % {"expressions": "created_at"}} DESC LIMIT 1
) AS newest
"""  # noqa: S608 - the expression is our own, and the index's
_ADD = """
INSERT INTO diagnostics_outcomecount (dimension, value, minute, total, failed)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::int[])
ON CONFLICT (dimension, value, minute) DO UPDATE SET
    total = diagnostics_outcomecount.total + EXCLUDED.total, failed = diagnostics_outcomecount.failed + EXCLUDED.failed
"""
_INTO_HOURS = """
WITH old AS (
    DELETE FROM diagnostics_outcomecount
    WHERE minute < %s AND minute <> date_trunc('hour', minute, 'UTC') RETURNING dimension, value, minute, total, failed
)
INSERT INTO diagnostics_outcomecount (dimension, value, minute, total, failed)
SELECT dimension, value, date_trunc('hour', minute, 'UTC'), sum(total), sum(failed) FROM old GROUP BY 1, 2, 3
ON CONFLICT (dimension, value, minute) DO UPDATE SET
    total = diagnostics_outcomecount.total + EXCLUDED.total, failed = diagnostics_outcomecount.failed + EXCLUDED.failed
"""
