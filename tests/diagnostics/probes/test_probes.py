"""Every probe with the network as a dictionary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics import registry
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    DnsStatus,
    Evidence,
    Gap,
    ProbeGroup,
    ProviderKind,
    SmtpConversation,
)
from diagnostics.probes.address_form import AddressForm
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_addresses import HostForm, MailHost, MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.port25_control import Port25Control
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.runner import observe
from tests.diagnostics.networks import VENDOR, WrittenNetwork, target

SILENT, NO_DATA, GONE = DnsStatus.UNANSWERED, DnsStatus.NO_DATA, DnsStatus.NO_SUCH_NAME


async def evidence_for(kind: type[object], net: WrittenNetwork, **about: object) -> Evidence:
    probe = registry.probe_for(kind)
    assert probe is not None
    return await observe([probe], target(**about), net)  # type: ignore[arg-type]


def gap(evidence: Evidence, kind: type[object]) -> Gap | None:
    seen = evidence.latest(kind)
    return seen.gap if seen else None


async def test_a_slip_of_the_finger_is_noticed() -> None:
    evidence = await evidence_for(AddressForm, WrittenNetwork(), address="anna@gmial.com")
    assert evidence[AddressForm] == AddressForm("gmial.com", "anna@gmail.com")


@pytest.mark.parametrize(
    ("answer", "exists"),
    [(("ns1.example.net. hostmaster.example.net. 1 1 1 1 1",), True), (NO_DATA, True), (GONE, False)],
    ids=["soa", "below a zone cut", "nxdomain"],
)
async def test_a_domain_exists_unless_its_name_does_not(answer: object, exists: bool) -> None:
    evidence = await evidence_for(DomainStatus, WrittenNetwork({("example.org", "SOA"): answer}))  # type: ignore[dict-item]
    assert evidence[DomainStatus].exists is exists


async def test_a_silent_resolver_says_nothing_about_the_domain() -> None:
    evidence = await evidence_for(DomainStatus, WrittenNetwork({("example.org", "SOA"): SILENT}))
    assert gap(evidence, DomainStatus) is Gap.RESOLVER_SILENT


async def test_mx_hosts_come_lowest_preference_first() -> None:
    net = WrittenNetwork({("example.org", "MX"): ("20 B.example.org.", "10 a.example.org.", "10 A2.example.org.")})
    assert (await evidence_for(MxRecords, net))[MxRecords].hosts == (
        MxHost(10, "a.example.org"),
        MxHost(10, "a2.example.org"),
        MxHost(20, "b.example.org"),
    )


async def test_a_null_mx_is_no_host_to_look_up() -> None:
    evidence = await evidence_for(MxAddresses, WrittenNetwork({("example.org", "MX"): ("0 .",)}))
    assert evidence[MxRecords].null
    assert gap(evidence, MxAddresses) is Gap.NO_MX


async def test_without_mx_the_domain_itself_takes_the_mail() -> None:
    net = WrittenNetwork(
        {("example.org", "MX"): NO_DATA, ("example.org", "A"): ("192.0.2.1",), ("example.org", "AAAA"): NO_DATA}
    )
    found = (await evidence_for(MxAddresses, net))[MxAddresses]
    assert found.implicit
    assert [host.addresses for host in found.usable] == [("192.0.2.1",)]


@pytest.mark.parametrize(
    ("mx", "form"),
    [
        ("10 192.0.2.7.", HostForm.LITERAL),
        ("10 2001:db8::7.", HostForm.LITERAL),
        ("10 localhost.", HostForm.LOCALHOST),
        ("10 localhost.localdomain.", HostForm.LOCALHOST),
    ],
)
async def test_what_is_no_host_name_is_not_looked_up(mx: str, form: HostForm) -> None:
    found = (await evidence_for(MxAddresses, WrittenNetwork({("example.org", "MX"): (mx,)})))[MxAddresses]
    assert [host.form for host in found.hosts] == [form]
    assert not found.usable


async def test_one_silent_answer_leaves_a_host_open() -> None:
    net = WrittenNetwork(
        {
            ("example.org", "MX"): ("10 mx.example.org.",),
            ("mx.example.org", "A"): NO_DATA,
            ("mx.example.org", "AAAA"): SILENT,
        }
    )
    found = (await evidence_for(MxAddresses, net))[MxAddresses]
    assert found.hosts == (MailHost("mx.example.org", 10, HostForm.NAME, SILENT),)


@pytest.mark.parametrize(
    ("mx", "gateway", "mailbox", "kind"),
    [
        (("10 eu-smtp-inbound-1.mimecast.com.",), "mimecast", "", ProviderKind.GATEWAY),
        (("10 mx.example.org.",), "", "", None),
        (("10 notmimecast.com.",), "", "", None),
        (
            ("10 eu-smtp-inbound-1.mimecast.com.", "20 example-org.mail.protection.outlook.com."),
            "mimecast",
            "microsoft-365",
            ProviderKind.GATEWAY,
        ),
    ],
    ids=["gateway", "own host", "not the label", "gateway and mailbox"],
)
async def test_mx_hosts_name_who_handles_the_mail(mx, gateway, mailbox, kind) -> None:
    system = (await evidence_for(MailSystem, WrittenNetwork({("example.org", "MX"): mx})))[MailSystem]
    assert (system.gateway, system.mailbox_provider, system.kind) == (gateway, mailbox, kind)


async def test_every_host_and_port_of_the_vendor_is_connected_to() -> None:
    connections = {
        ("clock.example.net", port): Connection("clock.example.net", port, ConnectOutcome.OPEN) for port in (80, 443)
    }
    evidence = await evidence_for(ServerPorts, WrittenNetwork(connections=connections))
    assert [connection.port for connection in evidence[ServerPorts].connections] == [80, 443]


async def test_a_vendor_without_hosts_has_no_ports_to_look_at() -> None:
    evidence = await evidence_for(ServerPorts, WrittenNetwork(), vendor=replace(VENDOR, hosts=()))
    seen = evidence.latest(ServerPorts)
    assert seen is not None
    assert (seen.gap, seen.applies) == (Gap.NO_HOSTS, False)


async def test_every_mail_host_is_talked_to() -> None:
    talk = SmtpConversation("mx.example.org", ConnectOutcome.OPEN)
    net = WrittenNetwork(
        {
            ("example.org", "MX"): ("10 mx.example.org.",),
            ("mx.example.org", "A"): ("192.0.2.1",),
            ("mx.example.org", "AAAA"): NO_DATA,
        },
        conversations={"mx.example.org": talk},
    )
    assert (await evidence_for(MxConversations, net))[MxConversations].conversations == (talk,)


@pytest.mark.parametrize(("aaaa", "applies"), [(SILENT, True), (NO_DATA, False)], ids=["unknown", "no host at all"])
async def test_without_a_usable_mail_host_there_is_nobody_to_talk_to(aaaa: DnsStatus, applies: bool) -> None:
    net = WrittenNetwork(
        {
            ("example.org", "MX"): ("10 mx.example.org.",),
            ("mx.example.org", "A"): NO_DATA,
            ("mx.example.org", "AAAA"): aaaa,
        }
    )
    seen = (await evidence_for(MxConversations, net)).latest(MxConversations)
    assert seen is not None
    assert (seen.observation, seen.applies) == (None, applies)


async def test_our_way_out_is_shown_on_the_vendors_own_mx() -> None:
    up = Connection("mx.example.net", 25, ConnectOutcome.OPEN)
    net = WrittenNetwork(
        {("timeclock.example.net", "MX"): ("10 mx.example.net.",)}, connections={("mx.example.net", 25): up}
    )
    assert (await evidence_for(Port25Control, net))[Port25Control].works


def test_every_group_has_a_probe_and_every_probe_a_question() -> None:
    assert {probe.group for probe in registry.probes()} == set(ProbeGroup)
    assert all(registry.describe(probe).endswith("?") for probe in registry.probes())
