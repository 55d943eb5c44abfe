"""Nobody's DNS leads us inside, however it is written and whatever of ours asks.

The guard, the resolver and every probe are those of production: no lab, no dial map, no closed network. Only the name
server is the attacker's.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from ipaddress import ip_address
from itertools import cycle

import dns.message
import dns.rcode
import pytest

from diagnostics import registry
from diagnostics.addresses import BadAddress, parse_address
from diagnostics.domain import (
    Address,
    ConnectOutcome,
    Evidence,
    Gap,
    ResponderHost,
    SendOutcome,
    VendorHost,
)
from diagnostics.health import Lists, measure
from diagnostics.net.config import PORTS, parse_endpoint
from diagnostics.net.post import post
from diagnostics.net.senders import sender
from diagnostics.probes.mx_addresses import MOST_HOSTS, MxAddresses
from diagnostics.runner import observe
from diagnostics.services.webhook_urls import UnusableUrl, receiver_of
from tests.attacks.inside import Inside, host_names, production, spellings
from tests.diagnostics.net.conftest import Answer, NameServer, listener, reply
from tests.diagnostics.networks import VENDOR, target

VICTIM = "victim.example.org"
KINDS = spellings("127.0.0.2")
PORTLESS = tuple(PORTS)
NOWHERE = {ConnectOutcome.NOT_PUBLIC, ConnectOutcome.DNS_FAILURE, ConnectOutcome.DNS_UNANSWERED}
WHOLE = replace(
    VENDOR,
    hosts=(VendorHost("clock.example.net", PORTLESS, (443,)),),
    responders=(ResponderHost("check.example.net", PORTLESS),),
)


async def test_everything_that_we_ask_for_leads_inside(dns_server: NameServer, inner: Inside) -> None:
    """MX, MTA-STS, autodiscover, SPF, responders, the vendor's hosts: whoever is looked up, it is the inside."""
    dns_server.default = everything_is(*spellings(inner.address).values())
    net = production(nameservers=(dns_server.endpoint,))
    evidence = await observe(registry.probes(), target(f"anna@{VICTIM}", WHOLE), net)
    assert Gap.FAULT not in {seen.gap for seen in evidence}
    assert {len(host.addresses) for host in evidence[MxAddresses].hosts} == {len(KINDS)}, "the attack has begun"
    assert dialled(evidence) == {ConnectOutcome.NOT_PUBLIC}
    await measure(WHOLE, net, Lists())
    assert_that_only_dns_was_asked(inner, dns_server)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_that_leads_inside(dns_server: NameServer, inner: Inside, kind: str) -> None:
    address = spellings(inner.address)[kind]
    dns_server.default = everything_is(address)
    net = production(nameservers=(dns_server.endpoint,))
    for port in PORTS:
        assert (await net.connect(VICTIM, port)).outcome is ConnectOutcome.NOT_PUBLIC
        assert (await net.connect(address, port)).outcome is ConnectOutcome.NOT_PUBLIC
    assert (await net.converse("mx.example.net", ())).outcome is ConnectOutcome.NOT_PUBLIC
    assert (await net.converse("mx.example.net", (address,))).outcome is ConnectOutcome.NOT_PUBLIC
    assert (await net.fetch_policy(VICTIM)).outcome is ConnectOutcome.NOT_PUBLIC
    assert (await net.fetch_echo("check.example.net", 443)).outcome is ConnectOutcome.NOT_PUBLIC
    posted = await post(net.dialer, "hooks.example.net", 443, "/", headers={}, body=b"x")
    assert posted.outcome is ConnectOutcome.NOT_PUBLIC
    transmission = await sender("direct", net).send(b"Subject: x\r\n\r\nx\r\n", "", Address("anna", VICTIM))
    assert transmission.outcome is SendOutcome.UNREACHABLE
    assert_that_only_dns_was_asked(inner, dns_server)


@pytest.mark.parametrize("found", [True, False], ids=["with an address record", "without any"])
async def test_mail_hosts_that_are_written_as_addresses(dns_server: NameServer, inner: Inside, found: bool) -> None:
    dns_server.default = everything_is(inner.address) if found else dns.rcode.NXDOMAIN
    net = production(nameservers=(dns_server.endpoint,))
    written = host_names(inner.address)
    for first in range(0, len(written), MOST_HOSTS):
        domain = f"victim-{first}.example.org"
        dns_server.records[domain, "MX"] = [f"10 {one}." for one in written[first : first + MOST_HOSTS]]
        evidence = await observe(registry.probes(), target(f"anna@{domain}"), net)
        assert Gap.FAULT not in {seen.gap for seen in evidence}
        assert {host.name for host in evidence[MxAddresses].hosts} <= {one.lower() for one in written}
        assert dialled(evidence) <= NOWHERE
        transmission = await sender("direct", net).send(b"Subject: x\r\n\r\nx\r\n", "", Address("anna", domain))
        assert transmission.outcome is SendOutcome.UNREACHABLE
    for host in written:
        assert (await net.connect(host, 443)).outcome in NOWHERE
        assert (await net.converse(host, ())).outcome in NOWHERE
        assert (await net.fetch_policy(host)).outcome in NOWHERE
    assert_that_only_dns_was_asked(inner, dns_server)


@pytest.mark.parametrize("hops", [1, 7, 8, 9, "for ever"])
async def test_a_chain_of_aliases_that_ends_inside(dns_server: NameServer, inner: Inside, hops: int | str) -> None:
    names = [f"a{n}.example.net" for n in range(hops + 1 if isinstance(hops, int) else 3)]
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        for kind in ("A", "AAAA"):
            dns_server.records[name, kind] = [f"CNAME {other}."]
    if isinstance(hops, int):
        dns_server.records |= {(names[-1], "A"): [inner.address], (names[-1], "AAAA"): ["::1"]}
    dns_server.records[VICTIM, "MX"] = [f"10 {names[0]}."]
    net = production(nameservers=(dns_server.endpoint,))
    evidence = await observe(registry.probes(), target(f"anna@{VICTIM}"), net)
    assert Gap.FAULT not in {seen.gap for seen in evidence}
    for port in PORTS:
        seen = await net.connect(names[0], port)
        assert seen.outcome in (ConnectOutcome.NOT_PUBLIC, ConnectOutcome.DNS_UNANSWERED)
    assert_that_only_dns_was_asked(inner, dns_server)


async def test_a_name_that_turns_inward_with_every_answer(dns_server: NameServer, inner: Inside) -> None:
    """DNS rebinding: no answer may be kept, and every second one is the inside. One public address is stood in for."""
    outward_and_inward = cycle(("203.0.113.9", inner.address))

    def turning(server: NameServer, query: dns.message.Message) -> list[bytes]:
        return [reply(query, [next(outward_and_inward)], ttl=0).to_wire()]

    dns_server.records = {("mx.example.net", "A"): turning, ("mx.example.net", "AAAA"): []}
    dns_server.records[VICTIM, "MX"] = ["10 mx.example.net."]
    async with listener() as outside:
        port = 25 if 25 in inner.ports else 59777
        net = production(
            nameservers=(dns_server.endpoint,),
            dial_map={f"203.0.113.9:{port}": outside.endpoint, "203.0.113.9:443": outside.endpoint},
        )
        outcomes = [(await net.connect("mx.example.net", port)).outcome for _ in range(20)]
        for _ in range(4):
            await observe(registry.probes(), target(f"anna@{VICTIM}"), net)
    assert outcomes == [ConnectOutcome.OPEN, ConnectOutcome.NOT_PUBLIC] * 10
    assert outside.connections >= 10
    mapped = {("127.0.0.1", int(outside.endpoint.rpartition(":")[2]))}
    assert set(inner.reached) <= mapped


@pytest.mark.parametrize("nth", range(len(host_names("127.0.0.2"))), ids=host_names("127.0.0.2"))
def test_nobody_types_an_inner_address_as_the_domain_of_theirs(nth: int) -> None:
    written = host_names("127.0.0.2")[nth]
    for domain in (written, f"{written}.", written.replace(".", "。"), written.replace("1", "１")):
        with pytest.raises(BadAddress):
            parse_address(f"anna@{domain}", extra_suffixes=frozenset({"test"}))


@pytest.mark.parametrize(
    "written", [*(f"[{one}]" if ":" in one else one for one in KINDS.values()), *host_names("127.0.0.2")[1:-2]]
)
def test_no_webhook_is_sent_to_an_inner_address(written: str, settings) -> None:
    settings.LAB = False
    with pytest.raises(UnusableUrl):
        receiver_of(f"https://{written}/hook")


async def test_the_listeners_would_notice(inner: Inside) -> None:
    """The same network, told that this host is one of the vendor's own."""
    net = production(inside=(f"{inner.address}/32",))
    for port in inner.ports:
        assert (await net.connect(inner.address, port)).outcome is ConnectOutcome.OPEN
    assert inner.connections == len(inner.ports) >= 2
    assert set(inner.reached) == {(inner.address, port) for port in inner.ports}


async def test_the_system_would_be_noticed_to_look_up_a_name(inner: Inside) -> None:
    with pytest.raises(socket.gaierror):
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "nobody.invalid", 25)
    assert inner.looked_up == ["nobody.invalid"]


def everything_is(*addresses: str) -> Answer:
    """Whatever is asked for, it is there and leads to the addresses."""
    v4 = [one for one in addresses if ip_address(one).version == 4]
    v6 = [one for one in addresses if ip_address(one).version == 6]
    policy = " ".join([*(f"ip4:{one}" for one in v4[:2]), *(f"ip6:{one}" for one in v6[:2])])
    records = {
        "A": v4,
        "AAAA": v6,
        "MX": ["10 mx.example.net.", f"20 {VICTIM}."],
        "TXT": [
            f'"v=spf1 include:spf.example.net a mx redirect=more.example.net {policy} -all"',
            '"v=STSv1; id=1"',
            '"v=DMARC1; p=none"',
        ],
        "SRV": ["0 0 443 autodiscover.example.net."],
        "CNAME": ["elsewhere.example.net."],
        "TLSA": ["3 1 1 " + "00" * 32],
        "PTR": ["pointed.example.net."],
        "NS": ["ns.example.net."],
    }

    def answer(server: NameServer, query: dns.message.Message) -> list[bytes]:
        kind = server.asked[-1][1]
        return [reply(query, records.get(kind, [])).to_wire()]

    return answer


def dialled(evidence: Evidence) -> set[ConnectOutcome]:
    """What became of every connection that any probe wanted, wherever in its observation it stands."""
    return set(_outcomes([seen.observation for seen in evidence]))


def _outcomes(value: object):
    if isinstance(value, ConnectOutcome):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _outcomes(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _outcomes(getattr(value, name))


def assert_that_only_dns_was_asked(inner: Inside, server: NameServer) -> None:
    assert inner.connections == 0
    asked = parse_endpoint(server.endpoint)
    assert set(inner.reached) <= {(asked.address, asked.port)}
    assert inner.looked_up == []
