"""Work that is worth doing only while there is time for it, one piece after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

SHARE = 0.5
"""Of the time, at most, one such piece is being done."""
LONGEST_REST = 5.0
"""Seconds; after a piece that took very long the next one shows whether that is over."""

Begin = Callable[[], bool]
"""Begins a piece of work; False where it has become needless."""


class Turns:
    """Pieces of work in the order in which they asked, as many as fit into `SHARE` of the time by how long the last one
    took (`took`, in seconds; whoever does one says so, from any thread).

    On a busy machine a piece takes longer, so there are fewer, by themselves. Called on one event loop.
    """

    def __init__(self) -> None:
        self.took = 0.0
        self._waiting: deque[Begin] = deque()
        self._resting = False

    def ask(self, begin: Begin) -> None:
        """Have it begun now or when its turn comes."""
        self._waiting.append(begin)
        if not self._resting:
            self._next()

    def _next(self) -> None:
        self._resting = False
        while self._waiting and not self._resting:
            self._resting = self._waiting.popleft()()
        if self._resting:
            asyncio.get_running_loop().call_later(min(self.took / SHARE, LONGEST_REST), self._next)
