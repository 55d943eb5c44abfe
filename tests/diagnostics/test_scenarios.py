"""Causes acted out by the lab, on real sockets, without a database: the probes must lead to the right one.

What needs the vendor's records, a second try or something that comes later is played by `manage.py accuracy`.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from diagnostics import registry
from diagnostics.addresses import parse_address
from diagnostics.articles import article
from diagnostics.domain import Diagnosis, Evidence, Seen, SendOutcome, Target, Vantage
from diagnostics.lab import scenarios
from diagnostics.lab.behaviours import NameBehaviour, Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.net.configured import configured_network
from diagnostics.net.senders import sender
from diagnostics.probes.test_message import MailboxAnswer, TestCodeTyped, TestMessageReport, Whereabouts
from diagnostics.remedies import remedies
from diagnostics.runner import observe
from diagnostics.vendors import vendor
from diagnostics.verdicts import diagnose

pytestmark = pytest.mark.serial  # each process would play all of them

MESSAGE = b"From: codes@timeclock.test\r\nTo: you\r\nSubject: Test message\r\n\r\nYour test code is 123456.\r\n"
START_LIMIT = 20.0
AT_ONCE = 16
"""Scenarios played at the same time."""
MEASURED = {"timeclock-astray", "timeclock-drift"}
"""Articles of vendors whose own side is out of order, which a scheduled job finds out."""


def ends_at_once(scenario: Scenario) -> bool:
    """Whether one look and one try tell everything."""
    servers = [part for part in scenario.hosts.values() if isinstance(part, Smtp)]
    later = scenario.tier or scenario.compares_with or any(one.bounces or one.greylists_for for one in servers)
    return not later and scenario.article not in MEASURED


SCENARIOS = tuple(one for one in scenarios() if ends_at_once(one))


@pytest.fixture(scope="module")
def lab() -> Iterator[Path]:
    """The lab as a process of its own, as `make run` starts it."""
    state = Path(settings.LAB_STATE)
    state.parent.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen([sys.executable, "manage.py", "lab", "--serve", "--state", str(state)])
    deadline = time.monotonic() + START_LIMIT
    while not state.exists():
        assert server.poll() is None, "the lab ended at its start"
        assert time.monotonic() < deadline, "the lab did not start in time"
        time.sleep(0.05)  # between two looks for the file that says it is there
    yield state
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 0


@pytest.fixture(scope="module")
def diagnoses(lab: Path, request: pytest.FixtureRequest) -> dict[str, Diagnosis]:
    """By slug, of the scenarios that were chosen from this file."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
    chosen = [item.callspec.params["scenario"] for item in items]
    wanted = [scenario for scenario in SCENARIOS if scenario in chosen]
    # A name server that keeps silent is not asked by anybody for a while.
    silent = [one for one in wanted if any(isinstance(part, NameBehaviour) for part in one.zone.values())]
    heard = [one for one in wanted if one not in silent]
    return asyncio.run(all_judged(heard)) | asyncio.run(all_judged(silent))


async def all_judged(chosen: list[Scenario]) -> dict[str, Diagnosis]:
    places = asyncio.Semaphore(AT_ONCE)

    async def in_turn(scenario: Scenario) -> Diagnosis:
        async with places:
            return await judged(scenario)

    return dict(zip([one.slug for one in chosen], await asyncio.gather(*map(in_turn, chosen)), strict=True))


async def judged(scenario: Scenario) -> Diagnosis:
    chosen = article(scenario.article)
    assert chosen is not None
    address = parse_address(scenario.address, extra_suffixes=settings.EXTRA_SUFFIXES)
    target = Target(address, vendor(chosen.vendor))
    net = configured_network()
    evidence = await observe(registry.probes(), target, net)
    if scenario.sends_message:
        sent_at = datetime.now(UTC)
        transmission = await sender("direct", net).send(MESSAGE, "codes@timeclock.test", address)
        report(evidence, TestMessageReport(target.domain, sent_at, transmission), Vantage.SENDER)
        if transmission.outcome is SendOutcome.ACCEPTED:
            customer_says(evidence, scenario)
    for told in scenario.reports:
        report(evidence, told, registry.reported_vantage(type(told)) or Vantage.CUSTOMER)
    return diagnose(evidence, causes={tag: remedy.cause for tag, remedy in remedies().items()})


def customer_says(evidence: Evidence, scenario: Scenario) -> None:
    if scenario.customer_says == "arrived":
        report(evidence, TestCodeTyped(5), Vantage.CUSTOMER)
    elif scenario.customer_says:
        report(evidence, MailboxAnswer(Whereabouts(scenario.customer_says)), Vantage.CUSTOMER)


def report(evidence: Evidence, observation: object, vantage: Vantage) -> None:
    evidence.add(Seen(type(observation), vantage, datetime.now(UTC), observation))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.slug)
def test_the_cause_is_named(diagnoses: dict[str, Diagnosis], scenario: Scenario) -> None:
    diagnosis = diagnoses[scenario.slug]
    named = diagnosis.causes[0].cause if diagnosis.causes else ""
    assert (named, diagnosis.verdict) == (scenario.expects, scenario.verdict)
