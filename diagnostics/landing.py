"""Answers on their way from the network's loop to the thread that writes them down."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue

from diagnostics.domain import ProbeGroup, Seen
from diagnostics.registry import Probe

SAVE_EVERY = 0.25
"""Seconds that an answer waits at most for others to be written with; pages ask for news less often."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Answers by group, and the groups that have ended with them."""

    seen: dict[ProbeGroup, list[Seen]] = field(default_factory=dict)
    ended: set[ProbeGroup] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.seen or self.ended)


class Landing:
    """The loop's thread calls `put` and `end`, another one reads.

    The reader is woken for batches, not for answers: every change of threads costs as much as a probe.
    """

    def __init__(self, expected: Mapping[ProbeGroup, int]) -> None:
        """So many answers come from each group."""
        self._missing = dict(expected)
        self._open = set(expected)
        self._unread: deque[tuple[ProbeGroup, Seen | None]] = deque()
        self._woken = False
        self._wake: SimpleQueue[bool] = SimpleQueue()

    def put(self, probe: Probe, seen: Seen) -> None:
        """On the loop: a probe's answer, to be read within `SAVE_EVERY`, or with the last one that everybody is shown.

        That one never waits for the vendor's records, so that their time shows nowhere.
        """
        group = probe.group
        self._unread.append((group, seen))
        self._missing[group] -= 1
        if not self._missing[group]:
            del self._missing[group]
            self._unread.append((group, None))
            if self._missing.keys() == {ProbeGroup.RECORDS}:
                self._woken = True
                self._wake.put(True)
        if not self._woken:
            self._woken = True
            asyncio.get_running_loop().call_later(SAVE_EVERY, self._wake.put, True)

    def end(self) -> None:
        """Nothing comes any more; from any thread."""
        self._wake.put(False)

    def batches(self) -> Iterator[Landed]:
        """What has landed, until the end; what came since the last batch is then left for `rest`."""
        while self._wake.get():
            self._woken = False  # before reading: what lands from now on wakes the reader again
            if landed := self._read():
                yield landed

    def rest(self) -> Landed:
        """What has landed and was in no batch; all groups have ended with it, whether or not their answers came."""
        landed = self._read()
        landed.ended.update(self._open)
        return landed

    def _read(self) -> Landed:
        landed = Landed()
        while self._unread:
            group, seen = self._unread.popleft()
            if seen is None:
                landed.ended.add(group)
                self._open.discard(group)
            else:
                landed.seen.setdefault(group, []).append(seen)
        return landed
