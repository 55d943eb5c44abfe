"""How often something may be asked for.

Kept in PostgreSQL, one row a rule and key, so an empty broker changes nothing; keys are stored as keyed hashes.

A rule is a token bucket: `count` at once, and one more after each `period / count`. What is kept is the one moment at
which the bucket will be full again (the generic cell rate algorithm, ITU-T I.371): a use moves it on by one interval,
and is refused if that would put it more than the whole bucket ahead. It is the same arithmetic as tokens and a time,
without rounding.

A bucket that was full lets twice its size through within a period. Where a promise is about any period whatever, as
with mail to third parties, the rule is `exact`: the moments themselves are kept, and never more than `count` of them
lie within any `period`.
"""

from __future__ import annotations

import ipaddress
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from diagnostics.models import Allowance
from diagnostics.services import refusals
from diagnostics.services.prepared import rows

MICROSECOND = timedelta(microseconds=1)
SITE_PREFIX = 48
"""Length of the prefix of a site's IPv6 addresses, in bits."""
MINUTE, QUARTER, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A bucket of `count` uses of one key that fills up evenly within `period`; if `exact`, at most `count` uses in any
    `period`. Beyond `soft` uses, where that is given, whoever asks must have paid for it (`ProofNeeded`).
    """

    name: str
    count: int
    period: timedelta
    exact: bool = False
    soft: int | None = None

    @property
    def interval(self) -> timedelta:
        """In which one use becomes free again; rounded so that never more than `count` do within the period."""
        return -(-self.period // (self.count * MICROSECOND)) * MICROSECOND


@dataclass(frozen=True, slots=True)
class Left:
    """After a use: how many more there are at once, and when all of them are free again."""

    uses: int
    full_at: datetime


class LimitReached(Exception):
    """Asked too often. `until` is when the next try can succeed."""

    def __init__(self, rule: Rule, until: datetime) -> None:
        super().__init__(rule.name)
        self.rule = rule
        self.until = until

    @property
    def retry_after(self) -> int:
        """Whole seconds from now, at least 1; whoever waits for them is not too early."""
        return max(1, math.ceil((self.until - timezone.now()).total_seconds()))


class ProofNeeded(Exception):
    """Within the limit, but beyond what is free: to be asked for again with a proof of work (`services.proofs`)."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name)
        self.rule = rule


OPEN_BY_SOURCE = Rule("open-by-source", settings.CASES_PER_SOURCE, HOUR, soft=settings.CASES_BEFORE_PROOF)
OPEN_BY_SITE = Rule("open-by-site", 4 * OPEN_BY_SOURCE.count, HOUR, soft=4 * settings.CASES_BEFORE_PROOF)
"""Where a network is one of the many that a site has: with a /48 of IPv6 anybody could come from 65,536 of them."""
OPEN_BY_CLIENT = Rule("open-by-client", settings.API_CASES_PER_HOUR, HOUR)
"""In place of the source's, which for a helpdesk's system is the same for all its customers."""
OPEN_BY_HELPDESK = Rule("open-by-helpdesk", 300, HOUR)
"""Cases that a helpdesk's calls open: whoever mails the helpdesk in masses must not have others' domains probed."""
OPEN_BY_ADDRESS = Rule("open-by-address", 10, HOUR)
OPEN_BY_DOMAIN = Rule("open-by-domain", settings.CASES_PER_DOMAIN, HOUR)
"""Many networks together must not have one domain's servers probed without end."""
RUN_BY_CASE = Rule("run-by-case", 12, HOUR)
RUN_BY_AGENT = Rule("run-by-agent", 60, HOUR)
"""Of one case, by all who are not the customer: a page left to reload itself must not probe others' servers all day."""
LINK_BY_CASE = Rule("link-by-case", 30, HOUR)
"""Links that visitors get by sending a form or pressing a button again: each is a row for 30 days."""
TOLD_BY_CASE = Rule("told-by-case", 60, HOUR)
"""Answers and pasted headers: each is kept, and every judgement reads them all."""
NETWORK_TEST_BY_CASE = Rule("network-test-by-case", 30, HOUR)
NETWORK_REPORT_BY_SOURCE = Rule("network-report-by-source", 60, HOUR)
"""Uploads of the check script, good or bad. More than an office sends; whoever is refused can still paste."""
MESSAGE_BY_ADDRESS_SOON = Rule("message-by-address-soon", 1, QUARTER, exact=True)
MESSAGE_BY_ADDRESS = Rule("message-by-address", 3, DAY, exact=True)
MESSAGE_BY_DOMAIN = Rule("message-by-domain", 20, DAY, exact=True)
MESSAGE_BY_PROVIDER = Rule("message-by-provider", max(20, settings.MESSAGES_PER_HOUR // 2), HOUR)
"""In place of the domain's, where a domain is nobody's own but that of millions of mailboxes: else twenty messages by
one visitor would shut everybody there out for a day. It leaves room for all others.
"""
MESSAGE_BY_SOURCE = Rule("message-by-source", settings.MESSAGES_PER_SOURCE, HOUR)
MESSAGE_BY_SITE = Rule("message-by-site", 4 * MESSAGE_BY_SOURCE.count, HOUR)
MESSAGE_BY_ANYONE = Rule("message-by-anyone", settings.MESSAGES_PER_HOUR, HOUR)
"""The global breaker: whatever goes wrong, no more than this leaves us."""


def network_uses(by_source: Rule, by_site: Rule, source: str) -> list[tuple[Rule, str]]:
    """One use by a network (`Report.source`); for the /64 of an IPv6 address one by the /48 that it lies in as well,
    which is the most that providers give to a site (RFC 6177).
    """
    uses = [(by_source, source)]
    if ":" in source:
        uses.append((by_site, str(ipaddress.IPv6Network(source).supernet(new_prefix=SITE_PREFIX))))
    return uses


def key_of(value: str, secret: str | None = None) -> str:
    """What a limited value is stored as: an HMAC under the secret key, so that the table names nobody. `secret` is an
    earlier one.
    """
    return salted_hmac("diagnostics.limits", value, secret=secret, algorithm="sha256").hexdigest()


def take(uses: Iterable[tuple[Rule, str]], *, paid: bool = True, savepoint: bool = True) -> Mapping[Rule, Left]:
    """Use up one of each, or none of them; what is left. Without a `savepoint` the caller's transaction ends with what
    is raised.

    Raises LimitReached for the rule that must be waited for longest; and ProofNeeded if none of them is reached, but
    one goes beyond its soft limit and nothing was `paid` for it.
    """
    asked = sorted(
        (_Use(rule, key_of(value), number) for (rule, value), number in Counter(uses).items()),
        # In an order that all takers keep, so that no two of them wait for each other.
        key=lambda use: (use.rule.exact, use.rule.name, use.key),
    )
    for use in asked:
        if use.number > use.rule.count:
            raise ValueError(f"{use.number} uses of {use.rule.name} at once can never be had")
    left: dict[Rule, Left] = {}
    reached: list[LimitReached] = []
    beyond: list[Rule] = []
    with transaction.atomic(savepoint=savepoint) if len(asked) > 1 or not paid else nullcontext():
        for use, found in _use(asked, timezone.now()):
            if isinstance(found, LimitReached):
                reached.append(found)
            else:
                left[use.rule] = found
                if use.rule.soft is not None and use.rule.count - found.uses > use.rule.soft:
                    beyond.append(use.rule)
        if reached:
            worst = max(reached, key=lambda limit: limit.until)
            refusals.note(worst.rule.name)
            raise worst
        if beyond and not paid:
            raise ProofNeeded(beyond[0])
    return left


def forget_old() -> int:
    """Delete what says no more than nothing would; how many."""
    return Allowance.objects.filter(until__lt=timezone.now()).delete()[0]


class _Use(NamedTuple):
    rule: Rule
    key: str
    number: int


_TABLE = Allowance._meta.db_table
# Each is one statement: it takes what is there, or locks the row and changes nothing.
_BUCKETS = f"""
    WITH wanted AS (
        SELECT * FROM unnest(%(rules)s::text[], %(keys)s::text[], %(asked)s::interval[], %(whole)s::interval[])
            WITH ORDINALITY AS wanted (rule, key, asked, whole, place)
    )
    INSERT INTO {_TABLE} AS held (rule, key, until, uses)
    SELECT rule, key, %(now)s + asked, '{{}}' FROM wanted ORDER BY place
    ON CONFLICT (rule, key) DO UPDATE SET until = greatest(held.until, %(now)s) + (EXCLUDED.until - %(now)s)
    WHERE greatest(held.until, %(now)s) + (EXCLUDED.until - %(now)s)
        <= %(now)s + (SELECT whole FROM wanted WHERE (wanted.rule, wanted.key) = (held.rule, held.key))
    RETURNING rule, key, until, uses
"""  # noqa: S608 - the table's own name
_EXACT = f"""
    INSERT INTO {_TABLE} AS held (rule, key, until, uses)
    VALUES (%(rule)s, %(key)s, %(now)s + %(period)s, array_fill(%(now)s, ARRAY[%(number)s]))
    ON CONFLICT (rule, key) DO UPDATE SET
        until = greatest(held.until, %(now)s + %(period)s),
        uses = ARRAY(
            SELECT use FROM unnest(held.uses || array_fill(%(now)s, ARRAY[%(number)s])) AS use
            WHERE use > %(now)s - %(period)s ORDER BY use
        )
    WHERE (SELECT count(*) FROM unnest(held.uses) AS use WHERE use > %(now)s - %(period)s) + %(number)s <= %(count)s
    RETURNING rule, key, until, uses
"""  # noqa: S608 - the table's own name
_HELD = f"SELECT until, uses FROM {_TABLE} WHERE rule = %s AND key = %s"  # noqa: S608 - the table's own name


def _use(asked: Sequence[_Use], now: datetime) -> Iterator[tuple[_Use, Left | LimitReached]]:
    taken = {(rule, key): kept for rule, key, *kept in _taken(asked, now)}
    for use in asked:
        if kept := taken.get((use.rule.name, use.key)):
            yield use, _left(use.rule, now, *kept)
        else:
            # By now perhaps gone, or younger, where no transaction keeps it as it was.
            held = next(iter(rows(_HELD, [use.rule.name, use.key])), None)
            yield use, LimitReached(use.rule, _free_at(use.rule, use.number, *held) if held else now)


def _taken(asked: Sequence[_Use], now: datetime) -> Iterator[tuple[Any, ...]]:
    """Rule, key, until, uses; the rules that are not exact come first."""
    if buckets := [use for use in asked if not use.rule.exact]:
        values: dict[str, Any] = {
            "now": now,
            "rules": [use.rule.name for use in buckets],
            "keys": [use.key for use in buckets],
            "asked": [use.number * use.rule.interval for use in buckets],
            "whole": [use.rule.count * use.rule.interval for use in buckets],
        }
        yield from rows(_BUCKETS, values)
    for rule, key, number in asked[len(buckets) :]:
        wanted = {"rule": rule.name, "key": key, "number": number, "count": rule.count, "period": rule.period}
        with connection.cursor() as cursor:
            cursor.execute(_EXACT, dict[str, Any](wanted, now=now))
            if row := cursor.fetchone():
                yield row


def _left(rule: Rule, now: datetime, until: datetime, uses: list[datetime]) -> Left:
    free = rule.count - len(uses) if rule.exact else (now + rule.count * rule.interval - until) // rule.interval
    return Left(free, until)


def _free_at(rule: Rule, number: int, until: datetime, uses: list[datetime]) -> datetime:
    """The first moment at which `number` uses can be had of what is kept."""
    if not rule.exact:
        return until + (number - rule.count) * rule.interval
    in_the_way = sorted(uses, reverse=True)[rule.count - number :]
    return max(in_the_way) + rule.period if in_the_way else timezone.now()
