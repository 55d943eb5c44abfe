"""Answers on their way from the network's loop to whoever writes them down."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from diagnostics.batches import Batches
from diagnostics.carried_on import Submit
from diagnostics.domain import ProbeGroup, Seen
from diagnostics.registry import Probe
from diagnostics.turns import Turns

S = TypeVar("S")

logger = logging.getLogger(__name__)

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


class Landing(Generic[S]):
    """The loop's thread calls `put` and `end`; what has landed goes to a `Scribe`, once more only when that has written
    it.

    In batches, not answer by answer: every change of threads costs as much as a probe.
    """

    def __init__(
        self, subject: S, expected: Mapping[ProbeGroup, int], scribe: Scribe[S], submit: Submit, turns: Turns
    ) -> None:
        """So many answers come from each group of the `subject`. `submit` has steps done that write; what is written
        before the end waits for one of the `turns`, which many landings share.
        """
        self.written: Future[None] = Future()
        """Done when all is written that will be; fails with what writing raised, or what ended it all."""
        self.subject = subject
        self._missing = dict(expected)
        self._open = set(expected)
        self._unread: deque[tuple[ProbeGroup, Seen | None]] = deque()
        self._woken = False
        self._over = self._last = False
        self._failure: BaseException | None = None
        self._scribe = scribe
        self.submit = submit
        self._turns = turns
        self._early = False
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
        self._scribe.add(self)

    def take(self) -> Landed:
        """The scribe's: what is to be written now. Nothing else is taken before it says `wrote`."""
        self._asked = False
        self._woken = False  # before reading: what lands from now on wakes us again
        self._last = self._over
        landed = self._read()
        if self._last and not self._failure:
            landed.ended.update(self._open)
        return landed

    def wrote(self, problem: BaseException | None, seconds: float) -> None:
        """The scribe's: what became of that, and how long it took. Whoever waits for the end hears of a problem;
        nothing is written after it.
        """
        if self._early:
            self._early, self._turns.took = False, seconds
        if problem or self._last:
            self._stop(problem or self._failure)
            return
        with self._lock:
            self._writing = self._asked
        if self._writing:
            self._scribe.add(self)

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


class Scribe(Generic[S]):
    """Writes what has landed, for many landings in one go."""

    def __init__(
        self,
        write: Callable[[Sequence[tuple[S, Landed]]], object],
        most: int,
        *,
        hopeless: tuple[type[Exception], ...] = (),
    ) -> None:
        """`write` writes all of at most so many or, where it raises, nothing. Unless that is `hopeless` for all of
        them, each is then written alone: one that cannot be written does not keep the others from it.
        """
        self._write = write
        self._hopeless = hopeless
        self._batches: Batches[Landing[S]] = Batches(self._write_down, most)

    def add(self, landing: Landing[S]) -> None:
        self._batches.add(landing, landing.submit)

    def _write_down(self, landings: Sequence[Landing[S]]) -> None:
        self._write_taken([(landing, landing.take()) for landing in landings])

    def _write_taken(self, taken: Sequence[tuple[Landing[S], Landed]]) -> None:
        full = [(landing.subject, landed) for landing, landed in taken if landed]
        problem, began = None, time.monotonic()
        try:
            if full:
                self._write(full)
        except Exception as raised:
            if len(full) > 1 and not isinstance(raised, self._hopeless):
                # Only the kind of it: what a database says of a row may be somebody's address.
                logger.warning("%d runs are saved one by one: %s", len(full), type(raised).__name__)
                for one in taken:
                    one[0].submit(partial(self._write_taken, [one]))
                return
            problem = raised  # whoever waits for the end hears of it
        seconds = (time.monotonic() - began) / max(1, len(full))
        for landing, landed in taken:
            landing.wrote(problem if landed else None, seconds)
