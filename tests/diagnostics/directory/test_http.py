"""The HTTP adapter against real servers on loopback, most of which do not keep the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from time import monotonic

import pytest

from diagnostics.directory._breaker import Breaker
from diagnostics.directory.http import LIMITS, HttpDirectory
from diagnostics.domain import DirectoryAnswer, Gap, Membership, Unobserved
from tests.diagnostics.networks import target

QUICK = replace(LIMITS, connect=0.3, total=0.4)
BUSY = replace(LIMITS, connect=1.0, total=5.0)
"""For who answers, on a machine that may have much else to do."""
ABOUT = replace(target("anna@example.org"), company_id="ACME-1")


def answer(said: object, status: str = "200 OK", head: str = "Content-Type: application/json") -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return f"HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@dataclass
class Vendor:
    """A directory that says what the test tells it to; None: it says nothing at all."""

    says: bytes | None
    url: str = ""
    heads: list[str] = field(default_factory=list)
    questions: list[object] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:"))
        self.questions.append(json.loads(await reader.readexactly(length)))
        self.heads.append(head)
        if self.says is None:
            await reader.read()  # until the other side hangs up
        else:
            writer.write(self.says)
        writer.close()


@asynccontextmanager
async def vendor(says: bytes | None) -> AsyncIterator[Vendor]:
    one = Vendor(says)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    async with server:
        one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/lookup"
        yield one


async def silence(directory: HttpDirectory) -> str:
    """Why there was no answer."""
    with pytest.raises(Unobserved) as nothing:
        await directory.look_up(ABOUT)
    assert nothing.value.gap is Gap.RECORDS_SILENT
    return nothing.value.detail


@pytest.mark.parametrize("membership", Membership)
async def test_every_agreed_answer_is_understood(membership: Membership) -> None:
    async with vendor(answer({"membership": membership.value})) as one:
        assert await HttpDirectory(one.url).look_up(ABOUT) == DirectoryAnswer(membership)


async def test_the_question_names_vendor_company_and_address_and_carries_the_token() -> None:
    async with vendor(answer({"membership": "administrator"})) as one:
        await HttpDirectory(one.url, "a-token").look_up(ABOUT)
    assert one.questions == [{"vendor": "timeclock", "company_id": "ACME-1", "address": "anna@example.org"}]
    assert one.heads[0].startswith("POST /lookup HTTP/1.1")
    assert "authorization: bearer a-token" in one.heads[0].lower()


async def test_a_similar_address_comes_with_not_on_file_alone() -> None:
    async with vendor(answer({"membership": "not_on_file", "near": "anne@example.org", "more": 1})) as one:
        assert (await HttpDirectory(one.url).look_up(ABOUT)).near == "anne@example.org"
    async with vendor(answer({"membership": "administrator", "near": "anne@example.org"})) as one:
        assert (await HttpDirectory(one.url).look_up(ABOUT)).near == ""


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (answer({"membership": "company_unknown"}, "500 Internal Server Error"), "status 500"),
        (answer({"membership": "company_unknown"}, "404 Not Found"), "status 404"),
        (answer({"membership": "company_unknown"}, "302 Found", "Location: /elsewhere"), "status 302"),
        (answer({"membership": "company_unknown"}, "204 No Content"), ""),
        (answer(b"<html>It works!</html>", head="Content-Type: text/html"), "not JSON"),
        (answer(b"[" * 50_000), "not JSON"),
        (answer(b""), "not JSON"),
        (answer([{"membership": "company_unknown"}]), "no JSON object"),
        (answer("company_unknown"), "no JSON object"),
        (answer(None), "no JSON object"),
        (answer({}), "agreed form"),
        (answer({"membership": None}), "agreed form"),
        (answer({"membership": True}), "agreed form"),
        (answer({"membership": ["administrator"]}), "agreed form"),
        (answer({"membership": {"administrator": 1}}), "agreed form"),
        (answer({"membership": "COMPANY_UNKNOWN"}), "agreed form"),
        (answer({"membership": "unknown"}), "agreed form"),
        (answer({"membership": "not_on_file", "near": None}), "agreed form"),
        (answer({"membership": "not_on_file", "near": 5}), "agreed form"),
        (answer({"membership": "not_on_file", "near": "anna"}), "no e-mail address"),
        (answer({"membership": "administrator", "padding": "x" * 64 * 1024}), "longer than 65536 bytes"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ""),
        (b"", ""),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value or "broken",
)
async def test_what_is_not_an_agreed_answer_is_silence_and_never_an_unknown_company(says: bytes, why: str) -> None:
    async with vendor(says) as one:
        assert why in await silence(HttpDirectory(one.url, limits=BUSY))


async def test_nobody_waits_for_a_directory_that_says_nothing() -> None:
    async with vendor(None) as one:
        began = monotonic()
        assert "no answer within" in await silence(HttpDirectory(one.url, limits=QUICK))
    assert monotonic() - began < 5 * QUICK.total


async def test_a_redirect_is_not_followed() -> None:
    async with vendor(answer({"membership": "administrator"})) as there:
        async with vendor(answer({}, "307 Temporary Redirect", f"Location: {there.url}")) as here:
            await silence(HttpDirectory(here.url, "a-token"))
        assert there.questions == []


@pytest.fixture
def clock() -> Callable[[], float]:
    return Clock()


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


async def test_after_five_faults_in_a_row_it_is_left_alone_for_half_a_minute(clock: Clock) -> None:
    async with vendor(answer({}, "503 Service Unavailable")) as one:
        directory = HttpDirectory(one.url, breaker=Breaker(clock=clock))
        for _ in range(5):
            assert await silence(directory) == "status 503"
        assert "left alone" in await silence(directory)
        assert len(one.questions) == 5
        one.says = answer({"membership": "administrator"})
        clock.now += 29
        assert "left alone" in await silence(directory)
        clock.now += 2
        assert (await directory.look_up(ABOUT)).membership is Membership.ADMINISTRATOR
        one.says = answer({}, "503 Service Unavailable")
        assert await silence(directory) == "status 503"  # closed again: one fault is let pass
        assert len(one.questions) == 7


async def test_one_trial_at_a_time_and_its_failure_begins_another_pause(clock: Clock) -> None:
    async with vendor(None) as one:
        directory = HttpDirectory(one.url, limits=QUICK, breaker=Breaker(faults=1, clock=clock))
        assert "no answer" in await silence(directory)
        clock.now += 31
        reasons = sorted(await asyncio.gather(*(silence(directory) for _ in range(3))))
        assert [reason[:4] for reason in reasons] == ["left", "left", "no a"]
        assert "left alone" in await silence(directory)
        assert len(one.questions) == 2


async def test_faults_count_in_a_row_only(clock: Clock) -> None:
    async with vendor(b"") as one:
        directory = HttpDirectory(one.url, breaker=Breaker(faults=2, clock=clock))
        for _ in range(3):
            one.says = b"nonsense\r\n\r\n"
            assert "left alone" not in await silence(directory)
            one.says = answer({"membership": "administrator"})
            await directory.look_up(ABOUT)


async def test_a_trial_that_is_called_off_does_not_stay_open_for_ever(clock: Clock) -> None:
    async with vendor(None) as one:
        directory = HttpDirectory(one.url, breaker=Breaker(faults=1, pause=30, clock=clock))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await directory.look_up(ABOUT)
        clock.now += 31
        one.says = answer({"membership": "administrator"})
        assert (await directory.look_up(ABOUT)).membership is Membership.ADMINISTRATOR
