"""Celery carries ids to the worker; everything that matters is in PostgreSQL. Each task is safe to run twice."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from queue import Empty, SimpleQueue
from typing import Any, Protocol
from weakref import WeakValueDictionary

from celery import shared_task
from celery.signals import worker_init, worker_ready
from django.conf import settings
from django.db import connection, transaction

from diagnostics import registry
from diagnostics.addresses import suggest
from diagnostics.articles import articles
from diagnostics.codec import prepare
from diagnostics.domain import Diagnosis, ProbeGroup, Seen, SendOutcome, Transmission
from diagnostics.health import MOST_SECONDS, measure
from diagnostics.lab.returned import LabBounces
from diagnostics.net.configured import configured_network
from diagnostics.net.imap import MailboxAway, MailboxUrl, opened
from diagnostics.net.loop import run_on_loop, start_on_loop
from diagnostics.net.senders import sender
from diagnostics.net.tls import verifying_context
from diagnostics.probes.vendor_health import VendorHealth
from diagnostics.providers import providers
from diagnostics.records import configured_records
from diagnostics.remedies import remedies
from diagnostics.replies import classify
from diagnostics.runner import observe
from diagnostics.sending import Release, Released, configured_services
from diagnostics.services import bounces, cases, events, health, limits, messages, network, runs, suppressions

logger = logging.getLogger(__name__)

RELEASE_SECONDS = 45.0
"""A service may keep several lists, and each takes 10 seconds at most."""

AT_THE_DATABASE = 4
"""Groups of one worker that read or write at the same time. Each is a thread that wants the interpreter, as the
network's loop does: with many of them, answers that have long arrived would be read after their time limits.
"""
_database = threading.BoundedSemaphore(AT_THE_DATABASE)
_runs: WeakValueDictionary[int, threading.Lock] = WeakValueDictionary()
_finding = threading.Lock()


@contextmanager
def _at_the_database(run_id: int | None = None) -> Iterator[None]:
    """A place at the database; no connection is held after it.

    Groups of one run queue before it: they wait for one another's row lock anyway, and must not take every place.
    """
    with _finding:
        mine = nullcontext() if run_id is None else _runs.setdefault(run_id, threading.Lock())
    with mine, _database:
        try:
            yield
        finally:
            connection.close()


Landed = SimpleQueue[Seen | None]


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_group(group_id: int) -> None:
    """Run one probe group, saving answers as they land; what has not landed by the deadline is "could not check"."""
    with _at_the_database():
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
    with _at_the_database(claim.run_id):
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
def read_bounces() -> int:
    """Take in what came back to the bounce mailbox; how many messages. One that was not kept stays unread there."""
    if not (settings.BOUNCE_IMAP_URL or settings.LAB):
        return 0
    count = 0
    try:
        with _bounce_mailbox() as mailbox:
            for name, raw in mailbox.unread():
                bounces.take_in(raw)
                mailbox.done(name)
                count += 1
    except MailboxAway as problem:
        logger.warning("the bounce mailbox cannot be read: %s", problem)
    return count


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def release_suppression(release_pk: int) -> None:
    """Have one address taken off a sending service's list, at most once."""
    claim = suppressions.claim_release(release_pk)
    if claim is None:
        return
    connection.close()
    service = next((one for one in configured_services() if one.slug == claim.service), None)
    if service is None:
        suppressions.finish_release(release_pk, Release.REFUSED, "this portal is no longer connected to the service")
        return
    try:
        released = run_on_loop(service.release(claim.address, claim.reason), RELEASE_SECONDS)
    except TimeoutError:
        released = Released(Release.SILENT, "time limit")
    suppressions.finish_release(release_pk, released.outcome, released.detail)


@shared_task(ignore_result=True)
def tidy() -> None:
    """Forget what no limit looks at any more, links and network tests that have ended, old events and looks."""
    limits.forget_old()
    cases.forget_ended_links()
    network.forget_ended_tests()
    messages.forget_ended_stops()
    health.forget_old()
    events.forget_old()


@shared_task(ignore_result=True)
def vendor_health() -> None:
    """Look at every vendor's own side that is due, all at the same time; one worker at a time."""
    with health.measuring_alone() as mine:
        vendors = health.due() if mine else ()
        if not vendors:
            return
        looks = [measure(vendor, configured_network(), health.lists()) for vendor in vendors]
        seen = run_on_loop(_all(looks), MOST_SECONDS)
        with transaction.atomic():
            for found in seen:
                health.save(found)


@worker_init.connect
def warm_up(**kwargs: Any) -> None:
    """What is read or made at first use, before the first cases: else it would be paid for out of their time limits."""
    registry.checks()
    for kind in (*registry.observation_types(), Diagnosis):
        prepare(kind)
    remedies()
    providers()
    articles()
    classify("")
    suggest("anna@example.org")
    verifying_context()


@worker_ready.connect
def look_at_our_side(**kwargs: Any) -> None:
    """A portal that has just been started need not wait for the clock."""
    vendor_health.apply_async(queue="hook", retry=False)


async def _all(looks: Iterable[Awaitable[VendorHealth]]) -> list[VendorHealth]:
    return await asyncio.gather(*looks)


class _BounceMailbox(Protocol):
    def unread(self) -> Iterable[tuple[Any, bytes]]: ...
    def done(self, name: Any, /) -> None: ...


def _bounce_mailbox() -> AbstractContextManager[_BounceMailbox]:
    """Over IMAP where one is set, else the lab's."""
    if settings.BOUNCE_IMAP_URL:
        return opened(MailboxUrl.parse(settings.BOUNCE_IMAP_URL))
    return nullcontext(LabBounces(settings.LAB_STATE.parent / "mail", settings.BOUNCE_ADDRESS))


def _save_as_they_land(claim: runs.Claim, landed: Landed) -> None:
    """Write answers in batches: all that came while the last batch was written, or waited to be.

    No database connection is held while waiting.
    """
    more = True
    while more:
        first = landed.get()
        with _at_the_database(claim.run_id):
            batch = [first, *_all_in(landed)]
            more = None not in batch
            if seen := [one for one in batch if one is not None]:
                runs.record(claim, seen)


def _all_in(landed: Landed) -> Iterator[Seen | None]:
    try:
        while True:
            yield landed.get_nowait()
    except Empty:
        return
