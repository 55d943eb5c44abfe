from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from diagnostics.articles import article
from diagnostics.domain import (
    Address,
    Connection,
    ConnectOutcome,
    DnsStatus,
    Gap,
    ProbeGroup,
    ProviderKind,
    Seen,
    SendOutcome,
    SmtpReply,
    SmtpStage,
    Transmission,
    Vantage,
)
from diagnostics.models import Case, Purpose
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import Whereabouts
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.messages import answer_whereabouts, claim_message, finish_message, request_message
from diagnostics.services.runs import finish_group, record
from tests.agents import make_agent
from tests.diagnostics.taking import claim_group

REPLY = "552 5.2.2 <anna@example.org>: mailbox full <script>alert(1)</script>"

OpenCase = Callable[..., Case]


@pytest.fixture
def agent(db: None) -> User:
    return make_agent()


@pytest.fixture
def console(client: Client, agent: User) -> Client:
    """The browser of a signed-in agent."""
    client.force_login(agent)
    return client


@pytest.fixture
def open_one(db: None) -> OpenCase:
    """Opens a case; every one comes from a network of its own, so that no limit is in the way."""
    timeclock = article("timeclock")
    assert timeclock is not None
    report = Report(article=timeclock, company_id="ACME-1", address=Address("anna", "example.org"), source="")
    opened = iter(range(10_000))

    def open_one(address: str = "", **said: Any) -> Case:
        number = next(opened)
        local_part, _, domain = (address or f"anna{number}@example.org").partition("@")
        return open_case(replace(report, source=f"source {number}", address=Address(local_part, domain), **said))

    return open_one


@pytest.fixture
def run_probes() -> Callable[[Case], None]:
    """Does what a worker does, with answers written down here."""
    return _run_probes


@pytest.fixture
def worked(open_one: OpenCase) -> Case:
    """A case with two runs, a refused test message and an answer of the customer's."""
    case = open_one("anna@example.org", helpdesk="zendesk", ticket="4711")
    _run_probes(case)
    start_run(case, asked_by="agent-one")
    _run_probes(case)
    send_message(case, Purpose.PRIMARY, case.address)
    return case


def send_message(case: Case, purpose: Purpose, address: str) -> None:
    local_part, _, domain = address.partition("@")
    message = request_message(case, purpose=purpose, address=Address(local_part, domain), source="192.0.2.9")
    assert claim_message(message.pk)
    reply = SmtpReply(SmtpStage.RCPT, 552, REPLY)
    finish_message(
        message.pk, Transmission(SendOutcome.REFUSED, "direct", "mx.example.org", "192.0.2.25", replies=(reply,))
    )
    answer_whereabouts(message, Whereabouts.NOWHERE)


def _run_probes(case: Case) -> None:
    run = case.runs.order_by("-number")[0]
    for group in run.groups.order_by("pk"):
        claim = claim_group(group.pk)
        assert claim
        assert record(claim, _seen(ProbeGroup(group.name)))
        finish_group(claim)


def _seen(group: ProbeGroup) -> Sequence[Seen]:
    def saw(observation: object) -> Seen:
        return Seen(type(observation), Vantage.SERVER, timezone.now(), observation, elapsed_ms=35)

    match group:
        case ProbeGroup.DNS:
            hosts = (MxHost(10, "mx.example.org"), MxHost(20, "mx2.example.org"))
            system = MailSystem("proofpoint", "microsoft-365", ProviderKind.GATEWAY)
            return [saw(MxRecords(DnsStatus.OK, hosts)), saw(system)]
        case ProbeGroup.PORTS:
            reached = Connection("clocks.example.org", 443, ConnectOutcome.OPEN, "192.0.2.80", 12)
            return [saw(ServerPorts((reached, replace(reached, port=80))))]
        case ProbeGroup.DELIVERY:
            silent = Seen(MxConversations, Vantage.SERVER, timezone.now(), gap=Gap.TIMED_OUT, detail="no\u202ebanner")
            return [silent]
        case ProbeGroup.RECORDS:
            return []
