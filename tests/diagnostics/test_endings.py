"""Groups of one run that end together are written together, and nobody waits for the vendor's records."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from diagnostics import endings
from diagnostics.domain import ProbeGroup
from diagnostics.endings import Endings

RUN = 1
LIMIT = 20.0


@pytest.fixture
def here() -> Endings[str]:
    return Endings()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def at(here: Endings[str], stack: ExitStack, *names: ProbeGroup) -> None:
    for name in names:
        stack.enter_context(here.under_way(RUN, name))


def waits(here: Endings[str], count: int = 1) -> None:
    """Until so many groups have ended and are not written."""
    ended = threading.Event()
    while len(here._runs[RUN].ended) < count:
        assert not ended.wait(0.005)


def test_the_last_group_writes_what_waited_for_it(
    here: Endings[str], threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "SAVE_EVERY", LIMIT)
    with ExitStack() as stack:
        at(here, stack, ProbeGroup.DNS, ProbeGroup.PORTS, ProbeGroup.DELIVERY)
        first = threads.submit(here.ended, RUN, ProbeGroup.PORTS, "ports")
        waits(here)
        assert here.ended(RUN, ProbeGroup.DNS, "dns") == []
        assert here.ended(RUN, ProbeGroup.DELIVERY, "delivery") == ["ports", "dns", "delivery"]
        assert first.result(LIMIT) == []


def test_who_has_waited_long_enough_writes_what_there_is(here: Endings[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "SAVE_EVERY", 0.01)
    with ExitStack() as stack:
        at(here, stack, ProbeGroup.DNS, ProbeGroup.DELIVERY)
        assert here.ended(RUN, ProbeGroup.DNS, "dns") == ["dns"]
        assert here.ended(RUN, ProbeGroup.DELIVERY, "delivery") == ["delivery"]


def test_nobody_waits_for_the_records(here: Endings[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "SAVE_EVERY", 3600.0)
    with ExitStack() as stack:
        at(here, stack, ProbeGroup.RECORDS, ProbeGroup.DNS)
        assert here.ended(RUN, ProbeGroup.DNS, "dns") == ["dns"]
        assert here.ended(RUN, ProbeGroup.RECORDS, "records") == ["records"]


def test_a_group_that_fails_leaves_nothing_behind(here: Endings[str]) -> None:
    with pytest.raises(ValueError, match="a fault"), here.under_way(RUN, ProbeGroup.DNS):
        raise ValueError("a fault")
    assert not here._runs


def test_a_group_that_another_worker_took_meanwhile_still_ends(here: Endings[str]) -> None:
    with here.under_way(RUN, ProbeGroup.DNS):
        with here.under_way(RUN, ProbeGroup.DNS):
            assert here.ended(RUN, ProbeGroup.DNS, "the second attempt") == ["the second attempt"]
        assert here.ended(RUN, ProbeGroup.DNS, "the first attempt") == ["the first attempt"]
    assert not here._runs
