"""Many questions share few sockets: nothing gets lost or mixed up, forgers have a hard time, nothing is left open."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import socket
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle

import pytest
import uvloop

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.net import dns_sockets
from diagnostics.net.config import Endpoint, NetworkConfig, parse_endpoint
from diagnostics.net.dns_message import FORMERR, MX, SERVFAIL, TXT, A, Message, Question, Records
from diagnostics.net.dns_sockets import MAX_QUESTIONS, MAX_SOCKETS, Sockets, random_number
from diagnostics.net.exchange import Exchange, NoUsableAnswer
from diagnostics.net.resolver import DnsLimits, Resolver

PATIENT = DnsLimits(query=5, hedge=5, total=60)
Decide = Callable[["Server", bytes], list[bytes]]


def answered(query: bytes, address: str = "203.0.113.1", *, flags: int = 0x8180) -> bytes:
    """The query as a response with one A record."""
    question = query[12 : query.index(b"\0", 12) + 5]
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address)
    return query[:2] + flags.to_bytes(2) + b"\0\1\0\1\0\0\0\0" + question + record


@dataclass
class Server:
    """A name server in a thread of its own, so that bursts of questions are read while they are sent."""

    decide: Decide = lambda server, query: [answered(query)]
    asked: list[tuple[int, bytes]] = field(default_factory=list)
    """From which port, and the packet."""
    socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(*self.socket.getsockname())

    @property
    def visitors(self) -> int:
        """How many sockets of this process are connected to this one. Others, which come and go, do not count."""
        return sum(map(self._is_visited_by, map(int, os.listdir("/proc/self/fd"))))

    def _is_visited_by(self, descriptor: int) -> bool:
        try:
            borrowed = socket.socket(fileno=descriptor)
        except OSError:  # a file, or closed meanwhile
            return False
        try:
            return borrowed.type == socket.SOCK_DGRAM and borrowed.getpeername() == self.socket.getsockname()
        except OSError:  # connected to nobody
            return False
        finally:
            borrowed.detach()

    @property
    def resolver(self) -> Resolver:
        return Resolver(NetworkConfig(nameservers=(str(self.endpoint),)), PATIENT)

    def serve(self) -> None:
        while True:
            query, asker = self.socket.recvfrom(4096)
            if not query:
                return
            self.asked.append((asker[1], query))
            for packet in self.decide(self, query):
                self.socket.sendto(packet, asker)


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    server.socket.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"", server.socket.getsockname())
        thread.join()
        server.socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


def silent(server: Server, query: bytes) -> list[bytes]:
    return []


async def ask_all(resolver: Resolver, names: list[str]) -> Counter[DnsAnswer]:
    return Counter(await asyncio.gather(*(resolver.resolve(name, "A") for name in names)))


FOUND = DnsAnswer(DnsStatus.OK, ("203.0.113.1",))


async def test_three_thousand_questions_at_once_are_all_answered(server) -> None:
    names = [f"n{number}.test" for number in range(3000)]
    assert await ask_all(server.resolver, names) == {FOUND: 3000}
    assert len({port for port, _ in server.asked}) >= 3000 / MAX_QUESTIONS


async def test_no_more_sockets_are_open_than_the_questions_need(server) -> None:
    counts: list[int] = []

    def counting(server: Server, query: bytes) -> list[bytes]:
        if len(server.asked) % 20 == 1:
            counts.append(server.visitors)
        return [answered(query)]

    resolver, server.decide = server.resolver, counting
    for number in range(20):
        await resolver.resolve(f"n{number}.test", "A")
    assert max(counts) == 1
    await ask_all(resolver, [f"m{number}.test" for number in range(1500)])
    assert 1 < max(counts) <= 2 * MAX_SOCKETS  # used up ones wait for their last answers


async def test_ports_change_and_numbers_cannot_be_guessed(server) -> None:
    resolver = server.resolver
    for number in range(4 * MAX_QUESTIONS):
        await resolver.resolve(f"n{number}.test", "A")
    uses = Counter(port for port, _ in server.asked)
    assert len(uses) >= 4
    assert max(uses.values()) <= MAX_QUESTIONS
    ids = [int.from_bytes(query[:2]) for _, query in server.asked]
    assert len(set(ids)) > 0.9 * len(ids)
    steps = Counter(second - first for first, second in zip(ids, ids[1:], strict=False))
    assert steps.most_common(1)[0][1] <= 3


async def test_old_sockets_are_closed_though_nobody_asks_any_more(server, monkeypatch) -> None:
    monkeypatch.setattr(dns_sockets, "MAX_SECONDS", 0.05)
    resolver = server.resolver
    assert await resolver.resolve("a.test", "A") == FOUND
    await wait_for(lambda: server.visitors == 0)
    assert await resolver.resolve("b.test", "A") == FOUND
    assert len({port for port, _ in server.asked}) == 2


async def test_lost_packets_are_sent_again(server) -> None:
    def one_in_five_is_lost(server: Server, query: bytes) -> list[bytes]:
        return [answered(query)] if len(server.asked) % 5 else []

    server.decide = one_in_five_is_lost
    resolver = Resolver(NetworkConfig(nameservers=(str(server.endpoint),)), DnsLimits(query=0.5, hedge=0.5, total=60))
    found = await ask_all(resolver, [f"n{number}.test" for number in range(100)])
    assert found[FOUND] >= 95  # one may be lost three times
    assert len(server.asked) > 100


async def test_an_answer_from_another_port_is_not_listened_to(server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))

        def forged_first(server: Server, query: bytes) -> list[bytes]:
            elsewhere.sendto(answered(query, "203.0.113.66"), ("127.0.0.1", server.asked[-1][0]))
            return [answered(query)]

        server.decide = forged_first
        assert await ask_all(server.resolver, [f"n{number}.test" for number in range(50)]) == {FOUND: 50}


async def test_answers_to_others_numbers_or_questions_are_not_listened_to(server) -> None:
    """A forger who sees nothing, but knows the port, guesses; each question keeps waiting for its own answer."""

    def forged_first(server: Server, query: bytes) -> list[bytes]:
        number = int.from_bytes(query[:2])
        guessed = [(number ^ bit).to_bytes(2) + query[2:] for bit in (1, 2, 256)]
        other_name = query.replace(b"\4test", b"\4tesu")
        other_type = query.replace(b"\0\0\1\0\1", b"\0\0\x1c\0\1", 1)
        forged = [answered(packet, "203.0.113.66") for packet in (*guessed, other_name, other_type)]
        return [*forged, answered(query, "203.0.113.66", flags=0x0180), answered(query)]

    server.decide = forged_first
    assert await ask_all(server.resolver, [f"n{number}.test" for number in range(200)]) == {FOUND: 200}


async def test_a_late_answer_is_not_taken_for_one_to_a_number_that_is_used_again(server, monkeypatch) -> None:
    monkeypatch.setattr(dns_sockets, "_numbers", cycle([7]))
    exchange = Exchange()
    server.decide = silent
    with pytest.raises(NoUsableAnswer, match="no answer in time"):
        await exchange.ask(server.endpoint, Question("late.test.", A), 0.05)
    late = server.asked[0][1]
    server.decide = lambda server, query: [answered(late, "203.0.113.66"), answered(query)]
    answer = await exchange.ask(server.endpoint, Question("early.test.", A), 20)
    assert [int.from_bytes(query[:2]) for _, query in server.asked] == [7, 7]
    assert answer.answers == {("early.test.", A): Records(60, ("203.0.113.1",))}


async def test_two_questions_of_one_socket_never_have_one_number(server, monkeypatch) -> None:
    monkeypatch.setattr(dns_sockets, "_numbers", cycle([7, 7, 8, 7, 8, 9]))
    assert await ask_all(server.resolver, [f"n{number}.test" for number in range(3)]) == {FOUND: 3}


async def test_one_who_gives_up_leaves_nothing_behind(server) -> None:
    server.decide = silent
    sockets, asking = ask_in_vain(server, 40)
    await wait_for(lambda: len(server.asked) == 40)
    await give_up(sockets, asking, close=False)
    assert [used.awaited for used in (*sockets._open, *sockets._closing)] == [{}] * len(sockets._open)
    assert sockets._waiting == 0
    sockets.close()


async def test_a_refusal_ends_every_question_to_that_server_at_once() -> None:
    """The system sends back few refusals a second, and one tells it all: nobody listens there."""
    exchange = Exchange()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet:
        quiet.bind(("127.0.0.1", 0))
        quiet.setblocking(False)
        endpoint = Endpoint(*quiet.getsockname())
        waiting = [
            asyncio.create_task(exchange.ask(endpoint, Question(f"n{number}.test.", A), 60)) for number in range(40)
        ]
        async with asyncio.timeout(30):
            for _ in waiting:
                await asyncio.get_running_loop().sock_recv(quiet, 4096)
    with pytest.raises(NoUsableAnswer, match="not reachable"):
        await exchange.ask(endpoint, Question("one-more.test.", A), 60)
    async with asyncio.timeout(30):
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert {(type(problem), str(problem)) for problem in ended} == {(NoUsableAnswer, "not reachable")}


async def test_a_packet_that_cannot_be_sent_ends_the_questions_of_its_socket_alone(server, monkeypatch) -> None:
    monkeypatch.setattr(dns_sockets, "QUESTIONS_AT_ONCE", 1)
    server.decide = silent
    sockets, asking = ask_in_vain(server, 20)
    await wait_for(lambda: len(server.asked) == 20)
    used = next(used for used in sockets._open if used.awaited)
    ended = len(used.awaited)
    used.error_received(PermissionError(errno.EPERM, "our firewall forbids it"))
    await wait_for(lambda: any(task.done() for task in asking))
    assert [type(task.exception()) for task in asking if task.done()] == [PermissionError] * ended
    assert ended < 20
    assert used not in sockets._open
    await give_up(sockets, asking)


async def test_sockets_that_wait_for_last_answers_are_few_too(server, monkeypatch) -> None:
    monkeypatch.setattr(dns_sockets, "MAX_SOCKETS", 3)
    monkeypatch.setattr(dns_sockets, "MAX_QUESTIONS", 2)
    server.decide = silent
    sockets, asking = ask_in_vain(server, 200)
    await wait_for(lambda: len(server.asked) == 200)
    assert 0 < server.visitors <= 2 * 3
    await give_up(sockets, asking)
    await wait_for(lambda: server.visitors == 0)


async def test_a_server_that_is_up_again_is_asked_again(closed_port) -> None:
    exchange, endpoint = Exchange(), parse_endpoint(closed_port)
    with pytest.raises(NoUsableAnswer, match="not reachable"):
        await exchange.ask(endpoint, Question("a.test.", A), 60)
    again = Server()
    again.socket.bind(tuple(endpoint))
    thread = threading.Thread(target=again.serve)
    thread.start()
    try:
        assert (await exchange.ask(endpoint, Question("a.test.", A), 60)).rcode == 0
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"", tuple(endpoint))
        thread.join()
        again.socket.close()


async def test_an_address_without_a_way_there_is_not_reachable() -> None:
    with pytest.raises(NoUsableAnswer, match="not reachable"):
        await Exchange().ask(Endpoint("255.255.255.255", 53), Question("a.test.", A), 60)


async def test_an_error_without_its_question_is_one_all_the_same(server) -> None:
    """dnspython is asked where the short way is not sure: old servers leave the question out of their errors."""
    server.decide = lambda server, query: [query[:2] + (0x8180 | SERVFAIL).to_bytes(2) + bytes(8)]
    with pytest.raises(NoUsableAnswer, match="SERVFAIL") as failed:
        await Exchange().ask(server.endpoint, Question("a.test.", A), 20)
    assert failed.value.failed
    without_edns = len(server.asked)
    server.decide = lambda server, query: (
        [query[:2] + (0x8180 | FORMERR).to_bytes(2) + bytes(8)] if query[11] else [answered(query)]
    )
    assert (await Exchange().ask(server.endpoint, Question("a.test.", A), 20)).rcode == 0
    assert [query[11] for _, query in server.asked[without_edns:]] == [1, 0]


@pytest.mark.parametrize("rdtype", [A, MX, TXT])
async def test_rare_records_beside_the_answer_are_left_to_dnspython(server, rdtype: int) -> None:
    caa = b"\xc0\x0c\1\1\0\1\0\0\0\x3c\0\x0b\0\5issueca.x"

    def with_caa(server: Server, query: bytes) -> list[bytes]:
        packet = bytearray(answered(query) + caa)
        packet[7] = 2
        return [bytes(packet)]

    server.decide = with_caa
    answer = await Exchange().ask(server.endpoint, Question("a.test.", rdtype), 20)
    assert answer.answers == {
        ("a.test.", A): Records(60, ("203.0.113.1",)),
        ("a.test.", 257): Records(60, ('0 issue "ca.x"',)),
    }


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_the_end_of_a_loop_closes_its_sockets_and_the_next_one_opens_its_own(server, new_loop) -> None:
    exchange = Exchange()

    async def ask(number: int) -> Message:
        return await exchange.ask(server.endpoint, Question(f"n{number}.test.", A), 20)

    async def ask_many() -> None:
        await asyncio.gather(*map(ask, range(100)))
        assert server.visitors > 1

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for _ in range(2):
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(ask_many())
        del runner
        gc.collect()
    assert server.visitors == 0


def test_a_question_that_the_end_of_its_loop_left_open_can_be_asked_on_the_next(server) -> None:
    server.decide, resolver = silent, server.resolver

    async def ask_twice() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await resolver.resolve("other.test", "A")
        assert len(server.asked) == 1
        resolver.resolve("a.test", "A")  # there is a socket now: it is sent at once
        await wait_for(lambda: len(server.asked) == 2)

    async def ask() -> DnsAnswer:
        return await resolver.resolve("a.test", "A")

    asyncio.run(ask_twice())
    server.decide = lambda server, query: [answered(query)]
    assert asyncio.run(ask()) == FOUND


async def test_a_resolver_that_is_let_go_closes_its_sockets(server) -> None:
    await ask_all(server.resolver, [f"n{number}.test" for number in range(100)])
    gc.collect()
    await wait_for(lambda: server.visitors == 0)


def test_a_child_process_draws_other_numbers() -> None:
    random_number()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"".join(random_number().to_bytes(2) for _ in range(32)))
        os._exit(0)
    os.close(writing)
    mine = b"".join(random_number().to_bytes(2) for _ in range(32))
    with os.fdopen(reading, "rb") as pipe:
        others = pipe.read()
    os.waitpid(child, 0)
    assert len(others) == len(mine)
    assert others != mine


async def wait_for(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - neither servers in threads nor the system tell the loop
            await asyncio.sleep(0.01)


def ask_in_vain(server: Server, count: int) -> tuple[Sockets, list[asyncio.Task[Message]]]:
    sockets, until = Sockets(server.endpoint), asyncio.get_running_loop().time() + 60
    questions = [Question(f"n{number}.test.", A) for number in range(count)]
    return sockets, [asyncio.create_task(sockets.ask(question, until, edns=True)) for question in questions]


async def give_up(sockets: Sockets, asking: list[asyncio.Task[Message]], *, close: bool = True) -> None:
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    if close:
        sockets.close()


async def test_who_waits_for_a_socket_lets_the_loop_open_it() -> None:
    """A socket was opened and is used up already, and another one is still being opened."""
    with serving(Server()) as server:
        sockets = Sockets(server.endpoint)
        loop = asyncio.get_running_loop()
        sockets._opening = 1
        sockets._opened.set()

        def opened() -> None:
            sockets._opening = 0
            sockets._opened.set()

        loop.call_later(0.05, opened)
        answer = await sockets.ask(Question("example.org.", A), loop.time() + 20, edns=False)
        sockets.close()
    assert answer.answers["example.org.", A].texts == ("203.0.113.1",)
