"""One look at the database for all who ask at about the same time, instead of one for each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

HELD = 0.2
"""Seconds from the beginning of a look for which it answers."""
LATE = 2.0
"""Seconds after which somebody who was expected is not looked up for any more, but forgotten."""


@dataclass(slots=True)
class _Asker(Generic[V]):
    """`at` is when somebody asked last, `due` when they will again if they keep their pace; not known of newcomers."""

    at: float
    due: float
    looked_at: float = float("-inf")
    found: V | None = None


class SharedLook(Generic[K, V]):
    """`of(key)` is what `read` found for the key no more than `HELD` seconds ago.

    Whoever asks after that has it read anew, together with all keys that are expected until the look is too old again:
    a page asks every so many seconds. Whatever a look finds is forgotten once nobody asks for it.
    """

    def __init__(self, read: Callable[[Collection[K]], Mapping[K, V]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._askers: dict[K, _Asker[V]] = {}
        self._under_way: dict[K, tuple[float, Future[Mapping[K, V]]]] = {}

    def of(self, key: K) -> V | None:
        """None where nothing was found. Raises what `read` raises, also for those who wait for it together."""
        now = time.monotonic()
        with self._lock:
            asker = self._asked(key, now)
            if now - asker.looked_at <= HELD:
                return asker.found
            began, look = self._under_way.get(key, (float("-inf"), None))
            if look is None or now - began > HELD:
                keys, look, mine = self._expected(key, now), Future(), True
                self._under_way.update(dict.fromkeys(keys, (now, look)))
            else:
                mine = False
        if not mine:
            return look.result().get(key)
        return self._look(keys, now, look).get(key)

    def _asked(self, key: K, now: float) -> _Asker[V]:
        asker = self._askers.get(key)
        if asker is None:
            asker = self._askers[key] = _Asker(now, now + LATE)
        else:
            asker.due = 2 * now - asker.at
            asker.at = now
        return asker

    def _expected(self, key: K, now: float) -> list[K]:
        """Who asks now or will while the look answers, and would not be answered by an earlier one. Whoever is long
        overdue has gone.
        """
        for gone in [one for one, asker in self._askers.items() if asker.due < now - LATE and one != key]:
            del self._askers[gone]
        return [
            one
            for one, asker in self._askers.items()
            if one == key or (asker.due <= now + HELD and max(now, asker.due) - asker.looked_at > HELD)
        ]

    def _look(self, keys: Collection[K], began: float, look: Future[Mapping[K, V]]) -> Mapping[K, V]:
        try:
            found = self._read(keys)
        except BaseException as fault:
            self._end(keys, look)
            look.set_exception(fault)
            raise
        with self._lock:
            for key in keys:
                if key not in found:
                    self._askers.pop(key, None)  # or whoever guesses would fill the memory
                elif (asker := self._askers.get(key)) and asker.looked_at < began:
                    asker.looked_at, asker.found = began, found[key]
        self._end(keys, look)
        look.set_result(found)
        return found

    def _end(self, keys: Collection[K], look: Future[Mapping[K, V]]) -> None:
        with self._lock:
            for key in keys:
                if self._under_way.get(key, (0.0, None))[1] is look:
                    del self._under_way[key]
