"""How often something may be asked for.

Kept in PostgreSQL, so an empty broker changes nothing; keys are stored as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from diagnostics.models import LimitHit


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `count` uses of one key in any `period`."""

    name: str
    count: int
    period: timedelta


class LimitReached(Exception):
    """Asked too often. `until` is when the next try can succeed."""

    def __init__(self, rule: Rule, until: datetime) -> None:
        super().__init__(rule.name)
        self.rule = rule
        self.until = until

    @property
    def retry_after(self) -> int:
        """Whole seconds from now, at least 1."""
        return max(1, round((self.until - timezone.now()).total_seconds()))


OPEN_BY_SOURCE = Rule("open-by-source", settings.CASES_PER_SOURCE, timedelta(hours=1))
OPEN_BY_CLIENT = Rule("open-by-client", settings.API_CASES_PER_HOUR, timedelta(hours=1))
"""In place of the source's, which for a helpdesk's system is the same for all its customers."""
OPEN_BY_HELPDESK = Rule("open-by-helpdesk", 300, timedelta(hours=1))
"""Cases that a helpdesk's calls open: whoever mails the helpdesk in masses must not have others' domains probed."""
OPEN_BY_ADDRESS = Rule("open-by-address", 10, timedelta(hours=1))
RUN_BY_CASE = Rule("run-by-case", 12, timedelta(hours=1))
RUN_BY_AGENT = Rule("run-by-agent", 60, timedelta(hours=1))
"""Of one case, by all who are not the customer: a page left to reload itself must not probe others' servers all day."""
TOLD_BY_CASE = Rule("told-by-case", 60, timedelta(hours=1))
"""Answers and pasted headers: each is kept, and every judgement reads them all."""
NETWORK_TEST_BY_CASE = Rule("network-test-by-case", 30, timedelta(hours=1))
NETWORK_REPORT_BY_SOURCE = Rule("network-report-by-source", 60, timedelta(hours=1))
"""Uploads of the check script, good or bad. More than an office sends; whoever is refused can still paste."""
MESSAGE_BY_ADDRESS_SOON = Rule("message-by-address-soon", 1, timedelta(minutes=15))
MESSAGE_BY_ADDRESS = Rule("message-by-address", 3, timedelta(days=1))
MESSAGE_BY_DOMAIN = Rule("message-by-domain", 20, timedelta(days=1))
MESSAGE_BY_SOURCE = Rule("message-by-source", settings.MESSAGES_PER_SOURCE, timedelta(hours=1))
MESSAGE_BY_ANYONE = Rule("message-by-anyone", 600, timedelta(hours=1))
"""The global breaker: whatever goes wrong, no more than this leaves us."""


def key_of(value: str) -> str:
    """What a limited value is stored as: an HMAC under the secret key, so that the table names nobody."""
    return salted_hmac("diagnostics.limits", value, algorithm="sha256").hexdigest()


def take(uses: Iterable[tuple[Rule, str]]) -> None:
    """Use up one of each, or none of them; raises LimitReached for the rule that must be waited for longest."""
    hashed = sorted(((rule, key_of(value)) for rule, value in uses), key=lambda use: (use[0].name, use[1]))
    with transaction.atomic():
        reached = [limit for rule, key in hashed if (limit := _locked_limit(rule, key))]
        if reached:
            raise max(reached, key=lambda limit: limit.until)
        LimitHit.objects.bulk_create(LimitHit(rule=rule.name, key=key) for rule, key in hashed)


def forget_old() -> int:
    """Delete uses that no rule looks at any more; how many."""
    return LimitHit.objects.filter(at__lt=timezone.now() - timedelta(days=2)).delete()[0]


def _locked_limit(rule: Rule, key: str) -> LimitReached | None:
    with connection.cursor() as cursor:
        # Two requests for one key must not both see the last free place; sorted keys keep two takers from waiting for
        # each other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{rule.name}:{key}"])
    since = timezone.now() - rule.period
    hits = list(
        LimitHit.objects.filter(rule=rule.name, key=key, at__gt=since)
        .order_by("-at")
        .values_list("at", flat=True)[: rule.count]
    )
    return LimitReached(rule, hits[-1] + rule.period) if len(hits) >= rule.count else None
