"""Answers on their way from the network's loop to whoever writes them down."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial

from diagnostics.carried_on import Submit
from diagnostics.domain import ProbeGroup, Seen
from diagnostics.registry import Probe
from diagnostics.turns import Turns

SAVE_EVERY = 0.75
"""Seconds that an answer waits for others to be written with; pages ask for news less often."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Answers by group, and the groups that have ended with them."""

    seen: dict[ProbeGroup, list[Seen]] = field(default_factory=dict)
    ended: set[ProbeGroup] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.seen or self.ended)


class Landing:
    """The loop's thread calls `put` and `end`; `write` is called for batches of what has landed, one after the other.

    For batches, not for answers: every change of threads costs as much as a probe. What is logged meanwhile is about
    the same as where the landing was made.
    """

    def __init__(
        self, expected: Mapping[ProbeGroup, int], write: Callable[[Landed], None], submit: Submit, turns: Turns
    ) -> None:
        """So many answers come from each group. `submit` has steps done that write; what is written before the end
        waits for one of the `turns`, which many landings share.
        """
        self.written: Future[None] = Future()
        """Done when all is written that will be; fails with what `write` raised, or what ended it all."""
        self._write = write
        self._missing = dict(expected)
        self._open = set(expected)
        self._unread: deque[tuple[ProbeGroup, Seen | None]] = deque()
        self._woken = False
        self._over = False
        self._failure: BaseException | None = None
        self._submit = submit
        self._turns = turns
        self._early = False
        self._context = copy_context()
        self._lock = threading.Lock()
        self._asked = self._writing = False

    def put(self, probe: Probe, seen: Seen) -> None:
        """On the loop: a probe's answer, to be written with the last one that everybody is shown, or before it: after
        `SAVE_EVERY`, unless so much is being written that it would keep others' ends waiting.

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
                self._wake()
        if not self._woken:
            self._woken = True
            asyncio.get_running_loop().call_later(SAVE_EVERY, self._turns.ask, self._write_early)

    def end(self, failure: BaseException | None = None) -> None:
        """Nothing comes any more; from any thread. All groups have ended, whether or not their answers came; with a
        `failure` they are left as they are.
        """
        self._failure = failure
        self._over = True
        self._wake()

    def _write_early(self) -> bool:
        if self._over or not self._unread:
            self._woken = False
            return False
        self._early = True
        self._wake()
        return True

    def _wake(self) -> None:
        with self._lock:
            self._asked = True
            if self._writing:
                return
            self._writing = True
        self._submit(partial(self._context.run, self._work))

    def _work(self) -> None:
        while self._take_up():
            self._woken = False  # before reading: what lands from now on wakes us again
            over, began = self._over, time.monotonic()
            try:
                if (landed := self._read()) or over:
                    self._write_down(landed, over)
                if self._early:
                    self._early, self._turns.took = False, time.monotonic() - began
            except Exception as problem:
                # Whoever waits for the end hears of it; nothing is written any more.
                self._stop(problem)
                return
            if over:
                self._stop(self._failure)
                return

    def _take_up(self) -> bool:
        with self._lock:
            self._writing, self._asked = self._asked, False
            return self._writing

    def _write_down(self, landed: Landed, over: bool) -> None:
        if over and not self._failure:
            landed.ended.update(self._open)
        if landed:
            self._write(landed)

    def _stop(self, failure: BaseException | None) -> None:
        """Nothing is written after it, for `_writing` stays set."""
        if failure:
            self.written.set_exception(failure)
        else:
            self.written.set_result(None)

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
