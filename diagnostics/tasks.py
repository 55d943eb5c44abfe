"""Celery carries ids to the worker; everything that matters is in PostgreSQL. Each task is safe to run twice."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from celery import shared_task
from django.conf import settings
from django.db import connection

from diagnostics import registry
from diagnostics.domain import Evidence, SendOutcome, Seen, Transmission
from diagnostics.net.configured import configured_network
from diagnostics.net.loop import submit
from diagnostics.net.senders import sender
from diagnostics.runner import observe
from diagnostics.services import limits, messages, runs

Landed = SimpleQueue[Seen | None]


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_group(group_id: int) -> None:
    """Run one probe group, saving answers as they land. The deadline is the coroutine's; behind it stands the lease."""
    claim = runs.claim_group(group_id)
    if claim is None:
        return
    landed: Landed = SimpleQueue()
    wanted = [probe for probe in registry.probes() if probe.group is claim.name]

    async def probing() -> Evidence | None:
        try:
            async with asyncio.timeout(runs.GROUP_DEADLINE):
                return await observe(
                    wanted, claim.target, configured_network(), on_seen=lambda probe, seen: landed.put(seen)
                )
        except TimeoutError:
            return None  # what has landed is saved; the rest is "could not check"

    future = submit(probing())
    future.add_done_callback(lambda done: landed.put(None))
    _save_as_they_land(claim, landed)
    future.result()
    runs.finish_group(claim)


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def send_message(message_pk: int) -> None:
    """Hand one test message over, at most once."""
    envelope = messages.claim_message(message_pk)
    if envelope is None:
        return
    connection.close()

    async def sending() -> Transmission:
        try:
            async with asyncio.timeout(messages.SEND_DEADLINE):
                service = sender(settings.TEST_MESSAGE_SENDER, configured_network())
                return await service.send(envelope.content, envelope.sender, envelope.recipient)
        except TimeoutError:
            return Transmission(SendOutcome.UNKNOWN, via=settings.TEST_MESSAGE_SENDER, detail="time limit")

    future: Future[Transmission] = submit(sending())
    messages.finish_message(message_pk, future.result())


@shared_task(ignore_result=True)
def tidy() -> None:
    """Forget what no limit looks at any more."""
    limits.forget_old()


def _save_as_they_land(claim: runs.Claim, landed: Landed) -> None:
    """Write answers in batches: all that came while the last batch was written. Between batches no database connection is held."""
    open_ended = True
    while open_ended:
        connection.close()
        batch = [landed.get()]
        while True:
            try:
                batch.append(landed.get_nowait())
            except Empty:
                break
        open_ended = None not in batch
        if seen := [one for one in batch if one is not None]:
            runs.record(claim, seen)
