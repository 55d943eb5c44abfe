"""Calls of helpdesks: each taken once, each ticket gets one link (or case), whatever the helpdesk repeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from diagnostics.domain import Address, Article
from diagnostics.models import Case, DeepLink, HelpdeskCall
from diagnostics.services import audit, limits, ticket_notes
from diagnostics.services.audit import Action, Actor
from diagnostics.services.cases import token_hash
from diagnostics.services.deep_links import make_link, open_linked_case
from diagnostics.services.queue_cap import QueueFull

KEPT = timedelta(days=2)
"""Longer than any call is good for."""


class Replayed(Exception):
    """This very call was taken before."""


class Taken(StrEnum):
    LINK_MADE = "link-made"
    CASE_OPENED = "case-opened"
    KNOWN = "known"
    """The ticket has its link already; nothing was done."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has shown where it comes from. `call_id` is empty where the helpdesk signs nothing of the kind."""

    helpdesk: str
    call_id: str
    ticket: str
    article: Article
    company_id: str
    address: Address
    language: str
    source: str


def take(call: Call, *, opens_case: bool) -> Taken:
    """Make the ticket's link, open its case where that is wanted, and queue the note that brings it to the agent.

    While too many checks wait it is the link alone, which opens the case later: a helpdesk may not call again.
    Nothing of it is seen by the customer before an agent sends it. Raises Replayed, LimitReached.
    """
    with transaction.atomic():
        if call.call_id:
            once(call.helpdesk, call.call_id)
        _one_at_a_time(call)
        if _live_links(call).exists():
            return Taken.KNOWN
        actor = Actor("helpdesk", call.helpdesk, call.source)
        token = make_link(
            article=call.article,
            company_id=call.company_id,
            address=call.address,
            helpdesk=call.helpdesk,
            ticket=call.ticket,
            made_by=call.helpdesk,
        )
        link = DeepLink.objects.get(token_hash=token_hash(token))
        case = _open_case(call, link) if opens_case else None
        ticket_notes.bring_link(link, case=case)
        audit.write(
            actor,
            Action.LINK_MADE,
            reference=case.reference if case else "",
            helpdesk=call.helpdesk,
        )
    return Taken.CASE_OPENED if case else Taken.LINK_MADE


def once(helpdesk: str, call_id: str) -> None:
    """Note the call down. Raises Replayed where it was noted down before."""
    try:
        with transaction.atomic():
            HelpdeskCall.objects.create(helpdesk=helpdesk, call_id=call_id)
    except IntegrityError:
        raise Replayed from None


def forget_old() -> int:
    """Delete what no replay could use any more; how many."""
    return HelpdeskCall.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _open_case(call: Call, link: DeepLink) -> Case | None:
    try:
        with transaction.atomic():
            limits.take([(limits.OPEN_BY_HELPDESK, call.helpdesk)])
            source = f"helpdesk {call.helpdesk} {call.ticket}"
            return open_linked_case(link, article=call.article, source=source, language=call.language)
    except QueueFull:
        return None


def _live_links(call: Call) -> QuerySet[DeepLink]:
    """What the ticket was told of the same customer before."""
    return DeepLink.objects.filter(
        helpdesk=call.helpdesk,
        ticket=call.ticket,
        article=call.article.slug,
        company_id=call.company_id,
        address__iexact=str(call.address),
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )


def _one_at_a_time(call: Call) -> None:
    """Two calls about one ticket wait for one another, until the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{call.helpdesk}:{call.ticket}"])
