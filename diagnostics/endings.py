"""Groups of one run that end at nearly the same time are written, and their run is judged, together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from diagnostics.domain import ProbeGroup
from diagnostics.landing import SAVE_EVERY

W = TypeVar("W")


@dataclass(eq=False)
class _Run(Generic[W]):
    under_way: set[ProbeGroup] = field(default_factory=set)
    ended: list[W] = field(default_factory=list)
    somebody_waits: bool = False
    nothing_more: threading.Event = field(default_factory=threading.Event)


class Endings(Generic[W]):
    """What this process is at, run by run. `W` is what is to be written when a group has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[int, _Run[W]] = {}

    @contextmanager
    def under_way(self, run_id: int, name: ProbeGroup) -> Iterator[None]:
        """A group of the run is being probed; the block ends when it has ended, however it does."""
        with self._lock:
            self._runs.setdefault(run_id, _Run()).under_way.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._leave(run_id, name)

    def ended(self, run_id: int, name: ProbeGroup, work: W) -> list[W]:
        """What the caller is to write now; nothing where another thread of this process writes it with its own.

        The first of several that ends waits `SAVE_EVERY` for the others; the last one never waits. Nobody waits for
        `records`, so that its time shows nowhere.
        """
        with self._lock:
            run = self._runs.setdefault(run_id, _Run())
            run.under_way.discard(name)
            run.ended.append(work)
            last = not run.under_way - {ProbeGroup.RECORDS}
            if not last and run.somebody_waits:
                return []
            if last:
                run.nothing_more.set()
                return self._taken(run)
            run.somebody_waits = True
            run.nothing_more.clear()
        run.nothing_more.wait(SAVE_EVERY)
        with self._lock:
            run.somebody_waits = False
            return self._taken(run)

    @staticmethod
    def _taken(run: _Run[W]) -> list[W]:
        work, run.ended = run.ended, []
        return work

    def _leave(self, run_id: int, name: ProbeGroup) -> None:
        run = self._runs.get(run_id)
        if run is None:
            return
        run.under_way.discard(name)
        if not run.under_way and not run.ended and not run.somebody_waits:
            del self._runs[run_id]
