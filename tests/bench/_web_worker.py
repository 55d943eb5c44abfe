"""Stands in for worker and dispatcher, which run elsewhere where pages are measured: takes groups up, records answers
and ends them, all through the very services, at fixed times after they were queued. Runs until it is ended.

Arguments: `<group>=<seconds>`; groups that are not named stay queued.
"""

from __future__ import annotations

import heapq
import sys
import time
from datetime import UTC, datetime
from itertools import count

import django

BETWEEN_LOOKS = 0.1


def main(*wanted: str) -> None:
    django.setup()
    from diagnostics.models import Group, GroupState

    takes = {name: float(seconds) for name, _, seconds in (one.partition("=") for one in wanted)}
    known: set[int] = set()
    numbers = count()
    due: list[tuple[float, int, _Step]] = []
    while True:
        queued = Group.objects.filter(state=GroupState.QUEUED, name__in=takes).values_list("pk", "name", "created_at")
        for pk, name, created in queued:
            if pk not in known:
                known.add(pk)
                at = time.time() - (datetime.now(UTC) - created).total_seconds()
                for step in _steps(pk, name):
                    heapq.heappush(due, (at + step.share * takes[name], next(numbers), step))
        while due and due[0][0] <= time.time():
            heapq.heappop(due)[2].do()
        time.sleep(BETWEEN_LOOKS)


class _Step:
    def __init__(self, share: float, do) -> None:
        self.share, self.do = share, do


def _steps(pk: int, name: str) -> list[_Step]:
    """Claimed almost at once; a part of the answers comes early, the rest as the group ends."""
    from diagnostics import registry
    from diagnostics.domain import DnsStatus, Gap, Seen, Vantage
    from diagnostics.probes.domain_status import DomainStatus
    from diagnostics.probes.mail_system import MailSystem
    from diagnostics.probes.mx import MxHost, MxRecords
    from diagnostics.services import runs

    claims: list[runs.Claim] = []
    seen = {
        DomainStatus: DomainStatus("example.org", exists=True),
        MxRecords: MxRecords(DnsStatus.OK, (MxHost(10, "mx1.example.org"), MxHost(20, "mx2.example.org"))),
        MailSystem: MailSystem(gateway="proofpoint", mailbox_provider="microsoft-365"),
    }
    kinds = [probe.observes for probe in registry.probes() if probe.group == name]
    half = len(kinds) // 2

    def answer(some) -> list[Seen]:
        at = datetime.now(UTC)
        return [
            Seen(kind, Vantage.SERVER, at, seen[kind])
            if kind in seen
            else Seen(kind, Vantage.SERVER, at, gap=Gap.TIMED_OUT)
            for kind in some
        ]

    def claim() -> None:
        claims.extend(filter(None, [runs.claim_group(pk)]))

    def record(some) -> None:
        for one in claims:
            runs.record(one, answer(some))

    def finish() -> None:
        record(kinds[half:])
        for one in claims:
            runs.finish_group(one)

    return [_Step(0.1, claim), _Step(0.5, lambda: record(kinds[:half])), _Step(1, finish)]


if __name__ == "__main__":
    main(*sys.argv[1:])
