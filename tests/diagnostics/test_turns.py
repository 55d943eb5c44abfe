"""Work for which there is time only now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from diagnostics import turns
from diagnostics.turns import Turns

WITHIN = 30.0


class Piece:
    def __init__(self, needless: bool = False) -> None:
        self.needless = needless
        self.begun = asyncio.Event()

    def begin(self) -> bool:
        self.begun.set()
        return not self.needless


def run(work: Callable[[Turns], Awaitable[None]]) -> None:
    async def on_a_loop() -> None:
        await asyncio.wait_for(work(Turns()), WITHIN)

    asyncio.run(on_a_loop())


def test_whoever_asks_while_nothing_was_done_begins_at_once() -> None:
    async def work(line: Turns) -> None:
        piece = Piece()
        line.ask(piece.begin)
        assert piece.begun.is_set()

    run(work)


def test_between_two_there_is_rest_by_how_long_the_last_one_took() -> None:
    async def work(line: Turns) -> None:
        loop = asyncio.get_running_loop()
        line.took = 0.02
        first, second = Piece(), Piece()
        began = loop.time()
        line.ask(first.begin)
        line.ask(second.begin)
        assert not second.begun.is_set()
        await second.begun.wait()
        assert loop.time() - began >= 0.02 / turns.SHARE - 0.002  # the clock's own grain

    run(work)


def test_what_has_become_needless_costs_no_turn() -> None:
    async def work(line: Turns) -> None:
        line.took = WITHIN
        needless, needed, late = Piece(needless=True), Piece(), Piece()
        for piece in (needless, needed, late):
            line.ask(piece.begin)
        assert needless.begun.is_set()
        assert needed.begun.is_set()
        assert not late.begun.is_set()

    run(work)


def test_after_one_that_took_very_long_the_next_does_not_wait_very_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_REST", 0.001)

    async def work(line: Turns) -> None:
        line.took = 100 * WITHIN
        first, second = Piece(), Piece()
        line.ask(first.begin)
        line.ask(second.begin)
        await second.begun.wait()

    run(work)


def test_a_piece_that_fails_does_not_end_the_turns() -> None:
    async def work(line: Turns) -> None:
        def fail() -> bool:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            line.ask(fail)
        piece = Piece()
        line.ask(piece.begin)
        assert piece.begun.is_set()

    run(work)
