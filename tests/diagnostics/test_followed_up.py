"""Scenarios that take their time, on real sockets: put off and tried again, taken and come back, tarpits."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest
from django.conf import settings as settings_of_django

from diagnostics import tasks
from diagnostics.addresses import parse_address
from diagnostics.articles import article
from diagnostics.domain import Diagnosis, SendOutcome
from diagnostics.lab import scenarios
from diagnostics.lab.mailbox import kept
from diagnostics.lab.scenario import Scenario
from diagnostics.models import Purpose, TestMessage
from diagnostics.net.configured import configured_network
from diagnostics.net.senders import sender
from diagnostics.net.senders.direct import Direct
from diagnostics.net.wire import SmtpLimits
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.services import messages, runs
from diagnostics.services.cases import Report, open_case
from tests.customer import eventually
from tests.diagnostics.taking import claim_group

START_LIMIT = 20.0
ALL = {one.slug: one for one in scenarios()}
FOLLOWED = (
    "put-off-once",
    "put-off-too-long",
    "trouble-passed",
    "bounced-unknown",
    "bounced-full",
    "bounced-behind-a-forward",
    "stuck-inside",
    "arrived-late",
)

pytestmark = pytest.mark.serial


@pytest.fixture(scope="module")
def lab() -> Iterator[Path]:
    """The lab as a process of its own."""
    state = Path(settings_of_django.LAB_STATE).parent / f"followed-up-{os.getpid()}" / "state.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen([sys.executable, "manage.py", "lab", "--serve", "--state", str(state)])
    eventually(state.exists, START_LIMIT, "lab")
    yield state
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 0


@pytest.fixture(autouse=True)
def in_the_lab(lab: Path, settings) -> None:
    settings.LAB_STATE, settings.BOUNCE_ADDRESS, settings.BOUNCE_IMAP_URL = lab, "bounces@timeclock.test", ""
    settings.RETRY_AFTER = (3,)


@pytest.mark.django_db
@pytest.mark.parametrize("slug", FOLLOWED)
def test_the_cause_is_named_in_the_end(slug: str) -> None:
    diagnosis, _ = followed(ALL[slug])
    assert (diagnosis.causes[0].cause if diagnosis.causes else "") == ALL[slug].expects


@pytest.mark.django_db
def test_the_server_that_put_us_off_takes_one_message(lab: Path) -> None:
    _, message = followed(ALL["put-off-once"])
    first, second = runs.evidence_of(message.run).all(TestMessageReport)
    assert (first.transmission.outcome, second.transmission.outcome) == (SendOutcome.DEFERRED, SendOutcome.ACCEPTED)
    assert first.sent_at == second.first_sent_at
    assert second.waited.total_seconds() >= 3
    mails = [one.message["Message-ID"] for one in kept(lab.parent / "mail", message.address)]
    assert mails.count(message.message_id) == 1


async def test_a_tarpit_ends_within_the_limits() -> None:
    limits = SmtpLimits(banner=0.5, total=2.0)
    started = perf_counter()
    address = parse_address(ALL["tarpit"].address, extra_suffixes=frozenset({"test"}))
    sent = await Direct(configured_network(), limits).send(b"Subject: x\r\n\r\n", "codes@timeclock.test", address)
    assert sent.outcome is SendOutcome.UNREACHABLE
    assert perf_counter() - started < limits.total + 3


def followed(scenario: Scenario) -> tuple[Diagnosis, TestMessage]:
    """The whole way of its test message, by the services and tasks that really do it, without a broker."""
    chosen = article(scenario.article)
    assert chosen is not None
    address = parse_address(scenario.address, extra_suffixes=frozenset({"test"}))
    case = open_case(Report(chosen, "ACME-1", address, source="192.0.2.1"))
    for group in case.runs.get().groups.all():
        claim = claim_group(group.pk)
        assert claim
        runs.finish_group(claim)  # what probes see has no part in this
    message = messages.request_message(case, purpose=Purpose.PRIMARY, address=address, source="192.0.2.1")
    while envelope := messages.claim_message(message.pk):
        way = sender("direct", configured_network())
        messages.finish_message(
            message.pk, asyncio.run(way.send(envelope.content, envelope.sender, envelope.recipient))
        )
        message.refresh_from_db()
        if message.next_try_at:
            eventually(messages.requeue_due, 10, "the next try")
    tasks.read_bounces()
    if scenario.customer_says == "arrived":
        messages.type_code(message, message.code)
    for told in scenario.reports:
        runs.report_to(message.run, told)
    message.run.refresh_from_db()
    diagnosis = runs.diagnosis_of(message.run, scenario.tier)
    assert diagnosis
    return diagnosis, message
