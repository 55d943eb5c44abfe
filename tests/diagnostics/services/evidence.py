"""A case with something of everything that is kept, all of it naming one address; and a look through the database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

from django.db import connection
from django.utils import timezone

from diagnostics.articles import article
from diagnostics.domain import (
    Address,
    Membership,
    ProbeGroup,
    Seen,
    SendEvent,
    SendEventKind,
    SendOutcome,
    SmtpReply,
    SmtpStage,
    Transmission,
    Vantage,
)
from diagnostics.models import Case, DirectoryEntry, LinkKind, Note, Purpose, SuppressionRelease, TicketNote
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.network_look import Place, ScriptLook
from diagnostics.services import events
from diagnostics.services.cases import Report, mint_link, open_case
from diagnostics.services.deep_links import live_link, make_link, open_linked_case
from diagnostics.services.messages import claim_message, finish_message, request_message
from diagnostics.services.runs import finish_group, record, report_to
from tests.diagnostics.taking import claim_group

ANNA = "anna.k@example.org"
SPELLED = "Anna.K+timeclock@Example.org"
"""The same mailbox, as the customer wrote it."""
COMPANY = "ACME-4711"
NETWORK = "203.0.113.77"
WORDS = f"552 5.2.2 <{SPELLED}>: mailbox full"


def person_in_everything() -> Case:
    """Opened, worked off, bounced, noted, linked; the address in capital letters and with a tag here and there."""
    found = article("timeclock")
    assert found is not None
    case = open_case(
        Report(
            article=found,
            company_id=COMPANY,
            address=Address("Anna.K+timeclock", "example.org"),
            source="192.0.2.9",
            device_model="Model 7",
            asked_at="2026-03-01 10:00",
            helpdesk="zendesk",
            ticket="4711",
            submission="form-1",
        )
    )
    work_off(case)
    message = request_message(
        case, purpose=Purpose.PRIMARY, address=Address("Anna.K+timeclock", "example.org"), source="192.0.2.9"
    )
    assert claim_message(message.pk)
    reply = SmtpReply(SmtpStage.RCPT, 552, WORDS)
    finish_message(
        message.pk, Transmission(SendOutcome.REFUSED, "direct", "mx.example.org", "192.0.2.25", replies=(reply,))
    )
    told = SendEvent(SendEventKind.BOUNCED, timezone.now(), "mailgun", reply=WORDS, message_id="<a-code@example.com>")
    events.take_in([events.Told(ANNA.upper(), told)])
    report_to(case.runs.get(), ScriptLook("nonce-1", Place.OFFICE, (), source=NETWORK))
    mint_link(case, LinkKind.IT)
    Note.objects.create(case=case, author="agent-one", text=f"Called, writes as {SPELLED} and {quote(ANNA)}.")
    SuppressionRelease.objects.create(case=case, service="mailgun", reason="bounce", asked_by="agent-one", detail=WORDS)
    TicketNote.objects.create(case=case, helpdesk="zendesk", ticket="4711", note_id="n-1", text=f"About {ANNA}")
    token = make_link(article=found, company_id=COMPANY, address=Address("anna.k", "example.org"))
    link = live_link(token)
    assert link
    work_off(open_linked_case(link, article=found, source="192.0.2.10", language="en"))
    make_link(article=found, company_id=COMPANY, address=Address("ANNA.K", "example.org"))
    DirectoryEntry.objects.create(vendor="timeclock", company_id="acme-4711", address=ANNA, administrator=True)
    return case


def work_off(case: Case) -> None:
    """What a worker does; one answer of each kind names the address."""
    run = case.runs.order_by("-number")[0]
    said = {
        ProbeGroup.DELIVERY: Seen(MxConversations, Vantage.SERVER, timezone.now(), detail=f"for {case.address}"),
        ProbeGroup.RECORDS: Seen(
            DirectoryMatch,
            Vantage.SERVER,
            timezone.now(),
            DirectoryMatch(Membership.ADMINISTRATOR),
        ),
    }
    for group in run.groups.order_by("pk"):
        claim = claim_group(group.pk)
        assert claim
        if seen := said.get(ProbeGroup(group.name)):
            assert record(claim, [seen])
        finish_group(claim)


def found_in_the_database(*words: str) -> list[str]:
    """Every table that shows one of the words: as text, in any letter case, percent-encoded or in base64."""
    signs = [sign for word in words for sign in _signs(word)]
    return sorted({table for table, text in _all_rows() if any(sign in text for sign in signs)})


def _signs(word: str) -> Iterator[str]:
    yield word.lower()
    yield quote(word, safe="").lower()
    yield json.dumps(word)[1:-1].lower()
    for spelled in sorted({word, word.lower(), word.upper()}):
        # In base64 a text looks one of three ways, as it begins at the first, second or third byte of a group.
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + spelled.encode()).decode()
            yield encoded[4 if shift else 0 : -4].lower()


def _all_rows() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT lower(row::text) FROM "{table}" AS row')  # noqa: S608 - names of the catalogue
            yield from ((table, text) for (text,) in cursor.fetchall())
