"""A circuit breaker: whoever fails again and again is left alone for a while, and nobody waits for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import TracebackType

FAULTS = 5
PAUSE = 30.0


class CircuitOpen(Exception):
    """Not asked at all: the last times failed."""


@dataclass
class Breaker:
    """Use it as a `with` block around each request; any exception that leaves the block is a fault.

    After `faults` in a row nothing is let through for `pause` seconds, then one trial: its success closes the circuit,
    its failure begins another pause. For one event loop; `clock` gives seconds.
    """

    faults: int = FAULTS
    pause: float = PAUSE
    clock: Callable[[], float] = monotonic
    _in_a_row: int = 0
    _trial_at: float = 0.0
    _on_trial: bool = False

    def __enter__(self) -> None:
        if self._in_a_row < self.faults:
            return
        if self._on_trial or self.clock() < self._trial_at:
            raise CircuitOpen(f"left alone after {self._in_a_row} faults in a row")
        self._on_trial = True

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_trial = False
        if kind is None:
            self._in_a_row = 0
            return
        self._in_a_row += 1
        self._trial_at = self.clock() + self.pause
