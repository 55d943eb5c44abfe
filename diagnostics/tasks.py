"""Celery carries ids to the worker; everything that matters is in PostgreSQL. Each task is safe to run twice."""

from __future__ import annotations

import logging
from queue import Empty, SimpleQueue

from celery import shared_task
from django.conf import settings
from django.db import connection

from diagnostics import registry
from diagnostics.domain import ProbeGroup, Seen, SendOutcome, Transmission
from diagnostics.net.configured import configured_network
from diagnostics.net.loop import run_on_loop, start_on_loop
from diagnostics.net.senders import sender
from diagnostics.records import configured_records
from diagnostics.runner import observe
from diagnostics.services import cases, limits, messages, runs

logger = logging.getLogger(__name__)

Landed = SimpleQueue[Seen | None]


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_group(group_id: int) -> None:
    """Run one probe group, saving answers as they land; what has not landed by the deadline is "could not check"."""
    claim = runs.claim_group(group_id)
    if claim is None:
        return
    wanted = [probe for probe in registry.probes() if probe.group is claim.name]
    landed: Landed = SimpleQueue()
    net = configured_network()
    if claim.name is ProbeGroup.RECORDS:
        net = net.with_records(configured_records())
    observing = start_on_loop(
        observe(wanted, claim.target, net, on_seen=lambda probe, seen: landed.put(seen)),
        runs.GROUP_DEADLINE,
    )
    observing.add_done_callback(lambda done: landed.put(None))
    _save_as_they_land(claim, landed)
    try:
        observing.result()
    except TimeoutError:
        logger.warning("group %s of run %s met its deadline", claim.name, claim.run_id)
    runs.finish_group(claim)


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def send_message(message_pk: int) -> None:
    """Hand one test message over, at most once; where the time limit ends it, nobody knows whether it was taken."""
    envelope = messages.claim_message(message_pk)
    if envelope is None:
        return
    connection.close()
    service = sender(settings.TEST_MESSAGE_SENDER, configured_network())
    try:
        transmission = run_on_loop(
            service.send(envelope.content, envelope.sender, envelope.recipient), messages.SEND_DEADLINE
        )
    except TimeoutError:
        transmission = Transmission(SendOutcome.UNKNOWN, via=service.slug, detail="time limit")
    messages.finish_message(message_pk, transmission)


@shared_task(ignore_result=True)
def tidy() -> None:
    """Forget what no limit looks at any more, and links that have ended."""
    limits.forget_old()
    cases.forget_ended_links()
    messages.forget_ended_stops()


def _save_as_they_land(claim: runs.Claim, landed: Landed) -> None:
    """Write answers in batches: all that came while the last batch was written.

    No database connection is held while waiting.
    """
    more = True
    while more:
        connection.close()
        batch = [landed.get()]
        try:
            while True:
                batch.append(landed.get_nowait())
        except Empty:
            pass
        more = None not in batch
        if seen := [one for one in batch if one is not None]:
            runs.record(claim, seen)
