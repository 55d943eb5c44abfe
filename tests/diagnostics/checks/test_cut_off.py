"""A portal that is cut off from the world accuses nobody; while anybody is reached, who is silent may be named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics import registry
from diagnostics.canned import Canned, canned
from diagnostics.checks.dns_trust import name_servers_answer
from diagnostics.checks.mx_answers import mail_server_talks
from diagnostics.checks.mx_reach import reachable_over_ipv4
from diagnostics.checks.ports import our_hosts_answer
from diagnostics.checks.sending import code_mail_was_sent
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    Diagnosis,
    DnsStatus,
    Evidence,
    Finding,
    Gap,
    ProbeGroup,
    Seen,
    SendEvent,
    SendEventKind,
    SendHistory,
    SmtpConversation,
    SmtpReply,
    SmtpStage,
    Status,
    Strength,
    Unobserved,
    Vantage,
    Verdict,
)
from diagnostics.probes.dns_trust import DnsTrust, FailedName
from diagnostics.probes.mta_sts_policy import MtaStsPolicy
from diagnostics.probes.mx_addresses import HostForm, MailHost, MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.mx_families import MxFamilies
from diagnostics.probes.port25_control import Port25Control
from diagnostics.probes.responders import ResponderPort, Responders
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.remedies import remedies
from diagnostics.verdicts import diagnose
from diagnostics.way_out import CONTROLS, WayOut, way_out

P, H = Strength.PROVES, Strength.HINTS
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CAUSES = {tag: remedy.cause for tag, remedy in remedies().items()}
CUT = (ConnectOutcome.FILTERED, ConnectOutcome.REFUSED, ConnectOutcome.UNREACHABLE)
"""Packets dropped, refused by a firewall of our own, without a route."""


def hosts(*outcomes: ConnectOutcome, name: str = "clock.example.net") -> ServerPorts:
    return ServerPorts(tuple(Connection(name, 80 + number, one) for number, one in enumerate(outcomes)))


def our_test_point(outcome: ConnectOutcome) -> Responders:
    return Responders((ResponderPort("check.example.net", 443, outcome, echoed=outcome is ConnectOutcome.OPEN),))


def control(outcome: ConnectOutcome) -> Port25Control:
    return Port25Control(Connection("mx.example.net", 25, outcome))


def mail_hosts(*outcomes: ConnectOutcome) -> MxConversations:
    return MxConversations(tuple(SmtpConversation("mx.example.org", one) for one in outcomes))


def policy(outcome: ConnectOutcome | None) -> MtaStsPolicy:
    return MtaStsPolicy("example.org", announced=outcome is not None, fetched=outcome)


REACHED = {
    "their mail host": mail_hosts(ConnectOutcome.FILTERED, ConnectOutcome.OPEN),
    "our control": control(ConnectOutcome.OPEN),
    "a test point": our_test_point(ConnectOutcome.OPEN),
    "a wrong certificate": our_test_point(ConnectOutcome.TLS_FAILURE),
    "their policy": policy(ConnectOutcome.OPEN),
    "another host of ours": hosts(ConnectOutcome.OPEN, name="other.example.net"),
}
NOT_REACHED = {
    "all silent": (mail_hosts(CUT[0]), control(CUT[0]), our_test_point(CUT[0]), policy(CUT[0]), None),
    "all refused": (mail_hosts(CUT[1]), control(CUT[1]), our_test_point(CUT[1])),
    "no route": (mail_hosts(CUT[2]), our_test_point(CUT[2])),
    "no names": (our_test_point(ConnectOutcome.DNS_UNANSWERED), policy(None)),
}
SHUT = {
    "refused": hosts(ConnectOutcome.REFUSED, ConnectOutcome.REFUSED),
    "silent": hosts(ConnectOutcome.FILTERED, ConnectOutcome.FILTERED),
    "no route": hosts(ConnectOutcome.UNREACHABLE, ConnectOutcome.UNREACHABLE),
    "mixed": hosts(ConnectOutcome.REFUSED, ConnectOutcome.FILTERED),
}


def said(findings: object) -> list[tuple[str, Strength]]:
    assert not isinstance(findings, Finding)
    return [(finding.tag, finding.strength) for finding in findings]  # type: ignore[attr-defined]


def left_open(findings: object) -> Gap:
    with pytest.raises(Unobserved) as caught:
        said(findings)
    return caught.value.gap


@pytest.mark.parametrize("reached", REACHED.values(), ids=REACHED)
def test_one_connection_shows_that_our_network_works(reached: object) -> None:
    assert way_out(*NOT_REACHED["all silent"], reached) is WayOut.WORKS


@pytest.mark.parametrize("controls", NOT_REACHED.values(), ids=NOT_REACHED)
def test_without_any_it_is_in_doubt(controls: tuple[object, ...]) -> None:
    assert way_out(*controls) is WayOut.CUT_OFF


def test_who_was_not_tried_shows_nothing() -> None:
    nowhere = hosts(ConnectOutcome.DNS_FAILURE, ConnectOutcome.NOT_PUBLIC)
    assert way_out() is way_out(None, policy(None), nowhere, MxConversations(())) is WayOut.UNKNOWN


@pytest.mark.parametrize("ports", SHUT.values(), ids=SHUT)
@pytest.mark.parametrize("reached", [one for one in REACHED.values() if not isinstance(one, ServerPorts)])
def test_a_host_that_is_shut_while_anybody_is_reached_is_down(ports: ServerPorts, reached: object) -> None:
    assert said(our_hosts_answer(ports, *NOT_REACHED["all silent"], reached)) == [("ports.host-down", P)]


@pytest.mark.parametrize("ports", SHUT.values(), ids=SHUT)
@pytest.mark.parametrize("controls", [(), *NOT_REACHED.values()], ids=["nobody else", *NOT_REACHED])
def test_a_host_is_not_called_down_where_nobody_is_reached(ports: ServerPorts, controls: tuple[object, ...]) -> None:
    assert left_open(our_hosts_answer(ports, *controls)) is Gap.EGRESS_BLOCKED


def test_a_host_whose_name_is_gone_is_down_even_then() -> None:
    gone, silent = hosts(ConnectOutcome.DNS_FAILURE), hosts(ConnectOutcome.FILTERED, name="other.example.net")
    (finding,) = our_hosts_answer(ServerPorts((*silent.connections, *gone.connections)))
    assert (finding.tag, finding.facts) == ("ports.host-down", {"host": "clock.example.net"})


@pytest.mark.parametrize("late", [kind for kind in CONTROLS if kind is not ServerPorts])
def test_a_host_is_not_called_down_before_all_others_were_tried(late: type[object]) -> None:
    evidence = Evidence([Seen(ServerPorts, Vantage.SERVER, NOW, SHUT["silent"])])
    answer = diagnose(evidence, causes=CAUSES, pending=frozenset({late})).answer("ports")
    assert answer is not None
    assert (answer.status, answer.findings) == (Status.CHECKING, ())


@pytest.mark.parametrize(
    ("before", "cause"),
    [(timedelta(minutes=1), "ports.host-down"), (timedelta(hours=1), "")],
    ids=["lately", "long ago"],
)
def test_that_somebody_was_reached_in_an_earlier_run_shows_nothing_about_now(before: timedelta, cause: str) -> None:
    """An agent had the ports alone asked anew, and all else was carried over."""
    reached = Seen(MxConversations, Vantage.SERVER, NOW - before, REACHED["their mail host"])
    shut = Seen(ServerPorts, Vantage.SERVER, NOW, SHUT["silent"])
    for evidence in (Evidence([reached, shut]), Evidence([shut, reached])):
        assert "".join(one.cause for one in diagnose(evidence, causes=CAUSES).causes) == cause


@pytest.mark.parametrize(
    ("ports", "reached", "status"),
    [
        (SHUT["silent"], None, Status.CHECKING),
        (SHUT["silent"], "their mail host", Status.PROBLEM),
        (hosts(ConnectOutcome.OPEN), None, Status.FINE),
    ],
    ids=["nobody was reached yet", "somebody was", "all is open"],
)
def test_only_what_depends_on_others_waits_for_them(ports: object, reached: str | None, status: Status) -> None:
    evidence = Evidence(
        Seen(type(one), Vantage.SERVER, NOW, one) for one in (ports, reached and REACHED[reached]) if one
    )
    pending = frozenset(kind for kind in CONTROLS if evidence.latest(kind) is None)
    answer = diagnose(evidence, causes=CAUSES, pending=pending).answer("ports")
    assert answer is not None
    assert answer.status is status


def test_what_only_shows_that_our_network_works_is_not_shown_with_the_answer() -> None:
    (ports,) = (one for one in registry.checks() if one.judge is our_hosts_answer)
    assert ports.looks_at == (ServerPorts,)
    assert set(ports.handed) == set(CONTROLS)


ADDRESSES = MxAddresses((MailHost("mx.example.org", 10, HostForm.NAME, DnsStatus.OK, ("192.0.2.1",)),))


def test_a_refusal_may_be_our_own_firewall_where_our_hosts_are_refused_as_well() -> None:
    refused = mail_hosts(ConnectOutcome.REFUSED)
    assert said(mail_server_talks(refused, ADDRESSES, None)) == [("mx.unreachable", H)]
    assert said(mail_server_talks(refused, ADDRESSES, None, hosts(ConnectOutcome.OPEN))) == [("mx.unreachable", H)]
    assert left_open(mail_server_talks(refused, ADDRESSES, None, SHUT["refused"])) is Gap.EGRESS_BLOCKED


@pytest.mark.parametrize("unchecked", [False, True], ids=["lame", "bogus"])
def test_name_servers_of_ours_that_are_cut_off_as_well_fail_for_every_domain(unchecked: bool) -> None:
    trust = DnsTrust("example.org", (FailedName("example.org", "MX", 2, (9, 22), unchecked),))
    assert left_open(name_servers_answer(trust, *NOT_REACHED["no names"])) is Gap.EGRESS_BLOCKED
    assert said(name_servers_answer(trust, *NOT_REACHED["no names"], REACHED["a test point"]))
    assert said(name_servers_answer(replace(trust, failed=()), *NOT_REACHED["no names"])) == []


def test_a_mail_host_with_ipv6_alone_is_not_out_of_reach_because_we_reach_nobody() -> None:
    families = MxFamilies(("mx.example.org",), ipv4=False, ipv6=True, sender_ipv6=True)
    silent, ours = mail_hosts(ConnectOutcome.FILTERED), SHUT["silent"]
    assert left_open(reachable_over_ipv4(families, silent, ours)) is Gap.EGRESS_BLOCKED
    assert said(reachable_over_ipv4(families, silent, ours, control(ConnectOutcome.OPEN))) == [("mx.ipv6-only", H)]
    of_ipv4 = replace(families, sender_ipv6=False)
    assert said(reachable_over_ipv4(of_ipv4, silent, ours)) == [("mx.ipv6-only", H)]


QUEUED = SendEvent(SendEventKind.QUEUED, datetime(2026, 3, 1, 11, 30, tzinfo=UTC), "postmark", "m-1")
LONG_AGO = replace(QUEUED, kind=SendEventKind.DELIVERED, at=datetime(2026, 2, 26, tzinfo=UTC))


def test_that_we_heard_of_no_code_means_nothing_while_we_hear_of_nothing() -> None:
    silence = NOT_REACHED["all silent"]
    nothing = SendHistory((), NOW, "example.org", 3, 3)
    assert said(code_mail_was_sent(nothing, None, None, *silence, REACHED["our control"])) == [
        ("device.never-asked", P)
    ]
    assert left_open(code_mail_was_sent(nothing, None, None, *silence)) is Gap.RECORDS_SILENT
    for event in (QUEUED, LONG_AGO):
        assert said(code_mail_was_sent(replace(nothing, events=(event,)), None, None))
        assert said(code_mail_was_sent(replace(nothing, events=(event,)), None, None, *silence)) == []


def cut_off(seen: Seen, outcome: ConnectOutcome) -> Seen:
    """What the same probe would have seen with all names still known and nobody to be reached."""
    match seen.observation:
        case ServerPorts(connections):
            seen_now: object = ServerPorts(tuple(replace(one, outcome=outcome, tls_issuer="") for one in connections))
        case Responders(ports):
            seen_now = Responders(tuple(replace(one, outcome=outcome, echoed=False, issuer="") for one in ports))
        case Port25Control(connection):
            seen_now = Port25Control(replace(connection, outcome=outcome))
        case MxConversations(conversations):
            seen_now = MxConversations(tuple(SmtpConversation(one.host, outcome) for one in conversations))
        case MtaStsPolicy(domain, announced=True):
            seen_now = MtaStsPolicy(domain, announced=True, fetched=outcome)
        case _:
            return seen
    return replace(seen, observation=seen_now)


def judged(seen: list[Seen]) -> Diagnosis:
    return diagnose(Evidence(seen), causes=CAUSES)


@pytest.mark.parametrize("outcome", CUT)
@pytest.mark.parametrize("recording", canned().values(), ids=lambda one: one.slug)
def test_no_case_gets_another_cause_because_we_are_cut_off(recording: Canned, outcome: ConnectOutcome) -> None:
    """With a control domain and, where other hosts of ours were tried, without; by what probes see alone."""
    probed = [seen for group in ProbeGroup for seen in recording.seen(group, NOW)]
    before = {one.cause for one in judged(probed).causes}
    ours = Evidence(probed).get(ServerPorts)
    for left_out in (None, Port25Control) if ours else (None,):
        after = judged([cut_off(seen, outcome) for seen in probed if seen.kind is not left_out])
        assert {one.cause for one in after.causes} <= before
        assert after.verdict is not Verdict.NOTHING_FOUND


def test_a_healthy_case_is_left_open() -> None:
    probed = [seen for group in ProbeGroup for seen in canned()["fine.test"].seen(group, NOW)]
    assert judged(probed).verdict is Verdict.NOTHING_FOUND
    for outcome in CUT:
        after = judged([cut_off(seen, outcome) for seen in probed])
        assert (after.verdict, after.causes) == (Verdict.INCONCLUSIVE, ())


def test_talking_is_more_than_being_reached() -> None:
    """A mail host that turns us away is reached, so that our own host is what is down."""
    reply = SmtpReply(SmtpStage.BANNER, 554, "5.7.1 no")
    away = MxConversations((SmtpConversation("mx.example.org", ConnectOutcome.OPEN, replies=(reply,)),))
    assert said(our_hosts_answer(SHUT["silent"], away)) == [("ports.host-down", P)]
