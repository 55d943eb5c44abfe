"""Failing name servers, kinds of addresses, and the policies of the recipient, with the network as a dictionary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import registry
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    DnsAnswer,
    DnsStatus,
    Evidence,
    Gap,
    PolicyFetch,
    SmtpConversation,
)
from diagnostics.probes.address_form import AddressForm
from diagnostics.probes.dns_trust import DnsTrust, FailedName
from diagnostics.probes.mta_sts_policy import LONGEST_AGE, Mode, MtaStsPolicy, Policy, read_policy
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.probes.mx_families import MxFamilies
from diagnostics.probes.recipient_policies import Dane, RecipientPolicies
from diagnostics.runner import observe
from tests.diagnostics.networks import VENDOR, WrittenNetwork, target

SILENT, NO_DATA, GONE = DnsStatus.UNANSWERED, DnsStatus.NO_DATA, DnsStatus.NO_SUCH_NAME
Prepared = dict[tuple[str, str], tuple[str, ...] | DnsStatus | DnsAnswer]

FAILS = DnsAnswer(SILENT, confirmed_by=0, failed_by=2)
ANSWERS = ("ns.example.org. h.example.org. 1 1 1 1 1",)
CONTROL = ("bfabc3743295.timeclock.example.net", "A")
"""A name below the control domain that belongs to example.org alone."""


async def evidence_for(kind: type[object], net: WrittenNetwork, **about: object) -> Evidence:
    probe = registry.probe_for(kind)
    assert probe is not None
    return await observe([probe], target(**about), net)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("anna@example.org", AddressForm("example.org")),
        ("info@example.org", AddressForm("example.org", role=True)),
        ("anna@mailinator.com", AddressForm("mailinator.com", disposable=True)),
        ("anna@xn--bcher-kva.example", AddressForm("xn--bcher-kva.example", written="bücher.example")),
        (
            "anna@xn--gmil-63d.com",
            AddressForm("xn--gmil-63d.com", written="gm\u0430il.com", looks_like="gmail.com", mixed_scripts=True),
        ),
    ],
    ids=["a person", "a role", "throw-away", "umlaut", "look-alike"],
)
async def test_an_address_says_what_it_is(address: str, form: AddressForm) -> None:
    assert (await evidence_for(AddressForm, WrittenNetwork(), address=address))[AddressForm] == form


MX_FAILS: Prepared = {("example.org", "SOA"): ANSWERS, ("example.org", "MX"): FAILS, CONTROL: GONE}


@pytest.mark.parametrize(
    ("changed", "unchecked", "trust"),
    [
        ({}, {}, DnsTrust("example.org", (FailedName("example.org", "MX", 2),), control_answered=True)),
        (
            {("example.org", "MX"): replace(FAILS, failed_by=1, extended_errors=(6,))},
            {("example.org", "MX"): ("10 mx.example.org.",)},
            DnsTrust("example.org", (FailedName("example.org", "MX", 1, (6,), True),), control_answered=True),
        ),
        ({CONTROL: SILENT}, {}, DnsTrust("example.org", (FailedName("example.org", "MX", 2),), control_answered=False)),
        ({("example.org", "MX"): SILENT}, {}, DnsTrust("example.org")),
    ],
    ids=["fails", "answers without checking", "the control fails too", "silence is no failure"],
)
async def test_name_servers_that_fail_are_asked_why(changed: Prepared, unchecked: Prepared, trust: DnsTrust) -> None:
    net = WrittenNetwork({**MX_FAILS, **changed}, unchecked=unchecked)
    assert (await evidence_for(DnsTrust, net))[DnsTrust] == trust


async def test_mail_hosts_that_cannot_be_looked_up_are_examined_where_none_else_works() -> None:
    prepared: Prepared = {
        ("example.org", "SOA"): ANSWERS,
        ("example.org", "MX"): ("10 mx.example.net.",),
        ("mx.example.net", "A"): FAILS,
        ("mx.example.net", "AAAA"): FAILS,
        CONTROL: GONE,
    }
    assert (await evidence_for(DnsTrust, WrittenNetwork(prepared)))[DnsTrust].failed == (
        FailedName("mx.example.net", "A", 2),
    )


async def test_where_everything_answers_nothing_more_is_asked() -> None:
    net = WrittenNetwork({("example.org", "SOA"): ANSWERS, ("example.org", "MX"): ("0 .",)})
    assert (await evidence_for(DnsTrust, net))[DnsTrust] == DnsTrust("example.org")


async def test_without_a_control_domain_nobody_knows_whose_trouble_it_is() -> None:
    evidence = await evidence_for(DnsTrust, WrittenNetwork(MX_FAILS), vendor=replace(VENDOR, control_domain=""))
    assert evidence[DnsTrust].control_answered is None


async def test_an_mx_that_is_an_alias_is_noticed() -> None:
    net = WrittenNetwork(
        {
            ("example.org", "MX"): ("10 mx.example.org.",),
            ("mx.example.org", "A"): DnsAnswer(DnsStatus.OK, ("192.0.2.1",), alias_of="host.example.org"),
            ("mx.example.org", "AAAA"): NO_DATA,
        }
    )
    assert [host.alias_of for host in (await evidence_for(MxAddresses, net))[MxAddresses].hosts] == ["host.example.org"]


@pytest.mark.parametrize(
    ("a", "aaaa", "vendor", "families"),
    [
        (("192.0.2.1",), ("2001:db8::1",), VENDOR, MxFamilies(("mx.example.org",), True, True, None)),
        (
            NO_DATA,
            ("2001:db8::1",),
            replace(VENDOR, addresses=("198.51.100.0/24",)),
            MxFamilies(("mx.example.org",), False, True, False),
        ),
        (
            NO_DATA,
            ("2001:db8::1",),
            replace(VENDOR, addresses=("198.51.100.0/24",), sending_addresses=("2001:db8:1::/64",)),
            MxFamilies(("mx.example.org",), False, True, True),
        ),
    ],
    ids=["both", "IPv6 alone, we have none", "IPv6 alone, we send over it"],
)
async def test_address_families_are_told_apart(a, aaaa, vendor, families) -> None:
    net = WrittenNetwork(
        {("example.org", "MX"): ("10 mx.example.org.",), ("mx.example.org", "A"): a, ("mx.example.org", "AAAA"): aaaa}
    )
    assert (await evidence_for(MxFamilies, net, vendor=vendor))[MxFamilies] == families


async def test_a_silent_answer_is_no_missing_ipv4() -> None:
    net = WrittenNetwork(
        {
            ("example.org", "MX"): ("10 mx.example.org.",),
            ("mx.example.org", "A"): SILENT,
            ("mx.example.org", "AAAA"): ("2001:db8::1",),
        }
    )
    seen = (await evidence_for(MxFamilies, net)).latest(MxFamilies)
    assert seen is not None
    assert seen.gap is Gap.NOT_ALL_TRIED


async def test_the_recipients_policies_are_written_down() -> None:
    net = WrittenNetwork(
        {
            ("example.org", "MX"): ("10 mx.example.org.",),
            ("_dmarc.example.org", "TXT"): ('"v=DMARC1; p=reject; " "pct=100"',),
            ("_25._tcp.mx.example.org", "TLSA"): DnsAnswer(DnsStatus.OK, ("3 1 1 abcd",), authentic=True),
        }
    )
    assert (await evidence_for(RecipientPolicies, net))[RecipientPolicies] == RecipientPolicies(
        "example.org", "v=DMARC1; p=reject; pct=100", (Dane("mx.example.org", 1, authentic=True),)
    )


async def test_policies_that_could_not_be_looked_up_are_named() -> None:
    net = WrittenNetwork({("example.org", "MX"): ("0 .",), ("_dmarc.example.org", "TXT"): SILENT})
    assert (await evidence_for(RecipientPolicies, net))[RecipientPolicies].unanswered == ("_dmarc.example.org",)


GOOD = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmx: *.Mail.example.org\nmax_age: 86400\n"
FITS = Policy(Mode.ENFORCE, ("mx.example.org", "*.mail.example.org"), 86400)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (GOOD, FITS),
        (GOOD.replace("\n", "\r\n"), FITS),
        (GOOD.replace("mode: ", "mode:") + "mode: none\nfuture: thing\n\n", FITS),
        ("version: STSv1\nmode: none\nmax_age: 0", Policy(Mode.NONE)),
        (
            "version: STSv1\nmode: testing\nmx: a.test\nmax_age: 999999999999",
            Policy(Mode.TESTING, ("a.test",), LONGEST_AGE),
        ),
        (GOOD.replace("STSv1", "STSv2"), None),
        (GOOD.replace("enforce", "strict"), None),
        (GOOD.replace("86400", "a day"), None),
        (GOOD.replace("mx:", "xm:"), None),
        ("<html>not found</html>", None),
        ("", None),
    ],
    ids=[
        "good", "CRLF", "repeated and unknown keys", "none", "too old", "version", "mode", "age", "no hosts", "page",
        "empty",
    ],
)  # fmt: skip
def test_a_policy_file_is_read_strictly(text: str, policy: Policy | None) -> None:
    assert read_policy(text) == policy


@given(st.text(max_size=400) | st.text("versionmx:STSv1\n e*.0123456789²", max_size=200))
def test_no_text_makes_the_policy_reader_raise(text: str) -> None:
    policy = read_policy(f"version: STSv1\nmode: enforce\n{text}\nmx: a.test\nmax_age: 1")
    assert policy is None or policy.allows(text) in (True, False)
    read_policy(text)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("mx.example.org", True),
        ("MX.example.org.", True),
        ("a.mail.example.org", True),
        ("mail.example.org", False),
        ("a.b.mail.example.org", False),
        ("mx.example.net", False),
    ],
)
def test_a_wildcard_stands_for_one_label(host: str, allowed: bool) -> None:
    assert FITS.allows(host) is allowed


@pytest.mark.parametrize(
    ("texts", "fetch", "policy"),
    [
        (('"v=STSv1; id=1"',), PolicyFetch(ConnectOutcome.OPEN, 200, GOOD), FITS),
        (('"v=STSv1; id=1"',), PolicyFetch(ConnectOutcome.OPEN, 404), None),
        (('"v=STSv1; id=1"',), PolicyFetch(ConnectOutcome.TLS_FAILURE, detail="expired"), None),
    ],
    ids=["fetched", "missing", "certificate"],
)
async def test_an_announced_policy_is_fetched(texts, fetch, policy) -> None:
    net = WrittenNetwork({("_mta-sts.example.org", "TXT"): texts}, policies={"example.org": fetch})
    seen = (await evidence_for(MtaStsPolicy, net))[MtaStsPolicy]
    assert (seen.announced, seen.policy, seen.fetched, seen.detail) == (True, policy, fetch.outcome, fetch.detail)


@pytest.mark.parametrize("texts", [NO_DATA, ('"v=spf1 -all"',), ('"v=STSv1; id=1"', '"v=STSv1; id=2"')])
async def test_without_one_announcement_no_policy_is_fetched(texts) -> None:
    net = WrittenNetwork({("_mta-sts.example.org", "TXT"): texts})
    assert (await evidence_for(MtaStsPolicy, net))[MtaStsPolicy] == MtaStsPolicy("example.org", announced=False)


@dataclass
class CountingNetwork(WrittenNetwork):
    """Has everything that probes look for, and counts the different questions: the resolver asks equal ones once."""

    asked: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    hosts: int = 2

    async def resolve(self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True) -> DnsAnswer:
        self.asked[name, rdtype, unchecked] += 1
        if rdtype == "MX":
            return DnsAnswer(DnsStatus.OK, tuple(f"10 mx{number}.example.org." for number in range(self.hosts)))
        records = {"A": ("192.0.2.1",), "AAAA": ("2001:db8::1",), "SOA": ANSWERS}
        return DnsAnswer(DnsStatus.OK, records[rdtype]) if rdtype in records else DnsAnswer(NO_DATA)

    async def connect(self, host: str, port: int, *, tls: bool = False) -> Connection:
        return Connection(host, port, ConnectOutcome.OPEN)

    async def converse(self, host: str, addresses: tuple[str, ...]) -> SmtpConversation:
        return SmtpConversation(host, ConnectOutcome.OPEN)


@pytest.mark.parametrize("hosts", [1, 2, 5])
async def test_a_case_asks_at_most_forty_questions(hosts: int) -> None:
    net = CountingNetwork(hosts=hosts)
    await observe(registry.probes(), target(), net)
    assert len(net.asked) <= 40, sorted(net.asked)
