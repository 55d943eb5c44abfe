"""Answers that land together are written together, those of many runs too; nobody waits for the vendor's records."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

import pytest

from diagnostics import landing, turns
from diagnostics.domain import ProbeGroup, Seen, Vantage
from diagnostics.landing import Landed, Landing, Scribe
from diagnostics.registry import Probe, probes
from diagnostics.turns import Turns

DNS = [probe for probe in probes() if probe.group is ProbeGroup.DNS][:2]
PORTS = [probe for probe in probes() if probe.group is ProbeGroup.PORTS][:1]
RECORDS = [probe for probe in probes() if probe.group is ProbeGroup.RECORDS][:1]
WITHIN = 30.0


def seen(probe: Probe) -> Seen:
    return Seen(probe.observes, Vantage.SERVER, datetime.now(UTC))


def made(
    expected: list[Probe], write: Callable[[Landed], object], pool: ThreadPoolExecutor, turns: Turns | None = None
) -> Landing[str]:
    """One that is written alone."""
    scribe: Scribe[str] = Scribe(lambda batch: [write(each) for _, each in batch], 1)
    return of(expected, scribe, pool, turns)


def of(
    expected: list[Probe],
    scribe: Scribe[str],
    pool: ThreadPoolExecutor,
    turns: Turns | None = None,
    subject: str = "run 7",
) -> Landing[str]:
    return Landing(subject, Counter(probe.group for probe in expected), scribe, pool.submit, turns or Turns())


async def landed(expected: list[Probe], *answering: list[Probe]) -> list[Landed]:
    """Each list of answers lands at once, and what is written because of it is waited for; then comes the end."""
    loop = asyncio.get_running_loop()
    batches: SimpleQueue[Landed] = SimpleQueue()
    with ThreadPoolExecutor() as pool:
        here, read = made(expected, batches.put, pool), []
        for answers in answering:
            for probe in answers:
                here.put(probe, seen(probe))
            read.append(await loop.run_in_executor(None, lambda: batches.get(timeout=WITHIN)))
        here.end()
        await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)
        try:
            while True:
                read.append(batches.get_nowait())
        except Empty:
            return read


def shown(batch: Landed) -> tuple[dict[ProbeGroup, int], set[ProbeGroup]]:
    return {group: len(answers) for group, answers in batch.seen.items()}, batch.ended


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "SAVE_EVERY", 0.001)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written is not written because time has passed."""
    monkeypatch.setattr(landing, "SAVE_EVERY", 3600.0)


def test_a_group_ends_with_its_last_answer(quickly: None) -> None:
    written = asyncio.run(landed([*DNS, *PORTS], DNS[:1], [DNS[1]]))
    assert [shown(batch) for batch in written] == [
        ({ProbeGroup.DNS: 1}, set()),
        ({ProbeGroup.DNS: 1}, {ProbeGroup.DNS}),
        ({}, {ProbeGroup.PORTS}),
    ], "the last one's time was over"


def test_answers_that_land_together_are_one_batch(never: None) -> None:
    written = asyncio.run(landed([*DNS, *PORTS, *RECORDS], [*RECORDS, *DNS, *PORTS][1:]))
    assert [shown(batch) for batch in written] == [
        ({ProbeGroup.DNS: 2, ProbeGroup.PORTS: 1}, {ProbeGroup.DNS, ProbeGroup.PORTS}),
        ({}, {ProbeGroup.RECORDS}),
    ], "all that everybody is shown is there: it waits neither for time to pass nor for the records"


def test_where_all_was_written_before_the_end_nothing_is_left(quickly: None) -> None:
    written = asyncio.run(landed(PORTS, PORTS))
    assert [shown(batch) for batch in written] == [({ProbeGroup.PORTS: 1}, {ProbeGroup.PORTS})]


def test_the_end_leaves_nothing_unwritten(never: None) -> None:
    async def ends() -> list[Landed]:
        written: list[Landed] = []
        with ThreadPoolExecutor() as pool:
            here = made([*DNS, *RECORDS], written.append, pool)
            here.put(RECORDS[0], seen(RECORDS[0]))
            here.put(DNS[0], seen(DNS[0]))
            here.end()
            await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)
        return written

    (only,) = asyncio.run(ends())
    assert shown(only) == ({ProbeGroup.RECORDS: 1, ProbeGroup.DNS: 1}, {ProbeGroup.RECORDS, ProbeGroup.DNS})


def test_batches_of_one_run_are_written_one_after_the_other(quickly: None) -> None:
    """The second would else find its group ended by the third, and be refused."""
    inside, most = [0], [0]
    order: list[tuple[dict[ProbeGroup, int], set[ProbeGroup]]] = []
    first_is_written = threading.Event()

    def write(batch: Landed) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        if not order:
            assert first_is_written.wait(WITHIN)
        order.append(shown(batch))
        inside[0] -= 1

    async def three() -> None:
        with ThreadPoolExecutor() as pool:
            here = made([*DNS, *PORTS], write, pool)
            for probe in (DNS[0], DNS[1]):
                here.put(probe, seen(probe))
                while not inside[0]:  # noqa: ASYNC110 - a thread does not tell the loop
                    await asyncio.sleep(0.001)
            here.put(PORTS[0], seen(PORTS[0]))
            here.end()
            first_is_written.set()
            await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)

    asyncio.run(three())
    assert most == [1]
    assert order == [
        ({ProbeGroup.DNS: 1}, set()),
        ({ProbeGroup.DNS: 1, ProbeGroup.PORTS: 1}, {ProbeGroup.DNS, ProbeGroup.PORTS}),
    ]


def test_a_failure_to_write_is_the_end_and_nothing_is_written_after_it(quickly: None) -> None:
    tried: list[Landed] = []

    def write(batch: Landed) -> None:
        tried.append(batch)
        raise ConnectionError("no database")

    async def fails() -> None:
        with ThreadPoolExecutor() as pool:
            here = made([*DNS, *PORTS], write, pool)
            here.put(DNS[0], seen(DNS[0]))
            with pytest.raises(ConnectionError, match="no database"):
                await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)
            here.put(DNS[1], seen(DNS[1]))
            here.end()

    asyncio.run(fails())
    assert len(tried) == 1


def test_what_ended_all_leaves_the_groups_to_whoever_comes_next(never: None) -> None:
    written: list[Landed] = []

    async def ends() -> None:
        with ThreadPoolExecutor() as pool:
            here = made([*DNS, *PORTS], written.append, pool)
            here.put(DNS[0], seen(DNS[0]))
            here.end(RuntimeError("a defect"))
            with pytest.raises(RuntimeError, match="a defect"):
                await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)

    asyncio.run(ends())
    assert [shown(batch) for batch in written] == [({ProbeGroup.DNS: 1}, set())]


def test_what_gets_no_turn_is_written_with_the_end(quickly: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_REST", 3600.0)

    async def work() -> list[Landed]:
        line, written = Turns(), SimpleQueue[Landed]()
        line.took = 3600.0
        asked = asyncio.Event()
        with ThreadPoolExecutor() as pool:
            here = made(DNS, written.put, pool, line)
            line.ask(lambda: True)  # after which there is rest
            ask = line.ask

            def asking(begin: Callable[[], bool]) -> None:
                ask(begin)
                asked.set()

            monkeypatch.setattr(line, "ask", asking)
            here.put(DNS[0], seen(DNS[0]))
            await asyncio.wait_for(asked.wait(), WITHIN)
            assert written.empty()
            here.end()
            await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)
        return [written.get_nowait()]

    assert [shown(batch) for batch in asyncio.run(work())] == [({ProbeGroup.DNS: 1}, {ProbeGroup.DNS})]


def test_those_who_wait_for_a_turn_are_told_how_long_one_takes(quickly: None) -> None:
    async def work() -> float:
        line, written = Turns(), SimpleQueue[Landed]()

        def write(batch: Landed) -> None:
            assert not hold.wait(0.02)
            written.put(batch)

        hold = threading.Event()
        with ThreadPoolExecutor() as pool:
            here = made(DNS, write, pool, line)
            here.put(DNS[0], seen(DNS[0]))
            await asyncio.get_running_loop().run_in_executor(None, lambda: written.get(timeout=WITHIN))
            here.end()
            await asyncio.wait_for(asyncio.wrap_future(here.written), WITHIN)
        return line.took

    assert 0.02 <= asyncio.run(work()) < WITHIN


Batch = list[str]


async def of_many(names: str, write: Callable[[Batch], object], *hopeless: type[Exception]) -> dict[str, str]:
    """Runs that are at their end while the one thread that writes is busy; what each of them hears."""
    busy = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(busy.wait, WITHIN)
        scribe: Scribe[str] = Scribe(lambda batch: write([name for name, _ in batch]), 3, hopeless=hopeless)
        ends = {}
        for name in names:
            here = of(DNS, scribe, pool, subject=name)
            here.put(DNS[0], seen(DNS[0]))
            here.end()
            ends[name] = asyncio.wrap_future(here.written)
        busy.set()
        heard = await asyncio.wait_for(asyncio.gather(*ends.values(), return_exceptions=True), WITHIN)
    return {name: str(problem or "written") for name, problem in zip(ends, heard, strict=True)}


def test_what_many_runs_have_to_write_is_written_in_one_go(never: None) -> None:
    batches: list[Batch] = []
    assert asyncio.run(of_many("abcd", batches.append)) == dict.fromkeys("abcd", "written")
    assert batches == [["a", "b", "c"], ["d"]], "the oldest first, and no more than the most"


def test_one_that_cannot_be_written_does_not_keep_the_others_from_it(
    never: None, caplog: pytest.LogCaptureFixture
) -> None:
    batches: list[Batch] = []

    def write(batch: Batch) -> None:
        batches.append(batch)
        if "b" in batch:
            raise ValueError("not written")

    heard = asyncio.run(of_many("abc", write))
    assert heard == {"a": "written", "b": "not written", "c": "written"}
    assert batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert "3 runs are saved one by one: ValueError" in caplog.text


def test_what_is_hopeless_for_all_is_tried_once(never: None) -> None:
    batches: list[Batch] = []

    def write(batch: Batch) -> None:
        batches.append(batch)
        raise ConnectionError("no database")

    assert asyncio.run(of_many("abc", write, ConnectionError)) == dict.fromkeys("abc", "no database")
    assert batches == [["a", "b", "c"]]
