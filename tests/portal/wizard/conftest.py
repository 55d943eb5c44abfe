"""Cases as they really come about: opened, probed and judged by the services, in PostgreSQL."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.test import Client

from diagnostics import registry
from diagnostics.articles import article
from diagnostics.domain import Address, Gap, Seen, SendOutcome, SmtpReply, SmtpStage, Transmission, Vantage
from diagnostics.models import Case, Purpose, TestMessage
from diagnostics.services import messages, runs
from diagnostics.services.cases import Report, mint_link, open_case
from portal.access import remember
from tests.diagnostics.taking import claim_group

AT = datetime(2026, 3, 2, 10, 42, tzinfo=UTC)


@pytest.fixture
def case(db) -> Case:
    return opened()


@pytest.fixture
def owner(client: Client, case: Case) -> Client:
    """A browser that holds the case's owner link."""
    give(client, case)
    return client


def opened(address: str = "anna@example.org", slug: str = "verification", **report) -> Case:
    found = article(slug)
    assert found is not None
    local_part, _, domain = address.partition("@")
    plain = Report(found, company_id="ACME-1", address=Address(local_part, domain), source="192.0.2.1")
    return open_case(replace(plain, **report))


def give(client: Client, case: Case) -> str:
    token = mint_link(case)
    response = HttpResponse()
    remember(response, case, token)
    client.cookies.update(response.cookies)
    return token


def observed(*observations: object) -> list[Seen]:
    return [Seen(type(one), Vantage.SERVER, AT, one) for one in observations]


def finish(case: Case, *observations: object, gaps: Iterable[type[object]] = ()) -> None:
    """End the newest run with these observations; every other probe found no answer in time."""
    seen = {one.kind: one for one in observed(*observations)}
    run = case.runs.order_by("-number")[0]
    for group in run.groups.all():
        claim = claim_group(group.pk)
        assert claim is not None
        mine = [probe.observes for probe in registry.probes() if probe.group == group.name]
        missing = (Seen(kind, Vantage.SERVER, AT, gap=Gap.TIMED_OUT) for kind in mine if kind not in seen)
        runs.record(claim, [*(seen[kind] for kind in mine if kind in seen), *missing])
        runs.finish_group(claim)


def sent(
    case: Case,
    *,
    outcome: SendOutcome = SendOutcome.ACCEPTED,
    code: int = 250,
    reply: str = "2.0.0 Ok: queued",
    purpose: Purpose = Purpose.PRIMARY,
    address: str = "",
) -> TestMessage:
    """The test message, asked for and handed over."""
    local_part, _, domain = (address or case.address).partition("@")
    message = messages.request_message(case, purpose=purpose, address=Address(local_part, domain), source="192.0.2.1")
    messages.claim_message(message.pk)
    replies = (SmtpReply(SmtpStage.RCPT, code, reply),)
    messages.finish_message(message.pk, Transmission(outcome, "direct", "mx.example.org", replies=replies))
    message.refresh_from_db()
    return message
