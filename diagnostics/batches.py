"""Pieces of work of many tasks, done together: so many at a time as wait when a thread is free."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from diagnostics.carried_on import Submit

W = TypeVar("W")


class Batches(Generic[W]):
    """`do` is called with what waits, the oldest first, `most` pieces at a time; it tells each what became of it, and
    must not raise.

    A piece that waits alone is done alone, at once. The more there is to do, the more is done with every way to the
    database and back, and with every change of threads.
    """

    def __init__(self, do: Callable[[Sequence[W]], None], most: int) -> None:
        self._do = do
        self._most = most
        self._waiting: deque[W] = deque()

    def add(self, piece: W, submit: Submit) -> None:
        """Have it done soon, with those of others; `submit` has a step done that does so unless another was quicker."""
        self._waiting.append(piece)
        submit(self._step)

    def _step(self) -> None:
        batch: list[W] = []
        while self._waiting and len(batch) < self._most:
            try:
                batch.append(self._waiting.popleft())
            except IndexError:  # another thread was quicker
                break
        if batch:
            self._do(batch)
