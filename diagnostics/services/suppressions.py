"""Taking an address off a sending service's list: asked for by an agent, done once, kept with who and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from diagnostics.addresses import mailbox_for_limits
from diagnostics.codec import Unreadable, decode
from diagnostics.domain import Address, Suppression, SuppressionAnswer, SuppressionReason
from diagnostics.models import Case, SuppressionRelease
from diagnostics.services import limits
from diagnostics.services.work import announce_work

SILENT = "silent"
"""`sending.Release.SILENT`, which this layer does not know by its type."""
BEING_DONE = "asking"
"""The outcome between the claim and the end; found here after a crash, nobody knows whether the service did it."""
DONE_WITHIN = timedelta(minutes=2)
RELEASE_BY_ENTRY = limits.Rule("release-by-entry", 1, timedelta(days=1))


class NotListed(Exception):
    """The newest look-up of the case has no such entry, or the service does not let us take it off."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A release that this worker is to do."""

    release_pk: int
    service: str
    reason: SuppressionReason
    address: Address


def last_look(case: Case) -> SuppressionAnswer | None:
    """What the services said when the case was looked at last; None where nobody was asked or nobody answered."""
    record = case.records.filter(kind=SuppressionAnswer.__name__).order_by("at", "pk").last()
    if record is None or record.data is None:
        return None
    try:
        return decode(SuppressionAnswer, record.data)
    except Unreadable:
        return None


def request_release(case: Case, *, service: str, reason: SuppressionReason, asked_by: str) -> SuppressionRelease:
    """Commit that the entry is to be taken off; the dispatcher picks it up.

    Raises NotListed, and LimitReached for a second time within a day, whatever became of the first: an address that
    is suppressed again needs its cause mended first.
    """
    answer = last_look(case)
    if not any(_is(entry, service, reason) and entry.removable for entry in (answer.entries if answer else ())):
        raise NotListed
    with transaction.atomic():
        limits.take([(RELEASE_BY_ENTRY, " ".join((mailbox_for_limits(case.address), service, reason)))])
        release = SuppressionRelease.objects.create(case=case, service=service, reason=reason, asked_by=asked_by[:150])
        announce_work()
    return release


def waiting() -> list[int]:
    """Releases that no worker has begun."""
    return list(SuppressionRelease.objects.filter(outcome="").order_by("pk").values_list("pk", flat=True)[:100])


def claim_release(release_pk: int) -> Claim | None:
    """Commit that it is being done; None where it was claimed before: it is done at most once."""
    if not SuppressionRelease.objects.filter(pk=release_pk, outcome="").update(outcome=BEING_DONE):
        return None
    release = SuppressionRelease.objects.select_related("case").get(pk=release_pk)
    local_part, _, domain = release.case.address.rpartition("@")
    return Claim(release_pk, release.service, SuppressionReason(release.reason), Address(local_part, domain))


def finish_release(release_pk: int, outcome: str, detail: str = "") -> None:
    """Keep what came of it: `released`, `refused` or `silent`. Who was given up too early is heard all the same."""
    SuppressionRelease.objects.filter(pk=release_pk, outcome__in=(BEING_DONE, SILENT)).update(
        outcome=outcome, detail=detail.replace("\x00", "\ufffd")[:500]
    )


def give_up_lost() -> int:
    """Releases whose worker was lost on the way: the service may have done it or not. How many."""
    lost = SuppressionRelease.objects.filter(outcome=BEING_DONE, asked_at__lt=timezone.now() - DONE_WITHIN)
    return lost.update(outcome=SILENT, detail="worker lost")


def newest_release(
    releases: Iterable[SuppressionRelease], entry: Suppression, *, since: timedelta = RELEASE_BY_ENTRY.period
) -> SuppressionRelease | None:
    """The last time that this entry was to be taken off, where that stands in the way of another."""
    recent = (one for one in releases if one.asked_at > timezone.now() - since)
    same = [one for one in recent if _is(entry, one.service, one.reason)]
    return max(same, key=lambda one: one.pk, default=None)


def _is(entry: Suppression, service: str, reason: str) -> bool:
    return (entry.service, entry.reason) == (service, reason)
