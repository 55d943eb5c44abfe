"""Stands in for worker and dispatcher, which run elsewhere where pages are measured: takes runs up, records answers and
ends groups, all through the very services, at fixed times after they were queued. Runs until it is ended.

Arguments: `<group>=<seconds>`, when each group ends; the first of its answers land early. Groups that are not named
stay queued. What lands at about the same time is written together, as workers do.
"""

from __future__ import annotations

import heapq
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import django

BETWEEN_LOOKS = 0.1
EARLY = 0.5
"""Seconds within which nearly everything answers; who keeps a run open is a mail server that lets everybody wait."""


def main(*wanted: str) -> None:
    django.setup()
    from diagnostics.models import Group, GroupState
    from diagnostics.services import runs
    from tests.diagnostics.taking import claim_groups

    takes = {name: float(seconds) for name, _, seconds in (one.partition("=") for one in wanted)}
    numbers = count()
    due: list[tuple[float, int, list[runs.Part]]] = []
    while True:
        queued = Group.objects.filter(state=GroupState.QUEUED, name__in=takes).values_list("run", "pk")
        of_run: dict[int, list[int]] = defaultdict(list)
        for run, pk in queued:
            of_run[run].append(pk)
        for groups in of_run.values():
            for after, parts in _work(claim_groups(groups), takes):
                heapq.heappush(due, (time.monotonic() + after, next(numbers), parts))
        while due and due[0][0] <= time.monotonic():
            runs.save(heapq.heappop(due)[2])
        time.sleep(BETWEEN_LOOKS)


def _work(claims, takes: dict[str, float]) -> Iterator[tuple[float, list]]:
    """What is written of a run, and after how many seconds."""
    from diagnostics import registry
    from diagnostics.services.runs import Part

    landings: dict[float, list[tuple[int, list[type[object]], bool]]] = defaultdict(list)
    for place, claim in enumerate(claims):
        kinds = [probe.observes for probe in registry.probes() if probe.group == claim.name]
        half, end = len(kinds) // 2, _rounded(takes[claim.name])
        early = min(_rounded(EARLY), end)
        if early < end:
            landings[early].append((place, kinds[:half], False))
            landings[end].append((place, kinds[half:], True))
        else:
            landings[end].append((place, kinds, True))
    for after, landed in landings.items():
        yield after, [Part(claims[place], [_answer(kind) for kind in some], ended) for place, some, ended in landed]


def _rounded(seconds: float) -> float:
    from diagnostics.landing import SAVE_EVERY

    return math.ceil(seconds / SAVE_EVERY) * SAVE_EVERY


def _answer(kind: type[object]):
    from diagnostics.domain import DnsStatus, Gap, Seen, Vantage
    from diagnostics.probes.domain_status import DomainStatus
    from diagnostics.probes.mail_system import MailSystem
    from diagnostics.probes.mx import MxHost, MxRecords

    seen: dict[type[object], object] = {
        DomainStatus: DomainStatus("example.org", exists=True),
        MxRecords: MxRecords(DnsStatus.OK, (MxHost(10, "mx1.example.org"), MxHost(20, "mx2.example.org"))),
        MailSystem: MailSystem(gateway="proofpoint", mailbox_provider="microsoft-365"),
    }
    gap = None if kind in seen else Gap.TIMED_OUT
    return Seen(kind, Vantage.SERVER, datetime.now(UTC), seen.get(kind), gap=gap)


if __name__ == "__main__":
    main(*sys.argv[1:])
