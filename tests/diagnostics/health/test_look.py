"""One look at a vendor's own side, at the lab's name server and hosts; and what it means for cases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagnostics import registry
from diagnostics.addresses import parse_address
from diagnostics.articles import article
from diagnostics.domain import Diagnosis, ResponderHost, Seen, SendOutcome, Target, Vantage, Vendor, VendorHost, Verdict
from diagnostics.health import Lists, measure
from diagnostics.lab import scenarios
from diagnostics.lab.behaviours import Closed, Http, NameBehaviour, PortBehaviour
from diagnostics.lab.neighbourhood import BLOCKLISTS, PUBLIC_KEY
from diagnostics.lab.scenario import Records, Scenario
from diagnostics.lab.serve import Lab
from diagnostics.net.config import NetworkConfig
from diagnostics.net.live import LiveNetwork
from diagnostics.net.senders import sender
from diagnostics.probes.test_message import TestCodeTyped, TestMessageReport
from diagnostics.probes.vendor_health import HealthKind, HealthState, VendorHealth
from diagnostics.remedies import remedies
from diagnostics.runner import observe
from diagnostics.vendors import vendor
from diagnostics.verdicts import diagnose

LISTS = Lists(BLOCKLISTS, ("dbl.spamhaus.org",))
FINE, PROBLEM, UNKNOWN = HealthState.FINE, HealthState.PROBLEM, HealthState.UNKNOWN
OUR_SIDE = ("timeclock-astray", "timeclock-drift")
MESSAGE = b"From: codes@timeclock-astray.test\r\nTo: you\r\nSubject: Test message\r\n\r\nYour test code is 123456.\r\n"

HOME: dict[str, Records | NameBehaviour | None] = {
    "example.test": {"TXT": ('"v=spf1 ip4:203.0.113.195 -all"',), "MX": ("10 mx.example.test.",)},
    "_dmarc.example.test": {"TXT": ('"v=DMARC1; p=quarantine"',)},
    "k._domainkey.example.test": {"TXT": (f'"v=DKIM1; p={PUBLIC_KEY}"',)},
    "out.example.test": {"A": ("203.0.113.195",)},
    "195.113.0.203.in-addr.arpa": {"PTR": ("out.example.test.",)},
    "clock.example.test": {"A": ("203.0.113.196",)},
}
VENDOR = Vendor(
    slug="example",
    name="Example",
    senders=("codes@example.test",),
    domains=("example.test",),
    addresses=("203.0.113.195",),
    dkim_selectors=("k",),
    helo_names=("out.example.test",),
    hosts=(VendorHost("clock.example.test", (80, 443)),),
)
PORTS: Mapping[tuple[str, int], PortBehaviour] = {
    ("203.0.113.196", 80): Http(),
    ("203.0.113.196", 443): Http(tls=True),
}


def network(lab: Lab) -> LiveNetwork:
    config = NetworkConfig(
        zones=dict.fromkeys(lab.state["zones"], (lab.state["nameserver"],)),
        dial_map=lab.state["dial_map"],
        ca_file=lab.state["ca_file"],
    )
    return LiveNetwork(config)


@asynccontextmanager
async def playing(folder: Path, acts: list[Scenario]) -> AsyncIterator[LiveNetwork]:
    async with Lab(folder, acts=acts) as lab:
        yield network(lab)


async def looked(
    folder: Path,
    changes: Mapping[str, Records | NameBehaviour | None],
    ports: Mapping[tuple[str, int], PortBehaviour] = PORTS,
    profile: Vendor = VENDOR,
) -> VendorHealth:
    """A look at the vendor of `HOME`, with some names otherwise (None: gone)."""
    zone = {name: records for name, records in {**HOME, **changes}.items() if records is not None}
    act = Scenario("example", "An example", "anna@example.test", Verdict.NOTHING_FOUND, zone=zone, hosts=ports)
    async with playing(folder, [act]) as net:
        return await measure(profile, net, LISTS)


def found(health: VendorHealth, state: HealthState) -> set[tuple[str, str]]:
    return {(str(item.kind), item.subject) for item in health.having(state)}


async def test_a_healthy_vendor_has_nothing_but_fine(tmp_path: Path) -> None:
    health = await looked(tmp_path, {})
    assert found(health, PROBLEM) | found(health, UNKNOWN) == set()
    assert {item.kind for item in health.items} == set(HealthKind)


IP, DOMAIN = "203.0.113.195", "example.test"


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({DOMAIN: {"TXT": ('"v=spf1 -all"',)}}, {("spf", IP), ("drift-extra", IP)}),
        ({DOMAIN: {"TXT": ('"v=spf1 ~all"',)}}, {("spf", IP), ("drift-extra", IP)}),
        ({DOMAIN: {"TXT": ('"v=spf1 -all"', '"v=spf1 mx -all"')}}, {("spf", DOMAIN), ("drift-extra", IP)}),
        ({DOMAIN: {"TXT": ('"nothing"',)}}, {("spf", DOMAIN), ("spf", IP), ("drift-extra", IP)}),
        ({"k._domainkey.example.test": None}, {("dkim", "k._domainkey.example.test")}),
        ({"_dmarc.example.test": None}, {("dmarc", DOMAIN)}),
        (
            {DOMAIN: {"TXT": ('"v=spf1 -all"',)}, "k._domainkey.example.test": {"TXT": ('"p="',)}},
            {("spf", IP), ("drift-extra", IP), ("dkim", "k._domainkey.example.test"), ("alignment", DOMAIN)},
        ),
        ({"195.113.0.203.in-addr.arpa": None}, {("ptr", IP)}),
        ({"195.113.0.203.in-addr.arpa": {"PTR": ("clock.example.test.",)}}, {("ptr", IP)}),
        ({"out.example.test": None}, {("ptr", IP), ("ptr", "out.example.test")}),
        ({"195.113.0.203.psbl.surriel.com": {"A": ("127.0.0.2",)}}, {("blocklist", IP)}),
        ({"example.test.dbl.spamhaus.org": {"A": ("127.0.1.2",)}}, {("blocklist", DOMAIN)}),
        (
            {DOMAIN: {"TXT": ('"v=spf1 ip4:203.0.113.195 ip4:203.0.113.197 ip4:198.51.100.0/24 -all"',)}},
            {("drift-missing", "203.0.113.197"), ("drift-missing", "198.51.100.0/24")},
        ),
    ],
    ids=[
        "SPF says no", "SPF says perhaps", "two SPF records", "no SPF record", "no key", "no policy", "nothing passes",
        "no reverse name", "reverse name of another", "reverse name without address", "address listed", "domain listed",
        "servers missing from the article",
    ],
)  # fmt: skip
async def test_each_fault_is_found_and_no_other(
    tmp_path: Path, changes: dict[str, Records | NameBehaviour | None], problems: set[tuple[str, str]]
) -> None:
    assert found(await looked(tmp_path, changes), PROBLEM) == problems


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"k._domainkey.example.test": NameBehaviour.SERVFAIL}, {("dkim", "k._domainkey.example.test")}),
        ({"_dmarc.example.test": NameBehaviour.SERVFAIL}, {("dmarc", DOMAIN)}),
        ({"195.113.0.203.in-addr.arpa": NameBehaviour.SERVFAIL}, {("ptr", IP)}),
        ({"2.0.0.127.zen.spamhaus.org": {"A": ("127.255.255.254",)}}, {("blocklist", "zen.spamhaus.org")}),
        ({"1.0.0.127.bl.spamcop.net": {"A": ("127.0.0.2",)}}, {("blocklist", "bl.spamcop.net")}),
        ({"195.113.0.203.zen.spamhaus.org": {"A": ("127.255.255.255",)}}, {("blocklist", IP)}),
        (
            {DOMAIN: {"TXT": ('"v=spf1 ip4:203.0.113.195 include:other.test -all"',)},
             "other.test": {"TXT": ('"v=spf1 ip4:198.51.100.0/24 -all"',)}},
            {("drift-missing", "include:other.test")},
        ),
    ],
    ids=["key", "policy", "reverse name", "list refuses us", "list lists all", "list errs", "others' range"],
)  # fmt: skip
async def test_what_could_not_be_found_out_is_neither_fine_nor_a_problem(
    tmp_path: Path, changes: dict[str, Records | NameBehaviour | None], unknown: set[tuple[str, str]]
) -> None:
    health = await looked(tmp_path, changes)
    assert found(health, PROBLEM) == set()
    assert found(health, UNKNOWN) == unknown


async def test_a_domain_that_nobody_answers_for_is_unknown_throughout(tmp_path: Path) -> None:
    changes = {DOMAIN: NameBehaviour.SILENT, "195.113.0.203.in-addr.arpa": NameBehaviour.SILENT}
    health = await asyncio.wait_for(looked(tmp_path, changes), 30)
    assert found(health, PROBLEM) == set()
    others = [item for item in health.items if item.kind is not HealthKind.BLOCKLIST]
    assert {item.state for item in others} == {UNKNOWN}


async def test_a_closed_port_of_ours_is_a_fault_of_ours(tmp_path: Path) -> None:
    health = await looked(tmp_path, {}, {**PORTS, ("203.0.113.196", 443): Closed()})
    assert found(health, PROBLEM) == {("host", "clock.example.test:443")}


SHUT = {("203.0.113.196", 80): Closed(), ("203.0.113.196", 443): Closed()}


@pytest.mark.parametrize("control", ["", DOMAIN], ids=["nobody else is tried", "nor is our mail host reached"])
async def test_hosts_of_ours_are_unknown_while_nobody_is_reached(tmp_path: Path, control: str) -> None:
    health = await looked(tmp_path, {}, SHUT, replace(VENDOR, control_domain=control))
    assert found(health, PROBLEM) == set()
    assert found(health, UNKNOWN) == {("host", "clock.example.test:80"), ("host", "clock.example.test:443")}


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({"control_domain": DOMAIN}, ("203.0.113.195", 25)),
        ({"responders": (ResponderHost("out.example.test", (59777,)),)}, ("203.0.113.195", 59777)),
        ({"hosts": (*VENDOR.hosts, VendorHost("out.example.test", (80,)))}, ("203.0.113.195", 80)),
    ],
    ids=["our mail host", "a test point", "another host"],
)
async def test_hosts_of_ours_are_down_while_anybody_is_reached(
    tmp_path: Path, changes: dict[str, Any], other: tuple[str, int]
) -> None:
    zone: Records = {"TXT": ('"v=spf1 ip4:203.0.113.195 -all"',), "MX": ("10 out.example.test.",)}
    health = await looked(tmp_path, {DOMAIN: zone}, {**SHUT, other: Http()}, replace(VENDOR, **changes))
    assert found(health, PROBLEM) == {("host", "clock.example.test:80"), ("host", "clock.example.test:443")}


async def test_of_a_network_both_ends_are_looked_at(tmp_path: Path) -> None:
    """Not every address of it need send, so an end without a name is no fault."""
    profile = Vendor(slug="n", name="N", senders=("c@example.test",), addresses=("203.0.113.192/29",))
    health = await looked(tmp_path, {DOMAIN: {"TXT": ('"v=spf1 ip4:203.0.113.192/29 -all"',)}}, profile=profile)
    assert found(health, PROBLEM) == set()
    assert found(health, UNKNOWN) == {("ptr", "203.0.113.192"), ("ptr", "203.0.113.199")}


# --- what it means for cases ---


async def judged(scenario: Scenario, net: LiveNetwork) -> Diagnosis:
    chosen = article(scenario.article)
    assert chosen is not None
    profile = vendor(chosen.vendor)
    address = parse_address(scenario.address, extra_suffixes=frozenset({"test"}))
    evidence = await observe(
        (one for one in registry.probes() if registry.tier_of(one.observes) == 0), Target(address, profile), net
    )
    now = datetime.now(UTC)
    transmission = await sender("direct", net).send(MESSAGE, profile.senders[0], address)
    told: list[object] = [
        await measure(profile, net, LISTS),
        TestMessageReport(scenario.domain, now, transmission),
    ]
    if scenario.customer_says == "arrived" and transmission.outcome is SendOutcome.ACCEPTED:
        told.append(TestCodeTyped(5))
    for one in told:
        evidence.add(Seen(type(one), Vantage.SERVER, now, one))
    return diagnose(evidence, causes={tag: remedy.cause for tag, remedy in remedies().items()}, tier=0)


@pytest.mark.parametrize(
    "scenario", [one for one in scenarios() if one.article in OUR_SIDE], ids=lambda scenario: scenario.slug
)
async def test_our_faults_are_named_where_they_explain_the_case(tmp_path: Path, scenario: Scenario) -> None:
    async with playing(tmp_path, [scenario]) as net:
        diagnosis = await judged(scenario, net)
    named = diagnosis.causes[0].cause if diagnosis.causes else ""
    assert (named, diagnosis.verdict) == (scenario.expects, scenario.verdict)
    answer = diagnosis.answer("our-side")
    assert answer is not None
    assert answer.findings
