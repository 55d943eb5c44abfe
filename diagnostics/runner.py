"""Runs probes concurrently: each starts the moment what it needs is there, each under its own time limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import perf_counter

from diagnostics.domain import Evidence, Gap, Network, NotApplicable, Seen, Target, Unobserved, Vantage
from diagnostics.registry import Probe, with_needs

logger = logging.getLogger(__name__)

OnSeen = Callable[[Probe, Seen], None]


async def observe(
    wanted: Iterable[Probe], target: Target, net: Network, *, on_seen: OnSeen = lambda probe, seen: None
) -> Evidence:
    """The evidence of the wanted probes and of all they build on.

    `on_seen` hears each wanted probe's answer as it lands, in the order of landing; what a probe of another group saw
    on the way is used, not reported.
    """
    wanted = tuple(wanted)
    reported = {probe.observes for probe in wanted}
    evidence = Evidence()
    tasks: dict[type[object], asyncio.Task[None]] = {}

    async def answer(probe: Probe) -> None:
        for kind in probe.needs:
            await tasks[kind]
        seen = await _ask(probe, target, evidence, net)
        evidence.add(seen)
        if probe.observes in reported:
            on_seen(probe, seen)

    async with asyncio.TaskGroup() as group:
        for probe in with_needs(wanted):
            tasks[probe.observes] = group.create_task(answer(probe), name=probe.name)
    return evidence


async def _ask(probe: Probe, target: Target, evidence: Evidence, net: Network) -> Seen:
    started = perf_counter()
    observation: object | None = None
    gap: Gap | None = None
    applies, detail = True, ""
    try:
        async with asyncio.timeout(probe.timeout):
            observation = await probe.collect(target, evidence, net)
    except Unobserved as nothing:
        gap, detail = nothing.gap, nothing.detail
    except NotApplicable as nothing:
        gap, applies = nothing.gap, False
    except TimeoutError:
        gap = Gap.TIMED_OUT
    except Exception:
        # The plug-in boundary: one faulty probe must not take the others' answers with it. It is logged, and shown as
        # "could not check".
        logger.exception("probe %s failed", probe.name)
        gap = Gap.FAULT
    return Seen(
        kind=probe.observes,
        vantage=Vantage.SERVER,
        at=datetime.now(UTC),
        observation=observation,
        gap=gap,
        applies=applies,
        elapsed_ms=round((perf_counter() - started) * 1000),
        detail=detail,
    )
