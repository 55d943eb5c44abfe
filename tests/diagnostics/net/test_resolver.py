"""DNS answers become one of four statuses, quickly, whatever comes back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import perf_counter

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.net import resolver
from diagnostics.net.config import NetworkConfig
from diagnostics.net.live import LiveNetwork
from diagnostics.net.resolver import DEFAULT_LIMITS, DnsLimits, Resolver

from .conftest import QUICK_DNS, Answer, NameServer, name_server, network, open_socket, reply

UNANSWERED = DnsStatus.UNANSWERED
Ready = Callable[[LiveNetwork], Awaitable[LiveNetwork]]


@pytest.fixture(params=["first", "later"])
def ready(request) -> Ready:
    """The first question to a name server waits for a socket; later ones find it open, and most need no task."""

    async def ready(net: LiveNetwork) -> LiveNetwork:
        if request.param == "later":
            for server in net.resolver._by_health("."):
                await open_socket(net.resolver._exchange, server.endpoint)
        return net

    return ready


def silent(server: NameServer, query: dns.message.Message) -> list[bytes]:
    return []


def limits_for(*answers: object) -> DnsLimits:
    return QUICK_DNS if silent in answers else DEFAULT_LIMITS


def garbage(server: NameServer, query: dns.message.Message) -> list[bytes]:
    noise = random.Random(query.id)
    return [b"", b"\x00", query.to_wire()[:2] + noise.randbytes(40), noise.randbytes(600)]


def wrong_id(server: NameServer, query: dns.message.Message) -> list[bytes]:
    answer = reply(query, ["203.0.113.66"])
    answer.id ^= 1
    return [answer.to_wire()]


def wrong_question(server: NameServer, query: dns.message.Message) -> list[bytes]:
    other = dns.message.make_query("other.test", "A", id=query.id)
    return [reply(other, ["203.0.113.66"]).to_wire()]


def the_question_itself(server: NameServer, query: dns.message.Message) -> list[bytes]:
    return [query.to_wire()]


def nxdomain(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.NXDOMAIN)
    answer.authority.append(dns.rrset.from_text("test.", 60, "IN", "SOA", "ns.test. admin.test. 1 60 60 60 60"))
    return answer.to_wire()


def referral(server: NameServer, query: dns.message.Message) -> list[bytes]:
    answer = dns.message.make_response(query)
    answer.authority.append(dns.rrset.from_text("test.", 60, "IN", "NS", "ns.elsewhere.test."))
    return [answer.to_wire()]


def somebody_elses_record(server: NameServer, query: dns.message.Message) -> list[bytes]:
    answer = reply(query)
    answer.answer.append(dns.rrset.from_text("other.test.", 60, "IN", "A", "203.0.113.66"))
    return [answer.to_wire()]


def after(bad: Callable[[NameServer, dns.message.Message], list[bytes]], texts: list[str]) -> Answer:
    """The bad packets, and then the real answer."""

    def both(server: NameServer, query: dns.message.Message) -> list[bytes]:
        return [*bad(server, query), reply(query, texts).to_wire()]

    return both


def without_edns(server: NameServer, query: dns.message.Message) -> list[bytes]:
    return [(reply(query, rcode=dns.rcode.FORMERR) if query.edns >= 0 else reply(query, ["203.0.113.1"])).to_wire()]


def too_long_for_udp(server: NameServer, query: dns.message.Message) -> list[bytes]:
    if server.over_tcp:
        return [reply(query, ['"long"']).to_wire()]
    cut = reply(query)
    cut.flags |= dns.flags.TC
    return [cut.to_wire()]


@pytest.mark.parametrize(
    ("answer", "status", "records"),
    [
        (["203.0.113.2", "203.0.113.1"], DnsStatus.OK, ("203.0.113.1", "203.0.113.2")),
        ([], DnsStatus.NO_DATA, ()),
        (dns.rcode.NXDOMAIN, DnsStatus.NO_SUCH_NAME, ()),
        (dns.rcode.SERVFAIL, UNANSWERED, ()),
        (dns.rcode.REFUSED, UNANSWERED, ()),
        (silent, UNANSWERED, ()),
        (garbage, UNANSWERED, ()),
        (wrong_id, UNANSWERED, ()),
        (wrong_question, UNANSWERED, ()),
        (the_question_itself, UNANSWERED, ()),
        (referral, UNANSWERED, ()),
        (somebody_elses_record, DnsStatus.NO_DATA, ()),
        (without_edns, DnsStatus.OK, ("203.0.113.1",)),
        (after(garbage, ["203.0.113.1"]), DnsStatus.OK, ("203.0.113.1",)),
        (after(wrong_id, ["203.0.113.1"]), DnsStatus.OK, ("203.0.113.1",)),
        (after(wrong_question, ["203.0.113.1"]), DnsStatus.OK, ("203.0.113.1",)),
        (["CNAME a.test."], UNANSWERED, ()),
    ],
    ids=[
        "records",
        "no data",
        "NXDOMAIN",
        "SERVFAIL",
        "REFUSED",
        "silent",
        "garbage",
        "another id",
        "another question",
        "an echo",
        "referral",
        "a record of another name",
        "no EDNS",
        "garbage first",
        "forged id first",
        "forged question first",
        "an alias of itself",
    ],
)
async def test_what_comes_back_becomes_a_status(ready, dns_server, answer, status, records) -> None:
    dns_server.records["a.test", "A"] = answer
    limits = QUICK_DNS if status is UNANSWERED else DEFAULT_LIMITS
    found = await (await ready(network(nameservers=(dns_server.endpoint,), dns=limits))).resolve("a.test", "A")
    assert (found.status, found.records) == (status, records)


async def test_mx_are_sorted_by_preference(dns_server) -> None:
    dns_server.records["a.test", "MX"] = ["100 c.test.", "20 b.test.", "5 z.test.", "20 a.test."]
    found = await network(nameservers=(dns_server.endpoint,)).resolve("A.test.", "mx")
    assert found.records == ("5 z.test.", "20 a.test.", "20 b.test.", "100 c.test.")


async def test_a_truncated_answer_is_asked_for_again_over_tcp(ready, dns_server) -> None:
    dns_server.records["a.test", "TXT"] = too_long_for_udp
    found = await (await ready(network(nameservers=(dns_server.endpoint,)))).resolve("a.test", "TXT")
    assert found == DnsAnswer(DnsStatus.OK, ('"long"',))
    assert dns_server.over_tcp == 1


async def test_aliases_are_followed_to_other_names(ready, dns_server) -> None:
    for hop in range(5):
        dns_server.records[f"h{hop}.test", "A"] = [f"CNAME h{hop + 1}.test."]
    dns_server.records["h5.test", "A"] = ["203.0.113.5"]
    found = await (await ready(network(nameservers=(dns_server.endpoint,)))).resolve("h0.test", "A")
    assert found == DnsAnswer(DnsStatus.OK, ("203.0.113.5",), alias_of="h5.test")


@pytest.mark.parametrize("hops", [2, 20], ids=["loop", "chain without end"])
async def test_an_alias_that_leads_nowhere_ends_soon(ready, dns_server, hops: int) -> None:
    for hop in range(20):
        dns_server.records[f"h{hop}.test", "A"] = [f"CNAME h{(hop + 1) % hops}.test."]
    found = await (await ready(network(nameservers=(dns_server.endpoint,)))).resolve("h0.test", "A")
    assert found.status is UNANSWERED
    assert len(dns_server.asked) <= 9


async def test_an_alias_of_a_name_that_does_not_exist_is_no_such_name(ready, dns_server) -> None:
    dns_server.records["a.test", "A"] = ["CNAME gone.test."]
    found = await (await ready(network(nameservers=(dns_server.endpoint,)))).resolve("a.test", "A")
    assert found.status is DnsStatus.NO_SUCH_NAME


@pytest.mark.parametrize("name", ["a..test", "a" * 64 + ".test", "\udcff.test", ".".join(["a" * 60] * 5)])
async def test_a_text_that_cannot_be_a_name_is_not_asked_for(dns_server, name: str) -> None:
    found = await network(nameservers=(dns_server.endpoint,)).resolve(name, "A")
    assert found == DnsAnswer(DnsStatus.NO_SUCH_NAME, confirmed_by=0)
    assert dns_server.asked == []


async def test_an_unknown_record_type_is_a_mistake_of_the_caller(dns_server) -> None:
    with pytest.raises(ValueError, match="not a DNS record type"):
        await network(nameservers=(dns_server.endpoint,)).resolve("a.test", "MAILBOX")


@pytest.mark.parametrize(
    ("second", "status", "confirmed_by"),
    [
        (dns.rcode.NXDOMAIN, DnsStatus.NO_SUCH_NAME, 2),
        (dns.rcode.SERVFAIL, DnsStatus.NO_SUCH_NAME, 1),
        (silent, DnsStatus.NO_SUCH_NAME, 1),
        (["203.0.113.1"], DnsStatus.OK, 1),
    ],
    ids=["agrees", "fails", "silent", "knows the name"],
)
async def test_no_such_name_is_asked_of_a_second_name_server(ready, dns_server, second, status, confirmed_by) -> None:
    async with name_server(NameServer(default=second)) as other:
        net = await ready(network(nameservers=(dns_server.endpoint, other.endpoint), dns=limits_for(second)))
        found = await net.resolve("a.test", "A")
    assert (found.status, found.confirmed_by) == (status, confirmed_by)


@pytest.mark.parametrize("soa", [True, False])
async def test_where_nobody_is_blamed_one_name_servers_word_is_enough(ready, dns_server, soa: bool) -> None:
    dns_server.default = lambda server, query: [reply(query, rcode=dns.rcode.NXDOMAIN, soa=soa).to_wire()]
    dns_server.records["", "NS"] = ["a.root-servers.net."]
    async with name_server(NameServer(default=["203.0.113.1"])) as other:
        net = await ready(network(nameservers=(dns_server.endpoint, other.endpoint)))
        found = await net.resolve("_x.a.test", "TXT", confirm=False)
        assert (found.status, found.confirmed_by) == (DnsStatus.NO_SUCH_NAME, 1)
        assert other.asked == []
        assert (await net.resolve("_x.a.test", "TXT")).status is DnsStatus.OK  # Such a word is kept for its like alone.


async def test_silence_about_one_domain_does_not_cost_the_second_opinion_on_others(dns_server) -> None:
    async with name_server(NameServer(default=dns.rcode.NXDOMAIN)) as other:
        other.records["quiet.test", "A"] = silent
        dns_server.records["quiet.test", "A"] = silent
        net = network(nameservers=(dns_server.endpoint, other.endpoint), dns=QUICK_DNS)
        assert (await net.resolve("quiet.test", "A")).status is UNANSWERED
        assert (await net.resolve("gone.test", "A")).confirmed_by == 2


async def test_a_second_opinion_whose_packet_was_lost_is_asked_for_again(dns_server) -> None:
    def second_time(server: NameServer, query: dns.message.Message) -> list[bytes]:
        return [nxdomain(query)] if len(server.asked) > 1 else []

    dns_server.default = dns.rcode.NXDOMAIN
    async with name_server(NameServer(default=second_time)) as other:
        net = network(nameservers=(dns_server.endpoint, other.endpoint), dns=QUICK_DNS)
        assert (await net.resolve("gone.test", "A")).confirmed_by == 2


async def test_a_dead_second_name_server_holds_up_the_first_answers_only(dns_server) -> None:
    dns_server.default = dns.rcode.NXDOMAIN
    async with name_server(NameServer(default=silent)) as dead:
        net = network(nameservers=(dns_server.endpoint, dead.endpoint), dns=QUICK_DNS)
        for number in range(5):
            assert (await net.resolve(f"n{number}.test", "A")).confirmed_by == 1
        assert len(dead.asked) == 3  # twice for the first name, then whether it is up at all


async def test_a_dead_first_name_server_costs_its_wait_once() -> None:
    async with name_server(NameServer(default=silent)) as dead, name_server(NameServer(default=["203.0.113.1"])) as up:
        net = network(nameservers=(dead.endpoint, up.endpoint), dns=QUICK_DNS)
        for number in range(5):
            started = perf_counter()
            assert (await net.resolve(f"n{number}.test", "A")).status is DnsStatus.OK
            assert number or perf_counter() - started >= QUICK_DNS.hedge
        assert len(dead.asked) == 1


async def test_a_name_server_that_comes_back_is_used_again() -> None:
    async with name_server(NameServer(default=silent)) as first, name_server(NameServer(default=["203.0.113.1"])) as up:
        net = Resolver(NetworkConfig(nameservers=(first.endpoint, up.endpoint)), replace(QUICK_DNS, shun=0.05))
        await net.resolve("a.test", "A")
        first.default = ["203.0.113.2"]
        await asyncio.sleep(0.06)
        assert (await net.resolve("b.test", "A")).records == ("203.0.113.2",)


async def test_a_lost_packet_is_sent_again(dns_server) -> None:
    def second_time(server: NameServer, query: dns.message.Message) -> list[bytes]:
        return [reply(query, ["203.0.113.1"]).to_wire()] if len(server.asked) > 1 else []

    dns_server.default = second_time
    assert (
        await network(nameservers=(dns_server.endpoint,), dns=QUICK_DNS).resolve("a.test", "A")
    ).status is DnsStatus.OK


async def test_a_name_server_that_refuses_packets_is_not_waited_for(closed_port) -> None:
    net = LiveNetwork(NetworkConfig(nameservers=(closed_port,)))
    started = perf_counter()
    assert (await net.resolve("a.test", "A")).status is UNANSWERED
    assert perf_counter() - started < DnsLimits().query


async def test_when_nothing_answers_the_whole_search_ends_in_time(ready, dns_server) -> None:
    dns_server.default = silent
    net = await ready(network(nameservers=(dns_server.endpoint,), dns=QUICK_DNS))
    for limit in (
        QUICK_DNS.total,
        QUICK_DNS.query,
    ):  # Later questions are asked once: the name server has been silent for long.
        started = perf_counter()
        assert (await net.resolve(f"{limit}.test", "A")).status is UNANSWERED
        assert perf_counter() - started < limit + 3


@pytest.mark.parametrize(
    ("root", "closed", "status"),
    [
        (dns.rcode.NXDOMAIN, False, UNANSWERED),
        (silent, False, UNANSWERED),
        (["a.root-servers.net."], False, DnsStatus.NO_SUCH_NAME),
        (dns.rcode.NXDOMAIN, True, DnsStatus.NO_SUCH_NAME),
    ],
    ids=["denies the root", "says nothing of the root", "knows the root", "closed network"],
)
async def test_a_name_server_that_denies_everything_is_not_believed(ready, dns_server, root, closed, status) -> None:
    """Where there is no internet, some resolvers answer NXDOMAIN to every question, without an SOA."""
    dns_server.records["", "NS"] = (
        (lambda server, query: [reply(query, rcode=root, soa=False).to_wire()])
        if isinstance(root, dns.rcode.Rcode)
        else root
    )
    dns_server.default = lambda server, query: [reply(query, rcode=dns.rcode.NXDOMAIN, soa=False).to_wire()]
    net = await ready(network(nameservers=(dns_server.endpoint,), dns=limits_for(root), closed=closed))
    assert (await net.resolve("example.org", "MX")).status is status
    assert (await net.resolve("example.com", "MX")).status is status
    assert dns_server.asked.count(("", "NS")) == (0 if closed else 1)


async def test_the_systems_name_servers_are_not_believed_blindly_in_a_closed_network_either(
    dns_server, monkeypatch
) -> None:
    """The system's list cannot name a port, so the test stands in for the list alone."""
    dns_server.default = lambda server, query: [reply(query, rcode=dns.rcode.NXDOMAIN, soa=False).to_wire()]
    monkeypatch.setattr(resolver, "_system_nameservers", lambda: (dns_server.endpoint,))
    assert (await network(closed=True).resolve("example.org", "MX")).status is UNANSWERED


async def test_a_zone_goes_to_its_own_name_servers(dns_server) -> None:
    lab = NameServer(default=["198.51.100.1"])
    inner = NameServer(default=["198.51.100.2"])
    dns_server.default = ["203.0.113.1"]
    async with name_server(lab), name_server(inner):
        net = network(
            nameservers=(dns_server.endpoint,), zones={"test": (lab.endpoint,), "Inner.test.": (inner.endpoint,)}
        )
        found = {
            name: (await net.resolve(name, "A")).records[0]
            for name in ("mail.TEST", "test", "a.inner.test", "example.org", "latest", "mytest.example")
        }
    assert found == {
        "mail.TEST": "198.51.100.1",
        "test": "198.51.100.1",
        "a.inner.test": "198.51.100.2",
        "example.org": "203.0.113.1",
        "latest": "203.0.113.1",
        "mytest.example": "203.0.113.1",
    }


async def test_equal_questions_at_the_same_time_are_asked_once(dns_server) -> None:
    dns_server.default = ["203.0.113.1"]
    net = network(nameservers=(dns_server.endpoint,))
    answers = await asyncio.gather(*(net.resolve("a.test", "A") for _ in range(20)))
    assert {answer.status for answer in answers} == {DnsStatus.OK}
    assert dns_server.asked == [("a.test", "A")]


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(dns_server) -> None:
    dns_server.default = ["203.0.113.1"]
    net = network(nameservers=(dns_server.endpoint,))
    impatient = net.resolve("a.test", "A")
    patient = net.resolve("a.test", "A")
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).status is DnsStatus.OK
    assert len(dns_server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "ttl", "asked"),
    [
        (["203.0.113.1"], 60, 1),
        (["203.0.113.1"], 0, 2),
        ([], 60, 1),
        (dns.rcode.NXDOMAIN, 60, 1),
        (dns.rcode.NXDOMAIN, 0, 2),
        (dns.rcode.SERVFAIL, 60, 2),
    ],
    ids=["records", "TTL 0", "no data", "NXDOMAIN", "NXDOMAIN with TTL 0", "no answer"],
)
async def test_answers_are_kept_for_their_ttl(ready, dns_server, answer, ttl, asked) -> None:
    dns_server.ttl = ttl
    dns_server.default = (
        answer if isinstance(answer, list) else lambda server, query: [reply(query, rcode=answer, ttl=ttl).to_wire()]
    )
    net = await ready(network(nameservers=(dns_server.endpoint,)))
    assert await net.resolve("a.test", "A") == await net.resolve("a.test", "A")
    assert len(dns_server.asked) == asked


async def test_no_answer_is_kept_longer_than_the_limit(dns_server) -> None:
    dns_server.default = ["203.0.113.1"]
    dns_server.ttl = 86400
    resolver = Resolver(NetworkConfig(nameservers=(dns_server.endpoint,)), replace(DEFAULT_LIMITS, cache=0.05))
    await resolver.resolve("a.test", "A")
    await asyncio.sleep(0.06)
    dns_server.default = ["203.0.113.2"]
    assert (await resolver.resolve("a.test", "A")).records == ("203.0.113.2",)


async def test_three_hundred_questions_at_once_are_all_answered(dns_server) -> None:
    dns_server.default = ["203.0.113.1"]
    # Server and asker share one thread here, so the limits leave a busy machine its time.
    patient = DnsLimits(query=10, hedge=10, total=40)
    net = LiveNetwork(NetworkConfig(nameservers=(dns_server.endpoint,)), dns=patient)
    answers = await asyncio.gather(*(net.resolve(f"n{number}.test", "A") for number in range(300)))
    assert sum(answer.status is DnsStatus.OK for answer in answers) == 300


def failing_unless_unchecked(server: NameServer, query: dns.message.Message) -> list[bytes]:
    if query.flags & dns.flags.CD:
        return [reply(query, ["203.0.113.1"]).to_wire()]
    return failing_with(dns.edns.EDECode.DNSSEC_BOGUS)(server, query)


def failing_with(*reasons: dns.edns.EDECode) -> Callable[[NameServer, dns.message.Message], list[bytes]]:
    def fail(server: NameServer, query: dns.message.Message) -> list[bytes]:
        answer = reply(query, rcode=dns.rcode.SERVFAIL)
        answer.use_edns(0, options=[dns.edns.EDEOption(reason) for reason in reasons])
        return [answer.to_wire()]

    return fail


@pytest.mark.parametrize(
    ("first", "second", "failed_by", "extended_errors"),
    [
        (dns.rcode.SERVFAIL, dns.rcode.SERVFAIL, 2, ()),
        (dns.rcode.SERVFAIL, dns.rcode.REFUSED, 1, ()),
        (dns.rcode.SERVFAIL, silent, 1, ()),
        (silent, silent, 0, ()),
        (failing_with(dns.edns.EDECode.NO_REACHABLE_AUTHORITY), dns.rcode.SERVFAIL, 2, (22,)),
        (failing_with(dns.edns.EDECode.DNSSEC_BOGUS, dns.edns.EDECode.OTHER), dns.rcode.SERVFAIL, 2, (0, 6)),
    ],
    ids=["both", "the other refuses", "the other is silent", "both silent", "nobody there", "bogus"],
)
async def test_failures_are_counted_and_their_reasons_kept(
    ready, dns_server, first, second, failed_by, extended_errors
) -> None:
    dns_server.default = first
    async with name_server(NameServer(default=second)) as other:
        net = await ready(network(nameservers=(dns_server.endpoint, other.endpoint), dns=limits_for(first, second)))
        found = await net.resolve("a.test", "A")
    assert (found.status, found.failed_by, found.extended_errors) == (UNANSWERED, failed_by, extended_errors)


async def test_what_one_name_server_fails_at_another_may_know(dns_server) -> None:
    dns_server.default = dns.rcode.SERVFAIL
    async with name_server(NameServer(default=["203.0.113.1"])) as other:
        found = await network(nameservers=(dns_server.endpoint, other.endpoint)).resolve("a.test", "A")
    assert found == DnsAnswer(DnsStatus.OK, ("203.0.113.1",))


async def test_without_checking_a_forged_answer_is_seen_and_not_kept_for_others(dns_server) -> None:
    dns_server.default = failing_unless_unchecked
    net = network(nameservers=(dns_server.endpoint,))
    assert (await net.resolve("a.test", "A", unchecked=True)).records == ("203.0.113.1",)
    assert (await net.resolve("a.test", "A")).status is UNANSWERED


@pytest.mark.parametrize("vouched", [True, False])
async def test_an_answer_that_dnssec_vouches_for_says_so(dns_server, vouched: bool) -> None:
    def answer(server: NameServer, query: dns.message.Message) -> list[bytes]:
        message = reply(query, ["203.0.113.1"])
        message.flags |= dns.flags.AD if vouched and query.flags & dns.flags.AD else 0
        return [message.to_wire()]

    dns_server.default = answer
    assert (await network(nameservers=(dns_server.endpoint,)).resolve("a.test", "A")).authentic is vouched


async def test_one_name_server_named_twice_does_not_confirm_itself(dns_server) -> None:
    found = await network(nameservers=(dns_server.endpoint, dns_server.endpoint)).resolve("a.test", "A")
    assert (found.status, found.confirmed_by) == (DnsStatus.NO_SUCH_NAME, 1)
    assert len(dns_server.asked) == 1


@pytest.mark.parametrize(
    "broken", ["diagnostics.net.dns_sockets.query", "diagnostics.net.resolver._read"], ids=["asking", "reading"]
)
async def test_a_defect_of_ours_ends_the_question_and_not_those_after_it(
    ready, dns_server, monkeypatch, broken: str
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise LookupError("a defect")

    dns_server.default = ["203.0.113.1"]
    net = await ready(network(nameservers=(dns_server.endpoint,)))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(broken, fail)
        with pytest.raises(LookupError, match="a defect"):
            await asyncio.wait_for(net.resolve("a.test", "A"), 20)
    assert (await asyncio.wait_for(net.resolve("a.test", "A"), 20)).records == ("203.0.113.1",)
    assert [sockets._waiting for sockets in net.resolver._exchange._sockets.values()] == [0]
