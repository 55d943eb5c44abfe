"""What DNS and the recipient's policies prove, hint at, or leave open."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics import registry
from diagnostics.checks.address import kind_of_address, letters_that_look_like_others
from diagnostics.checks.dns_trust import name_servers_answer
from diagnostics.checks.mx_reach import every_mail_host_is_alive, reachable_over_ipv4
from diagnostics.checks.routing import domain_exists, mail_hosts_are_no_aliases, mail_hosts_exist
from diagnostics.checks.tls_policy import policy_can_be_kept, policy_names_the_mail_hosts
from diagnostics.domain import (
    ConnectOutcome,
    DnsStatus,
    Finding,
    NotApplicable,
    Severity,
    SmtpConversation,
    SmtpReply,
    SmtpStage,
    Unobserved,
)
from diagnostics.probes.address_form import AddressForm
from diagnostics.probes.dns_trust import DnsTrust, FailedName
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mta_sts_policy import Mode, MtaStsPolicy, Policy
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_addresses import HostForm, MailHost, MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.mx_families import MxFamilies
from diagnostics.probes.recipient_policies import Dane, RecipientPolicies

HERE = DomainStatus("example.org", exists=True)


def said(findings: Iterable[Finding]) -> list[str]:
    """Each tag with its weight: `dns.lame proves`, `mx.alias notes`."""
    return [f"{one.tag} {'notes' if one.severity is Severity.NOTE else one.strength.value}" for one in findings]


@pytest.mark.parametrize(
    ("confirmed_by", "weight"), [(2, "proves"), (1, "hints"), (0, "hints")], ids=["two", "one", "not even a name"]
)
def test_that_a_domain_is_gone_takes_two_name_servers(confirmed_by: int, weight: str) -> None:
    gone = DomainStatus("example.org", exists=False, confirmed_by=confirmed_by)
    assert said(domain_exists(gone)) == [f"domain.gone {weight}"]


@pytest.mark.parametrize(
    ("failed_by", "errors", "unchecked", "control", "expected"),
    [
        (2, (), True, True, ["dns.bogus proves"]),
        (1, (7,), True, True, ["dns.bogus proves"]),
        (1, (1,), True, True, ["dns.bogus hints"]),
        (1, (), True, None, ["dns.bogus hints"]),
        (2, (), False, True, ["dns.lame proves"]),
        (2, (), False, None, ["dns.lame hints"]),
        (1, (22,), False, True, ["dns.lame hints"]),
        (1, (23,), False, None, ["dns.lame hints"]),
        (1, (), False, True, []),
        (2, (), True, False, []),
        (2, (22,), False, False, []),
    ],
    ids=[
        "bogus by two", "bogus, expired", "bogus, unsupported", "bogus by one", "lame by two", "lame, no control",
        "nobody there", "network error", "one fails", "control fails, bogus", "control fails, lame",
    ],
)  # fmt: skip
def test_failing_name_servers_are_weighed(failed_by, errors, unchecked, control, expected) -> None:
    failed = FailedName("example.org", "MX", failed_by, errors, unchecked)
    assert said(name_servers_answer(DnsTrust("example.org", (failed,), control))) == expected


def test_name_servers_that_do_not_fail_are_no_finding() -> None:
    assert said(name_servers_answer(DnsTrust("example.org"))) == []


def host(name: str = "mx.example.org", *addresses: str, form: HostForm = HostForm.NAME, alias_of: str = "") -> MailHost:
    status = DnsStatus.OK if addresses else DnsStatus.NO_SUCH_NAME
    return MailHost(name, 10, form, status, addresses, alias_of=alias_of)


UP, ROOT = host("mx.example.org", "192.0.2.1"), host("", form=HostForm.ROOT)
MX = MxRecords(DnsStatus.OK, (MxHost(10, "mx.example.org"),))


def test_a_null_mx_beside_a_host_that_works_contradicts_itself() -> None:
    mx = MxRecords(DnsStatus.OK, (MxHost(0, ""), MxHost(10, "mx.example.org")))
    assert said(mail_hosts_exist(mx, HERE, MxAddresses((ROOT, UP)))) == ["mx.contradictory hints"]
    assert said(mail_hosts_exist(mx, HERE, MxAddresses((ROOT, host())))) == ["mx.broken proves"]


def test_an_alias_is_only_a_note() -> None:
    alias = host("mx.example.org", "192.0.2.1", alias_of="host.example.org")
    assert said(mail_hosts_are_no_aliases(MxAddresses((alias,)))) == ["mx.alias notes"]
    assert said(mail_hosts_are_no_aliases(MxAddresses((alias,), implicit=True))) == []
    assert said(mail_hosts_are_no_aliases(MxAddresses((UP,)))) == []


def talk(
    name: str = "mx.example.org", outcome: ConnectOutcome = ConnectOutcome.OPEN, *, starttls: bool = True
) -> SmtpConversation:
    replies = (SmtpReply(SmtpStage.EHLO, 250, name),) if outcome is ConnectOutcome.OPEN else ()
    return SmtpConversation(name, outcome, replies=replies, starttls_offered=starttls)


TALKS, REFUSES = MxConversations((talk(),)), MxConversations((talk(outcome=ConnectOutcome.UNREACHABLE),))


@pytest.mark.parametrize(
    ("ipv4", "sender_ipv6", "conversations", "expected"),
    [
        (True, False, REFUSES, []),
        (False, False, TALKS, ["mx.ipv6-only hints"]),
        (False, None, REFUSES, ["mx.ipv6-only hints"]),
        (False, None, None, ["mx.ipv6-only hints"]),
        (False, None, TALKS, ["mx.ipv6-only notes"]),
        (False, True, TALKS, ["mx.ipv6-only notes"]),
    ],
    ids=["both", "we send over IPv4", "out of reach", "not tried", "reached from here", "we send over IPv6"],
)
def test_ipv6_alone_is_out_of_reach_for_some(ipv4, sender_ipv6, conversations, expected) -> None:
    families = MxFamilies(("mx.example.org",), ipv4, ipv6=True, sender_ipv6=sender_ipv6)
    assert said(reachable_over_ipv4(families, conversations)) == expected


@pytest.mark.parametrize(
    ("hosts", "conversations", "expected"),
    [
        ((UP,), (talk(),), []),
        ((UP, host("old.example.org")), (talk(),), ["mx.partly-dead notes"]),
        ((UP, UP), (talk(), talk("b.example.org", ConnectOutcome.FILTERED)), ["mx.partly-dead notes"]),
        ((UP, UP), (talk(), talk("b.example.org", ConnectOutcome.UNREACHABLE)), []),
        ((UP, replace(host(), status=DnsStatus.UNANSWERED)), (talk(),), []),
        ((UP, host("old.example.org")), (talk(outcome=ConnectOutcome.REFUSED),), []),
    ],
    ids=["one, alive", "one is gone", "one is closed", "no way from here", "one not looked up", "none alive"],
)
def test_one_dead_mail_host_of_several_is_only_a_note(hosts, conversations, expected) -> None:
    assert said(every_mail_host_is_alive(MxConversations(conversations), MxAddresses(hosts))) == expected


FITS, OTHER = Policy(Mode.ENFORCE, ("*.example.org",), 9), Policy(Mode.ENFORCE, ("mx.example.net",), 9)


@pytest.mark.parametrize(
    ("sts", "expected"),
    [
        (None, []),
        (MtaStsPolicy("example.org", False), []),
        (MtaStsPolicy("example.org", True, FITS, ConnectOutcome.OPEN, 200), []),
        (MtaStsPolicy("example.org", True, OTHER, ConnectOutcome.OPEN, 200), ["tls.policy-broken hints"]),
        (MtaStsPolicy("example.org", True, replace(OTHER, mode=Mode.TESTING), ConnectOutcome.OPEN, 200), []),
        (MtaStsPolicy("example.org", True, None, ConnectOutcome.TLS_FAILURE), ["tls.policy-unreadable notes"]),
        (MtaStsPolicy("example.org", True, None, ConnectOutcome.FILTERED), []),
    ],
    ids=["unknown", "none", "fits", "names another host", "testing", "certificate", "our way there"],
)
def test_an_enforced_policy_must_name_the_mail_hosts(sts, expected) -> None:
    assert said(policy_names_the_mail_hosts(MX, sts)) == expected


def test_a_domain_without_mail_hosts_has_no_policy_to_break() -> None:
    with pytest.raises(NotApplicable):
        said(policy_names_the_mail_hosts(MxRecords(DnsStatus.NO_DATA), None))


ENFORCED = MtaStsPolicy("example.org", True, FITS, ConnectOutcome.OPEN, 200)
BOUND = RecipientPolicies("example.org", dane=(Dane("mx.example.org", 1, authentic=True),))
UNBOUND = RecipientPolicies("example.org", dane=(Dane("mx.example.org", 1, authentic=False),))


@pytest.mark.parametrize(
    ("starttls", "sts", "published", "expected"),
    [
        (True, ENFORCED, BOUND, []),
        (False, None, None, []),
        (False, None, UNBOUND, []),
        (False, ENFORCED, None, ["tls.policy-broken hints"]),
        (False, None, BOUND, ["tls.policy-broken hints"]),
    ],
    ids=["offered", "not demanded", "TLSA without DNSSEC", "MTA-STS", "DANE"],
)
def test_what_demands_encryption_must_offer_it(starttls, sts, published, expected) -> None:
    mx = MxConversations((talk(starttls=starttls), talk("b.example.org", ConnectOutcome.REFUSED, starttls=False)))
    assert said(policy_can_be_kept(mx, sts, published)) == expected


def test_kinds_of_addresses_are_notes_and_look_alikes_hints() -> None:
    assert said(kind_of_address(AddressForm("example.org"))) == []
    both = AddressForm("mailinator.com", role=True, disposable=True)
    assert said(kind_of_address(both)) == ["address.role notes", "address.disposable notes"]
    alike = AddressForm("xn--gmil-63d.com", written="gm\u0430il.com", looks_like="gmail.com")
    mixed = AddressForm("xn--example", written="\u043efice.test", mixed_scripts=True)
    assert said(letters_that_look_like_others(alike)) == ["address.homograph hints"]
    assert said(letters_that_look_like_others(mixed)) == ["address.homograph hints"]
    assert said(letters_that_look_like_others(AddressForm("xn--bcher-kva.de", written="bücher.de"))) == []


TOPICS = ("address", "dns_trust", "mx_reach", "routing", "tls_policy")
CHECKS = [one for one in registry.checks() if one.name.partition(".")[0] in TOPICS]


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.name)
def test_whatever_was_observed_no_check_raises(one: registry.Check) -> None:
    """But for saying that something is unknown, or does not apply."""
    seen = (st.from_type(kind) for kind in one.reads)
    perhaps = (st.none() | st.from_type(kind) for kind in one.may_read)

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.tuples(*seen, *perhaps))
    def judged(observations: tuple[object, ...]) -> None:
        with suppress(NotApplicable, Unobserved):
            assert {finding.tag for finding in one.judge(*observations)} <= one.emits

    judged()
