"""Every check on evidence that is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnostics import registry
from diagnostics.checks.address import typo_of_a_known_domain
from diagnostics.checks.message import lets_us_in, mailbox_exists, mailbox_has_space
from diagnostics.checks.mx_answers import mail_server_talks
from diagnostics.checks.placement import held_on_the_way, in_the_inbox, only_the_second_arrives
from diagnostics.checks.ports import our_hosts_answer
from diagnostics.checks.routing import domain_exists, mail_hosts_exist
from diagnostics.checks.waiting import taken_at_once
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    DnsStatus,
    Evidence,
    Finding,
    Gap,
    NotApplicable,
    NotAsked,
    ProviderKind,
    Seen,
    SendOutcome,
    SmtpConversation,
    SmtpReply,
    SmtpStage,
    Strength,
    Transmission,
    Unobserved,
    Vantage,
)
from diagnostics.probes.address_form import AddressForm
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_addresses import HostForm, MailHost, MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.port25_control import Port25Control
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import (
    NOT_SEEN,
    ComparisonAnswer,
    ComparisonCodeTyped,
    ComparisonReport,
    MailboxAnswer,
    TestCodeTyped,
    TestMessageReport,
    Whereabouts,
)
from diagnostics.remedies import remedies
from diagnostics.replies.causes import DEFERRAL, MAILBOX, REFUSAL, SPACE, tags

P, H = Strength.PROVES, Strength.HINTS
HERE = DomainStatus("example.org", exists=True)
GONE = DomainStatus("example.org", exists=False, confirmed_by=2)
MX = MxRecords(DnsStatus.OK, (MxHost(10, "mx.example.org"),))
NO_MX = MxRecords(DnsStatus.NO_DATA)
NULL_MX = MxRecords(DnsStatus.OK, (MxHost(0, ""),))


def said(findings: object) -> list[tuple[str, Strength]]:
    assert not isinstance(findings, Finding)
    return [(finding.tag, finding.strength) for finding in findings]  # type: ignore[attr-defined]


def asked(check: object, *seen: object) -> list[tuple[str, Strength]]:
    """What the check says to these observations, wherever among its arguments they belong."""
    (one,) = (one for one in registry.checks() if one.judge is check)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    evidence = Evidence(Seen(type(what), Vantage.SERVER, at, what) for what in seen if what is not None)
    return said(one.judge(*registry.arguments(one, evidence)))


def host(form: HostForm = HostForm.NAME, status: DnsStatus = DnsStatus.OK, *addresses: str) -> MailHost:
    return MailHost("mx.example.org", 10, form, status, addresses)


WORKING = MxAddresses((host(HostForm.NAME, DnsStatus.OK, "192.0.2.1"),))
NAMELESS = MxAddresses((host(HostForm.NAME, DnsStatus.NO_SUCH_NAME),))


@pytest.mark.parametrize(
    ("form", "domain", "mx", "hosts", "system", "expected"),
    [
        (AddressForm("gmail.com"), HERE, MX, WORKING, None, []),
        (AddressForm("gmial.com", "anna@gmail.com"), HERE, MX, WORKING, MailSystem(), [("address.typo", H)]),
        (AddressForm("gmial.com", "anna@gmail.com"), GONE, None, None, None, [("address.typo", P)]),
        (AddressForm("gmial.com", "anna@gmail.com"), HERE, NULL_MX, None, None, [("address.typo", P)]),
        (
            AddressForm("gmial.com", "anna@gmail.com"),
            HERE,
            MX,
            WORKING,
            MailSystem(mailbox_provider="parking", kind=ProviderKind.PARKING),
            [("address.typo", P)],
        ),
        (AddressForm("gmial.com", "anna@gmail.com"), None, None, None, None, [("address.typo", H)]),
    ],
    ids=["no typo", "near a known domain", "and gone", "and null mx", "and parked", "and nothing else known"],
)
def test_a_typo_is_proved_by_a_domain_that_takes_no_mail(form, domain, mx, hosts, system, expected) -> None:
    assert said(typo_of_a_known_domain(form, domain, mx, hosts, system)) == expected


def test_a_domain_that_is_gone() -> None:
    assert said(domain_exists(GONE)) == [("domain.gone", P)]
    assert said(domain_exists(HERE)) == []


@pytest.mark.parametrize(
    ("mx", "hosts", "expected"),
    [
        (MX, WORKING, []),
        (NULL_MX, None, [("mx.null", P)]),
        (NO_MX, MxAddresses((host(HostForm.NAME, DnsStatus.OK, "192.0.2.1"),), implicit=True), []),
        (NO_MX, MxAddresses((host(HostForm.NAME, DnsStatus.NO_DATA),), implicit=True), [("mx.none", P)]),
        (MX, NAMELESS, [("mx.broken", P)]),
        (MX, MxAddresses((host(HostForm.LITERAL, DnsStatus.NO_DATA),)), [("mx.broken", P)]),
        (MX, MxAddresses((host(HostForm.LOCALHOST, DnsStatus.NO_DATA),)), [("mx.broken", P)]),
        (MX, MxAddresses((*NAMELESS.hosts, *WORKING.hosts)), []),
    ],
    ids=["works", "null", "implicit", "none", "names nothing", "literal", "localhost", "one of two works"],
)
def test_where_mail_goes(mx, hosts, expected) -> None:
    assert said(mail_hosts_exist(mx, HERE, hosts)) == expected


def test_mail_hosts_that_could_not_be_looked_up_are_not_called_broken() -> None:
    silent = MxAddresses((*NAMELESS.hosts, host(HostForm.NAME, DnsStatus.UNANSWERED)))
    with pytest.raises(Unobserved):
        said(mail_hosts_exist(MX, HERE, silent))


def test_the_mx_of_a_domain_that_is_gone_is_no_further_cause() -> None:
    with pytest.raises(NotApplicable):
        said(mail_hosts_exist(MxRecords(DnsStatus.NO_SUCH_NAME), GONE, None))


def conversation(outcome: ConnectOutcome, code: int = 0, text: str = "") -> SmtpConversation:
    replies = (SmtpReply(SmtpStage.BANNER, code, text.removeprefix(f"{code} ")),) if code else ()
    return SmtpConversation("mx.example.org", outcome, "192.0.2.1", replies=replies)


GREETED = replace(
    conversation(ConnectOutcome.OPEN, 220, "mx.example.org ESMTP"),
    replies=(
        SmtpReply(SmtpStage.BANNER, 220, "mx.example.org ESMTP"),
        SmtpReply(SmtpStage.EHLO, 250, "mx.example.org\nSTARTTLS"),
    ),
)
REFUSED, FILTERED = conversation(ConnectOutcome.REFUSED), conversation(ConnectOutcome.FILTERED)
RESET = replace(REFUSED, detail="connection reset")
CONTROL_UP = Port25Control(Connection("mx.example.net", 25, ConnectOutcome.OPEN))
CONTROL_DOWN = Port25Control(Connection("mx.example.net", 25, ConnectOutcome.FILTERED))
BUSY = conversation(ConnectOutcome.OPEN, 421, "421 4.7.0 Too many concurrent SMTP connections")
BANNER = SmtpReply(SmtpStage.BANNER, 220, "mx.example.org ESMTP")
DROPPED = replace(conversation(ConnectOutcome.OPEN), replies=(BANNER,), detail="connection closed")
NO_EHLO = replace(DROPPED, replies=(BANNER, SmtpReply(SmtpStage.EHLO, 550, "5.7.1 go away")))
LISTED = conversation(ConnectOutcome.OPEN, 554, "554 5.7.1 Service unavailable; blocked using zen.spamhaus.org")


@pytest.mark.parametrize(
    ("conversations", "control", "expected"),
    [
        ((GREETED,), CONTROL_UP, []),
        ((FILTERED, GREETED), None, []),
        ((REFUSED,), CONTROL_UP, [("mx.unreachable", P)]),
        ((FILTERED,), CONTROL_UP, [("mx.unreachable", P)]),
        ((REFUSED,), None, [("mx.unreachable", H)]),
        (
            (conversation(ConnectOutcome.OPEN, 554, "554 mx.example.org takes no connections today"),),
            None,
            [("mx.refuses-us", H)],
        ),
        ((LISTED,), None, [("sender.listed", H)]),
        ((RESET,), CONTROL_UP, [("mx.refuses-us", H)]),
        ((conversation(ConnectOutcome.OPEN),), None, [("mx.refuses-us", H)]),
        ((BUSY,), None, [("server.temporary", H)]),
        ((DROPPED,), None, [("mx.refuses-us", H)]),
        ((NO_EHLO,), None, [("mx.refuses-us", H)]),
        ((NO_EHLO, GREETED), None, []),
        ((conversation(ConnectOutcome.NOT_PUBLIC),), None, [("mx.broken", P)]),
    ],
    ids=[
        "greets",
        "one of two greets",
        "refused, our way out works",
        "silent, our way out works",
        "refused, our way out unknown",
        "refused by banner",
        "our address is listed",
        "resets at once, our way out works",
        "connects and hangs up",
        "busy",
        "hangs up after its banner",
        "refuses EHLO",
        "one refuses EHLO, another talks",
        "private address",
    ],
)
def test_whether_the_mail_server_talks(conversations, control, expected) -> None:
    assert said(mail_server_talks(MxConversations(conversations), WORKING, control)) == expected


@pytest.mark.parametrize("control", [CONTROL_DOWN, None], ids=["our way out is closed", "our way out is unknown"])
def test_silence_is_not_blamed_on_them_while_our_way_out_is_in_doubt(control) -> None:
    with pytest.raises(Unobserved) as caught:
        said(mail_server_talks(MxConversations((FILTERED,)), WORKING, control))
    assert caught.value.gap is Gap.EGRESS_BLOCKED


@pytest.mark.parametrize(
    ("conversations", "addresses", "gap"),
    [
        ((REFUSED,), replace(WORKING, omitted=1), Gap.NOT_ALL_TRIED),
        ((REFUSED,), MxAddresses((*WORKING.hosts, host(HostForm.NAME, DnsStatus.UNANSWERED))), Gap.NOT_ALL_TRIED),
        ((REFUSED,), MxAddresses((replace(WORKING.hosts[0], incomplete=True),)), Gap.NOT_ALL_TRIED),
        ((replace(conversation(ConnectOutcome.OPEN), detail="no reply in time"),), WORKING, Gap.TIMED_OUT),
        ((conversation(ConnectOutcome.UNREACHABLE),), WORKING, Gap.EGRESS_BLOCKED),
    ],
    ids=["too many hosts", "one could not be looked up", "half an answer", "tarpit", "no IPv6 of our own"],
)
def test_what_was_not_tried_to_the_end_is_not_blamed_on_them(conversations, addresses, gap) -> None:
    with pytest.raises(Unobserved) as caught:
        said(mail_server_talks(MxConversations(conversations), addresses, CONTROL_UP))
    assert caught.value.gap is gap


def test_hosts_that_were_left_out_are_not_called_broken() -> None:
    with pytest.raises(Unobserved):
        said(mail_hosts_exist(MX, HERE, replace(NAMELESS, omitted=2)))


def test_a_refused_connection_is_not_blamed_on_them_when_our_way_out_fails() -> None:
    with pytest.raises(Unobserved):
        said(mail_server_talks(MxConversations((REFUSED,)), WORKING, CONTROL_DOWN))


def sent(outcome: SendOutcome, code: int = 0, text: str = "", kind: type[TestMessageReport] = TestMessageReport):
    replies = (SmtpReply(SmtpStage.RCPT, code, text.removeprefix(f"{code} ")),) if text else ()
    transmission = Transmission(outcome, "direct", "mx.example.org", replies=replies)
    return kind("example.org", datetime(2026, 1, 1, tzinfo=UTC), transmission)


REFUSALS = {
    mailbox_exists: "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown",
    mailbox_has_space: "552 5.2.2 mailbox is full",
    taken_at_once: "450 4.7.1 Greylisted, please try again in 300 seconds",
    lets_us_in: "550 5.7.1 rejected by policy of this site",
}


@pytest.mark.parametrize(
    ("check", "outcome", "text", "tag"),
    [
        (mailbox_exists, SendOutcome.REFUSED, REFUSALS[mailbox_exists], "mailbox.unknown"),
        (mailbox_has_space, SendOutcome.REFUSED, REFUSALS[mailbox_has_space], "mailbox.full"),
        (mailbox_has_space, SendOutcome.DEFERRED, "452 4.2.2 over quota", "mailbox.full"),
        (taken_at_once, SendOutcome.DEFERRED, REFUSALS[taken_at_once], "greylisted"),
        (lets_us_in, SendOutcome.REFUSED, REFUSALS[lets_us_in], "policy.refused"),
        (lets_us_in, SendOutcome.REFUSED, "530 5.7.0 Must issue a STARTTLS command first", "tls.required"),
        (lets_us_in, SendOutcome.REFUSED, "554 5.7.1 blocked using zen.spamhaus.org", "sender.listed"),
    ],
)
def test_their_refusal_names_the_cause(check, outcome, text, tag) -> None:
    assert asked(check, sent(outcome, int(text[:3]), text)) == [(tag, P)]


@pytest.mark.parametrize("check", REFUSALS)
def test_a_refusal_leaves_nothing_to_ask_about_the_others(check) -> None:
    for other, text in REFUSALS.items():
        if other is not check:
            with pytest.raises(NotApplicable):
                asked(check, sent(SendOutcome.REFUSED, int(text[:3]), text))


def test_a_refusal_that_nobody_understands_is_only_a_hint() -> None:
    assert asked(lets_us_in, sent(SendOutcome.REFUSED, 0, "qwertz")) == [("refused.unclear", H)]
    assert [strength for _tag, strength in asked(lets_us_in, sent(SendOutcome.REFUSED, 550, "550 qwertz"))] == [H]


@pytest.mark.parametrize("check", REFUSALS)
def test_a_message_that_was_taken_met_no_refusal(check) -> None:
    assert asked(check, ACCEPTED) == []


@pytest.mark.parametrize("check", REFUSALS)
@pytest.mark.parametrize("outcome", [SendOutcome.UNKNOWN, SendOutcome.UNREACHABLE, SendOutcome.RELAYED])
def test_an_unknown_outcome_is_not_fine(check, outcome) -> None:
    with pytest.raises(Unobserved):
        asked(check, sent(outcome))


@pytest.mark.parametrize("check", REFUSALS)
@pytest.mark.parametrize("outcome", [SendOutcome.UNKNOWN, SendOutcome.RELAYED])
def test_what_has_arrived_met_no_refusal(check, outcome) -> None:
    assert asked(check, sent(outcome), TestCodeTyped(20)) == []


def test_a_refusal_by_our_own_relay_proves_nothing_about_them() -> None:
    relayed = Transmission(
        SendOutcome.REFUSED, "django", replies=(SmtpReply(SmtpStage.RCPT, 550, "5.1.1 user unknown"),)
    )
    report = TestMessageReport("example.org", datetime(2026, 1, 1, tzinfo=UTC), relayed)
    assert asked(mailbox_exists, report) == [("mailbox.unknown", H)]


@pytest.mark.parametrize("where", [None, Whereabouts.NOWHERE], ids=["not asked", "nowhere"])
def test_what_our_relay_took_was_not_accepted_by_them(where) -> None:
    answer = MailboxAnswer(where) if where else None
    with pytest.raises(Unobserved) as caught:
        asked(held_on_the_way, sent(SendOutcome.RELAYED), answer, GATEWAY)
    assert caught.value.gap is Gap.RELAYED


def test_every_cause_that_a_reply_may_name_belongs_to_one_question() -> None:
    answered = [tag for question in (MAILBOX, SPACE, DEFERRAL, REFUSAL) for tag in question]
    assert sorted(answered) == sorted(set(answered))
    assert set(answered) == tags()


@pytest.mark.parametrize(
    ("check", "text", "tag", "facts"),
    [
        (
            lets_us_in,
            "554 5.7.1 blocked using zen.spamhaus.org",
            "sender.listed",
            {"list": "Spamhaus ZEN", "delist": "https://check.spamhaus.org/"},
        ),
        (
            mailbox_exists,
            "550 5.1.1 <anna@old.example>: user unknown",
            "forward.broken",
            {"forwarded_to": "old.example"},
        ),
    ],
    ids=["the list", "the place behind a forward"],
)
def test_a_refusal_hands_on_what_its_words_name(check, text, tag, facts) -> None:
    (finding,) = check(sent(SendOutcome.REFUSED, int(text[:3]), text), None, None)
    assert (finding.tag, finding.facts) == (
        tag,
        {"reply": text, "host": "mx.example.org", "domain": "example.org", **facts},
    )


def test_a_refusal_understood_by_its_code_alone_is_only_a_hint() -> None:
    assert asked(mailbox_exists, sent(SendOutcome.REFUSED, 550, "550 5.1.1 qwertz")) == [("mailbox.unknown", H)]


ACCEPTED = sent(SendOutcome.ACCEPTED, 250, "250 2.0.0 queued")
M365 = MailSystem(mailbox_provider="microsoft-365", kind=ProviderKind.MAILBOX)
GATEWAY = MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY)
ARRIVED = [(tag, Strength.RULES_OUT) for tag in NOT_SEEN]


@pytest.mark.parametrize(
    ("typed", "where", "system", "expected"),
    [
        (TestCodeTyped(20), None, GATEWAY, ARRIVED),
        (TestCodeTyped(601), None, None, [*ARRIVED, ("arrived.late", H)]),
        (TestCodeTyped(20), Whereabouts.SPAM, None, ARRIVED),
        (None, Whereabouts.QUARANTINE, GATEWAY, [("placed.quarantine", P)]),
        (None, Whereabouts.NOWHERE, None, [("accepted.not-seen", H)]),
        (None, Whereabouts.NOWHERE, GATEWAY, [("held.by-filter", H)]),
        (None, Whereabouts.NOWHERE, M365, [("held.admin-quarantine", H)]),
        (None, Whereabouts.INBOX, GATEWAY, []),
    ],
    ids=["arrived", "late", "typed from spam", "quarantine", "nowhere", "gateway", "admin quarantine", "inbox"],
)
def test_what_held_the_message(typed, where, system, expected) -> None:
    answer = MailboxAnswer(where) if where else None
    assert asked(held_on_the_way, ACCEPTED, typed, answer, system) == expected


@pytest.mark.parametrize(
    ("typed", "where", "expected"),
    [
        (TestCodeTyped(20), None, []),
        (None, Whereabouts.INBOX, []),
        (None, Whereabouts.SPAM, [("placed.spam", P)]),
        (TestCodeTyped(20), Whereabouts.SPAM, [("placed.spam", P)]),
    ],
    ids=["typed", "inbox", "spam", "typed from spam"],
)
def test_where_the_message_lies(typed, where, expected) -> None:
    answer = MailboxAnswer(where) if where else None
    assert asked(in_the_inbox, ACCEPTED, typed, answer) == expected


@pytest.mark.parametrize("check", [in_the_inbox, held_on_the_way])
@pytest.mark.parametrize("system", [MailSystem(), GATEWAY, M365], ids=["nobody known", "gateway", "admin quarantine"])
def test_accepted_alone_is_neither_the_inbox_nor_a_reason_to_suspect_a_filter(check, system) -> None:
    with pytest.raises(NotAsked):
        asked(check, ACCEPTED, system)


@pytest.mark.parametrize("check", [in_the_inbox, held_on_the_way])
def test_a_refused_message_is_nowhere_to_be_looked_for(check) -> None:
    with pytest.raises(NotApplicable):
        asked(check, sent(SendOutcome.REFUSED, 550, "550 no"))


SECOND = sent(SendOutcome.ACCEPTED, 250, "250 ok", ComparisonReport)


@pytest.mark.parametrize(
    ("second_typed", "second_answer", "first", "first_typed", "first_answer", "expected"),
    [
        (
            ComparisonCodeTyped(9),
            None,
            ACCEPTED,
            None,
            MailboxAnswer(Whereabouts.NOWHERE),
            [("comparison.mail-server", H)],
        ),
        (
            ComparisonCodeTyped(9),
            None,
            sent(SendOutcome.REFUSED, 550, "550 no"),
            None,
            None,
            [("comparison.mail-server", H)],
        ),
        (ComparisonCodeTyped(9), None, ACCEPTED, TestCodeTyped(9), None, []),
        (None, ComparisonAnswer(Whereabouts.NOWHERE), ACCEPTED, None, MailboxAnswer(Whereabouts.NOWHERE), []),
        (ComparisonCodeTyped(9), None, ACCEPTED, None, None, []),
    ],
    ids=["only the second", "the first was refused", "both", "neither", "the first is not known yet"],
)
def test_two_mailboxes_are_compared(second_typed, second_answer, first, first_typed, first_answer, expected) -> None:
    seen = (SECOND, second_typed, second_answer, first, first_typed, first_answer)
    assert asked(only_the_second_arrives, *seen) == expected


def port(number: int, outcome: ConnectOutcome, host: str = "clock.example.net") -> Connection:
    return Connection(host, number, outcome)


@pytest.mark.parametrize(
    ("connections", "expected"),
    [
        ((port(80, ConnectOutcome.OPEN), port(443, ConnectOutcome.OPEN)), []),
        ((port(80, ConnectOutcome.OPEN), port(59777, ConnectOutcome.FILTERED)), [("ports.blocked", P)]),
        ((port(80, ConnectOutcome.OPEN), port(443, ConnectOutcome.TLS_FAILURE)), [("ports.blocked", P)]),
        ((port(80, ConnectOutcome.FILTERED), port(443, ConnectOutcome.TLS_FAILURE)), [("ports.host-down", P)]),
        (
            (port(80, ConnectOutcome.FILTERED), port(80, ConnectOutcome.OPEN, "other.example.net")),
            [("ports.host-down", P)],
        ),
        ((port(80, ConnectOutcome.DNS_FAILURE), port(443, ConnectOutcome.DNS_FAILURE)), [("ports.host-down", P)]),
    ],
    ids=["all open", "some", "tls", "no port but tls", "another host answers", "the name is gone"],
)
def test_our_own_ports(connections, expected) -> None:
    assert said(our_hosts_answer(ServerPorts(connections))) == expected


def test_ports_that_could_not_be_looked_up_are_not_called_open() -> None:
    with pytest.raises(Unobserved):
        said(our_hosts_answer(ServerPorts((port(80, ConnectOutcome.OPEN), port(443, ConnectOutcome.DNS_UNANSWERED)))))


def test_every_tag_has_a_remedy_and_every_remedy_a_check() -> None:
    emitted = set().union(*(check.emits for check in registry.checks()))
    assert emitted == set(remedies())
