"""Celery carries ids to the worker; everything that matters is in PostgreSQL. Each task is safe to run twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Protocol

from celery import shared_task
from celery.signals import worker_init, worker_ready
from django.conf import settings
from django.db import connection, transaction

from diagnostics import garbage, registry
from diagnostics.addresses import suggest
from diagnostics.articles import articles
from diagnostics.canned import canned as recordings
from diagnostics.carried_on import CarriesOn, carry_on
from diagnostics.codec import prepare
from diagnostics.domain import ConnectOutcome, Diagnosis, SendOutcome, Transmission
from diagnostics.health import MOST_SECONDS, measure
from diagnostics.helpdesks import NoteRefused, NoteUnknown, configured_helpdesks
from diagnostics.lab.returned import LabBounces
from diagnostics.net.configured import configured_network, webhook_network
from diagnostics.net.imap import MailboxAway, MailboxUrl, opened
from diagnostics.net.loop import run_on_loop
from diagnostics.net.post import post
from diagnostics.net.senders import sender
from diagnostics.net.tls import verifying_context
from diagnostics.probes.vendor_health import VendorHealth
from diagnostics.probing import take_up
from diagnostics.providers import providers
from diagnostics.remedies import remedies
from diagnostics.replies import classify
from diagnostics.sending import Release, Released, configured_services
from diagnostics.services import (
    api_requests,
    audit,
    audit_chain,
    bounces,
    canned,
    cases,
    events,
    fleet,
    health,
    helpdesk_calls,
    limits,
    messages,
    network,
    persons,
    proofs,
    retention,
    suppressions,
    ticket_notes,
    webhook_endpoints,
    webhooks,
)
from diagnostics.services.alone import alone
from diagnostics.services.patience import patiently

logger = logging.getLogger(__name__)

RELEASE_SECONDS = 45.0
"""A service may keep several lists, and each takes 10 seconds at most."""


@shared_task(base=CarriesOn, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_groups(group_ids: list[int]) -> None:
    """Run probe groups of one run, saving answers as they land; what has not landed by the deadline is "could not
    check". One task for all of them: a message costs as much as a group's probes.
    """
    carry_on(partial(take_up, group_ids))


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def send_message(message_pk: int) -> None:
    """Hand one test message over, at most once; where the time limit ends it, nobody knows whether it was taken."""
    if patiently(lambda: canned.take_message(message_pk)):
        return
    envelope = patiently(lambda: messages.claim_message(message_pk))
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
    patiently(lambda: messages.finish_message(message_pk, transmission))


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


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def deliver_webhook(delivery_pk: int) -> None:
    """Try once to deliver a webhook; whoever runs it beside us finds it claimed."""
    shipment = patiently(lambda: webhooks.claim(delivery_pk))
    if shipment is None:
        return
    connection.close()
    answer = _answer_to(shipment)
    patiently(lambda: webhooks.finish(shipment, answer))


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def post_ticket_note(note_pk: int) -> None:
    """Put one note on its ticket, at most once: after a try whose end nobody knows the ticket is looked at first."""
    claim = patiently(lambda: ticket_notes.claim(note_pk))
    if claim is None:
        return
    connection.close()
    desk = configured_helpdesks().get(claim.helpdesk)
    if desk is None:
        ticket_notes.refused(claim, "this portal is no longer connected to the helpdesk")
        return
    if not desk.ticket_url(claim.ticket):
        # Written by whoever made an unsigned link: a second spelling of a ticket, or a way to another address.
        ticket_notes.refused(claim, "the helpdesk has no such ticket")
        return
    try:
        if claim.look_first and run_on_loop(desk.has_note(claim.ticket, claim.note_id), ticket_notes.LOOK_SECONDS):
            ticket_notes.posted(claim)
            return
        text = ticket_notes.text_of(claim)
        connection.close()
        if text is None:
            ticket_notes.refused(claim, "not wanted any more")
            return
        run_on_loop(desk.post_note(claim.ticket, claim.note_id, text), ticket_notes.POST_SECONDS)
    except NoteRefused as problem:
        said = str(problem)
        patiently(lambda: ticket_notes.refused(claim, said))
    except NoteUnknown as problem:
        said, retry_after = str(problem), problem.retry_after
        patiently(lambda: ticket_notes.unknown(claim, said, retry_after))
    except TimeoutError:
        patiently(lambda: ticket_notes.unknown(claim, "time limit"))
    else:
        patiently(lambda: ticket_notes.posted(claim))


@shared_task(ignore_result=True)
def tidy() -> None:
    """Forget what no limit looks at any more; proofs, links and network tests that have ended; old events and looks."""
    limits.forget_old()
    proofs.forget_ended()
    cases.forget_ended_links()
    network.forget_ended_tests()
    messages.forget_ended_stops()
    health.forget_old()
    events.forget_old()
    webhooks.forget_old()
    webhook_endpoints.forget_earlier_secrets()
    api_requests.forget_old()
    helpdesk_calls.forget_old()
    fleet.forget_old()


@shared_task(ignore_result=True)
def watch_fleet() -> None:
    """Add up what became of all mail, and open and close incidents, every minute; one worker at a time."""
    fleet.watch()


@shared_task(ignore_result=True)
def purge() -> None:
    """Delete what is too old, once a day."""
    for what, count in retention.purge().rows.items():
        logger.info("purged: %s of %d", what, count)


@shared_task(ignore_result=True)
def verify_audit() -> None:
    """Walk the whole audit trail, once a day, and be loud where it is broken."""
    audit_chain.verify_and_tell(audit.Actor("system", "verify_audit"))


@shared_task(ignore_result=True)
def erase_persons() -> None:
    """Do what was asked for on the console's privacy page; one worker at a time."""
    persons.erase_due()


@shared_task(ignore_result=True)
def vendor_health() -> None:
    """Look at every vendor's own side that is due, all at the same time; one worker at a time."""
    with alone(health.LOCK) as mine:
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
    recordings()
    classify("")
    suggest("anna@example.org")
    verifying_context()
    garbage.settle()


@worker_ready.connect
def look_at_our_side(**kwargs: Any) -> None:
    """A portal that has just been started need not wait for the clock."""
    vendor_health.apply_async(queue="hook", retry=False)


async def _all(looks: Iterable[Awaitable[VendorHealth]]) -> list[VendorHealth]:
    return await asyncio.gather(*looks)


def _answer_to(shipment: webhooks.Shipment) -> webhooks.Answer:
    to = shipment.receiver
    if to is None:
        return webhooks.Answer(detail=shipment.problem)
    dialer = webhook_network().dialer
    sending = post(dialer, to.host, to.port, to.target, headers=shipment.headers, body=shipment.body, tls=to.tls)
    posted = run_on_loop(sending, webhooks.DEADLINE + 1)
    if posted.outcome is ConnectOutcome.NOT_PUBLIC:
        # What a name leads to may have changed since it was entered.
        logger.warning("webhook delivery %d was not sent: the guard refuses the address", shipment.delivery_pk)
    detail = posted.text or posted.detail
    if posted.status is None and posted.address:
        detail = f"{posted.address}: {detail}"
    return webhooks.Answer(posted.status, detail, posted.retry_after, posted.elapsed_ms)


class _BounceMailbox(Protocol):
    def unread(self) -> Iterable[tuple[Any, bytes]]: ...
    def done(self, name: Any, /) -> None: ...


def _bounce_mailbox() -> AbstractContextManager[_BounceMailbox]:
    """Over IMAP where one is set, else the lab's."""
    if settings.BOUNCE_IMAP_URL:
        return opened(MailboxUrl.parse(settings.BOUNCE_IMAP_URL))
    return nullcontext(LabBounces(settings.LAB_STATE.parent / "mail", settings.BOUNCE_ADDRESS))
