"""Many ask, one looks: nobody is told what was true too long ago, nobody's failure becomes silence, nothing is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from diagnostics.services import shared_look
from diagnostics.services.shared_look import LATE, SharedLook

HELD = 0.2


class World:
    """What is true now, and which keys were looked up at once; its clock stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.true: dict[str, int] = {}
        self.looks: list[set[str]] = []

    def read(self, keys: Collection[str]) -> Mapping[str, int]:
        self.looks.append(set(keys))
        return {key: self.true[key] for key in keys if key in self.true}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(shared_look, "HELD", HELD)
    monkeypatch.setattr(shared_look, "time", SimpleNamespace(monotonic=lambda: world.now))
    return world


def test_one_look_answers_until_it_is_too_old(world: World) -> None:
    shared = SharedLook(world.read)
    world.true["a"] = 1
    assert shared.of("a") == 1
    world.true["a"] = 2
    world.now += HELD - 0.01
    assert shared.of("a") == 1
    world.now += 0.02
    assert shared.of("a") == 2
    assert world.looks == [{"a"}, {"a"}]


def test_its_age_counts_from_its_beginning(world: World) -> None:
    def slow(keys: Collection[str]) -> Mapping[str, int]:
        found = world.read(keys)
        world.now += 3 * HELD
        return found

    shared = SharedLook(slow)
    world.true["a"] = 1
    assert [shared.of("a"), shared.of("a")] == [1, 1]
    assert len(world.looks) == 2


def test_those_who_keep_asking_are_looked_up_together(world: World) -> None:
    shared = SharedLook(world.read)
    world.true = {"a": 1, "b": 1, "c": 1}
    for _ in range(3):
        for key in "abc":
            shared.of(key)
        world.now += 1.5
    world.looks.clear()
    assert [shared.of("a"), shared.of("b"), shared.of("c")] == [1, 1, 1]
    assert world.looks == [{"a", "b", "c"}]


def test_nobody_is_looked_up_long_before_they_ask(world: World) -> None:
    shared = SharedLook(world.read)
    world.true = {"a": 1, "b": 1}
    for _ in range(3):
        shared.of("a")
        world.now += 0.75
        shared.of("b")
        world.now += 0.75
    assert all(len(look) == 1 for look in world.looks)


def test_whoever_asks_no_more_is_forgotten(world: World) -> None:
    shared = SharedLook(world.read)
    world.true = {"a": 1, "b": 1}
    shared.of("a")
    world.now += 2 * LATE + 0.1
    shared.of("b")
    world.now += HELD + 0.1
    shared.of("b")
    assert "a" not in world.looks[-1]
    assert "a" not in shared._askers


def test_what_is_not_there_is_nobodys_to_remember(world: World) -> None:
    shared = SharedLook(world.read)
    assert [shared.of(key) for key in ("guess", "other guess")] == [None, None]
    assert not shared._askers
    assert not shared._under_way
    world.true["guess"] = 1
    assert shared.of("guess") == 1, "at once: nothing was kept"


def test_what_is_gone_is_gone_with_the_next_look(world: World) -> None:
    shared = SharedLook(world.read)
    world.true["a"] = 1
    shared.of("a")
    del world.true["a"]
    world.now += HELD + 0.01
    assert shared.of("a") is None


class Gate:
    """A look that begins and waits until it may end."""

    def __init__(self, end: Callable[[Collection[str]], Mapping[str, int]]) -> None:
        self.begun, self.may_end, self.count = threading.Event(), threading.Event(), 0
        self._end = end

    def read(self, keys: Collection[str]) -> Mapping[str, int]:
        self.count += 1
        self.begun.set()
        assert self.may_end.wait(30)
        return self._end(keys)


def followed(gate: Gate, world: World) -> tuple[list[object], SharedLook[str, int]]:
    """What three threads got of which two came while the first one looked."""
    shared = SharedLook(gate.read)

    def ask() -> object:
        try:
            return shared.of("a")
        except RuntimeError as fault:
            return str(fault)

    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(ask)]
        assert gate.begun.wait(30)
        asked += [threads.submit(ask) for _ in range(2)]
        gate.may_end.set()
        return [one.result(30) for one in asked], shared


def test_whoever_comes_meanwhile_waits_for_the_same_look(world: World) -> None:
    gate = Gate(lambda keys: dict.fromkeys(keys, 1))
    assert followed(gate, world)[0] == [1, 1, 1]
    assert gate.count == 1


def test_a_look_that_fails_fails_for_all_and_is_tried_again(world: World) -> None:
    def fail(keys: Collection[str]) -> Mapping[str, int]:
        raise RuntimeError("away")

    gate = Gate(fail)
    answers, shared = followed(gate, world)
    assert answers == ["away"] * 3
    gate._end = lambda keys: dict.fromkeys(keys, 1)
    assert shared.of("a") == 1


def test_nobody_waits_for_a_look_that_began_too_long_ago(world: World) -> None:
    gate = Gate(lambda keys: dict.fromkeys(keys, 1))
    shared = SharedLook(gate.read)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(shared.of, "a")
        assert gate.begun.wait(30)
        gate.begun.clear()
        world.now += HELD + 0.01
        second = threads.submit(shared.of, "a")
        assert gate.begun.wait(30), "it looks by itself"
        gate.may_end.set()
        assert [first.result(30), second.result(30)] == [1, 1]
    assert gate.count == 2
