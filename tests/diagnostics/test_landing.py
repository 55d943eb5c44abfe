"""Answers of one run that land together are written together, and nobody waits for the vendor's records."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest

from diagnostics import landing
from diagnostics.domain import ProbeGroup, Seen, Vantage
from diagnostics.landing import Landed, Landing
from diagnostics.registry import Probe, probes

DNS = [probe for probe in probes() if probe.group is ProbeGroup.DNS][:2]
PORTS = [probe for probe in probes() if probe.group is ProbeGroup.PORTS][:1]
RECORDS = [probe for probe in probes() if probe.group is ProbeGroup.RECORDS][:1]


def seen(probe: Probe) -> Seen:
    return Seen(probe.observes, Vantage.SERVER, datetime.now(UTC))


async def landed(expected: list[Probe], *answering: list[Probe]) -> tuple[list[Landed], Landed]:
    """Each list of answers lands at once, and what is woken by it is read before the next; then the end."""
    here = Landing(Counter(probe.group for probe in expected))
    loop, batches = asyncio.get_running_loop(), here.batches()
    read = []
    for answers in answering:
        for probe in answers:
            here.put(probe, seen(probe))
        read.append(await loop.run_in_executor(None, next, batches))
    here.end()
    read += await loop.run_in_executor(None, list, batches)
    return read, here.rest()


def shown(batch: Landed) -> tuple[dict[ProbeGroup, int], set[ProbeGroup]]:
    return {group: len(answers) for group, answers in batch.seen.items()}, batch.ended


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "SAVE_EVERY", 0.001)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read is not read because time has passed."""
    monkeypatch.setattr(landing, "SAVE_EVERY", 3600.0)


def test_a_group_ends_with_its_last_answer(quickly: None) -> None:
    read, rest = asyncio.run(landed([*DNS, *PORTS], DNS[:1], [DNS[1]]))
    assert [shown(batch) for batch in read] == [
        ({ProbeGroup.DNS: 1}, set()),
        ({ProbeGroup.DNS: 1}, {ProbeGroup.DNS}),
    ]
    assert shown(rest) == ({}, {ProbeGroup.PORTS}), "its time was over"


def test_answers_that_land_together_are_one_batch(never: None) -> None:
    read, rest = asyncio.run(landed([*DNS, *PORTS, *RECORDS], [*RECORDS, *DNS, *PORTS][1:]))
    assert [shown(batch) for batch in read] == [
        ({ProbeGroup.DNS: 2, ProbeGroup.PORTS: 1}, {ProbeGroup.DNS, ProbeGroup.PORTS})
    ], "all that everybody is shown is there: it waits neither for time to pass nor for the records"
    assert shown(rest) == ({}, {ProbeGroup.RECORDS})


def test_where_all_was_read_before_the_end_nothing_is_left_to_write(quickly: None) -> None:
    read, rest = asyncio.run(landed(PORTS, PORTS))
    assert [shown(batch) for batch in read] == [({ProbeGroup.PORTS: 1}, {ProbeGroup.PORTS})]
    assert not rest


def test_the_end_leaves_nothing_unread(never: None) -> None:
    async def ends() -> tuple[list[Landed], Landed]:
        here = Landing(Counter(probe.group for probe in [*DNS, *RECORDS]))
        here.put(RECORDS[0], seen(RECORDS[0]))
        here.put(DNS[0], seen(DNS[0]))
        here.end()
        return list(here.batches()), here.rest()

    read, rest = asyncio.run(ends())
    assert read == []
    assert shown(rest) == ({ProbeGroup.RECORDS: 1, ProbeGroup.DNS: 1}, {ProbeGroup.RECORDS, ProbeGroup.DNS})
