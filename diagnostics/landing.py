"""Answers on their way from the network's loop to the thread that writes them down."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue

from diagnostics.domain import Seen

SAVE_EVERY = 0.25
"""Seconds that an answer waits at most for others to be written with; pages ask for news less often."""


class Landing:
    """The loop's thread calls `put` and `end`, another one reads.

    The reader is woken for batches, not for answers: every change of threads costs as much as a probe.
    """

    def __init__(self) -> None:
        self._unread: deque[Seen] = deque()
        self._woken = False
        self._wake: SimpleQueue[bool] = SimpleQueue()

    def put(self, seen: Seen) -> None:
        """On the loop: an answer, to be read within `SAVE_EVERY` or with the end."""
        self._unread.append(seen)
        if not self._woken:
            self._woken = True
            asyncio.get_running_loop().call_later(SAVE_EVERY, self._wake.put, True)

    def end(self) -> None:
        """Nothing comes any more; from any thread."""
        self._wake.put(False)

    def batches(self) -> Iterator[list[Seen]]:
        """What has landed, until the end; what came since the last batch is then left for `rest`."""
        while self._wake.get():
            self._woken = False  # before reading: what lands from now on wakes the reader again
            if batch := self.rest():
                yield batch

    def rest(self) -> list[Seen]:
        """What has landed and was in no batch."""
        batch = []
        while self._unread:
            batch.append(self._unread.popleft())
        return batch
