"""What a worker does with runs: it claims their groups, has them probed, and saves what was seen.

Claims and saves of runs that wait for a thread at the same time are made in one go.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connection
from django.utils import timezone

from diagnostics import registry
from diagnostics.batches import Batches
from diagnostics.carried_on import End, Submit
from diagnostics.domain import ProbeGroup, Target
from diagnostics.landing import Landed, Landing, Scribe
from diagnostics.log_context import said_about
from diagnostics.net.configured import configured_network
from diagnostics.net.loop import start_on_loop
from diagnostics.records import configured_records
from diagnostics.registry import Probe
from diagnostics.runner import observe
from diagnostics.services import canned, runs
from diagnostics.services.patience import AWAY, patiently
from diagnostics.services.run_rows import ClaimedRow, NotTogether
from diagnostics.turns import Turns

logger = logging.getLogger(__name__)

TOGETHER = 16
"""Runs that are claimed, or saved, in one go."""
_turns = Turns()
"""Of runs whose answers so far are to be shown: in a full queue that would take as long as all the rest."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Groups of a run that a task is to probe."""

    group_ids: Sequence[int]
    submit: Submit
    end: End = field(default_factory=End)
    context: Context = field(default_factory=copy_context)


def take_up(group_ids: Sequence[int], submit: Submit) -> Future[None]:
    """Have these groups of one run probed as far as they wait for it. The future is the end of that; cancelled before
    anything is claimed, it leaves them to others. `submit` has steps done that talk to the database.
    """
    wanted = _Wanted(group_ids, submit)
    _to_be_claimed.add(wanted, submit)
    return wanted.end


def _claim(batch: Sequence[_Wanted]) -> None:
    batch = [one for one in batch if one.end.take_up()]
    ids = [group_id for one in batch for group_id in one.group_ids]
    try:
        taken = patiently(partial(_taken, ids, timezone.now(), in_a_hurry=len(batch) > 1)) if ids else []
    except NotTogether:  # none of them keeps the others waiting
        for one in batch:
            if one.end.put_back():
                one.submit(partial(_claim, [one]))
        return
    except Exception as problem:
        for one in batch:
            one.end.set_exception(problem)  # raised again, or logged, by whoever waits for it
        return
    rows = {row.group_id: row for row in taken}
    for one in batch:
        # The same run once more is a second delivery, and finds nothing left.
        mine = [rows.pop(group_id) for group_id in one.group_ids if group_id in rows]
        try:
            probing = one.context.run(_begin, mine, one.submit)
        except Exception as problem:
            one.end.set_exception(problem)  # the same
        else:
            probing.add_done_callback(partial(_pass_on, one.end))


def _taken(group_ids: Sequence[int], now: datetime, *, in_a_hurry: bool) -> list[ClaimedRow]:
    with _at_the_database():
        return runs.take_groups(group_ids, now, in_a_hurry=in_a_hurry)


def _begin(rows: Sequence[ClaimedRow], submit: Submit) -> Future[None]:
    """Start the probes of groups of one run; the end comes when what they saw is saved."""
    with _at_the_database():
        claims = [runs.claim_of(row) for row in rows]
        to_be_probed = {claim.name: claim for claim in claims if not patiently(partial(canned.play, claim))}
    if to_be_probed:
        return _probe(to_be_probed, submit)
    nothing: Future[None] = Future()
    nothing.set_result(None)
    return nothing


def _pass_on(end: Future[None], written: Future[None]) -> None:
    if problem := written.exception():
        end.set_exception(problem)
    else:
        end.set_result(None)


def _probe(claims: Claims, submit: Submit) -> Future[None]:
    """Start the probes of groups of one run; its end comes when what they saw is saved."""
    first = next(iter(claims.values()))
    wanted = [probe for probe in registry.probes() if probe.group in claims]
    with said_about(case=first.reference, run=first.run_id):
        expected = Counter(probe.group for probe in wanted)
        landing = Landing(claims, expected, _scribe, submit, _turns)
        observing = start_on_loop(_observe(wanted, first.target, landing), runs.GROUP_DEADLINE)
        context = copy_context()
    observing.add_done_callback(lambda done: context.run(_end, landing, sorted(claims), done))
    return landing.written


def _end(landing: Landing[Claims], names: Sequence[str], observing: Future[None]) -> None:
    failure = CancelledError() if observing.cancelled() else observing.exception()
    if isinstance(failure, TimeoutError):
        logger.warning("groups met their deadline: %s", ", ".join(names))
        failure = None
    landing.end(failure)


async def _observe(wanted: Sequence[Probe], target: Target, landing: Landing[Claims]) -> None:
    """Only the probes of the vendor's records are handed a network that knows them."""
    net = configured_network()
    public = [probe for probe in wanted if probe.group is not ProbeGroup.RECORDS]
    looks = [observe(public, target, net, on_seen=landing.put)] if public else []
    if private := [probe for probe in wanted if probe.group is ProbeGroup.RECORDS]:
        looks.append(observe(private, target, net.with_records(configured_records()), on_seen=landing.put))
    await asyncio.gather(*looks)


def _save(landed: Sequence[tuple[Claims, Landed]]) -> None:
    parts = [
        runs.Part(claim, seen.seen.get(name, ()), ended=name in seen.ended)
        for claims, seen in landed
        for name, claim in claims.items()
        if name in seen.seen or name in seen.ended
    ]
    patiently(partial(_saved, parts, in_a_hurry=len(landed) > 1))


def _saved(parts: Sequence[runs.Part], *, in_a_hurry: bool) -> None:
    with _at_the_database():
        runs.save(parts, in_a_hurry=in_a_hurry)


@contextmanager
def _at_the_database() -> Iterator[None]:
    """No connection is held after it."""
    try:
        yield
    finally:
        connection.close()


Claims = Mapping[ProbeGroup, runs.Claim]
"""Of one run."""
_to_be_claimed = Batches(_claim, TOGETHER)
_scribe: Scribe[Claims] = Scribe(_save, TOGETHER, hopeless=AWAY)
