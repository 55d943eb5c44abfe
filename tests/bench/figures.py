"""One measured figure, and the bar that it has to reach, if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

RUNS = 5
KEPT = Path(__file__).resolve().parents[2] / ".local" / "bench"
"""Where the figures of every run are kept, one JSON file each."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`at_least` or `at_most` is the bar; a figure without one is only told."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reached(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name}: {shown(self.value)}{unit}{self._bar}{'' if self.reached else ' MISSED'}"

    @property
    def _bar(self) -> str:
        if self.at_least is not None:
            return f" (bar at least {shown(self.at_least)})"
        return f" (bar at most {shown(self.at_most)})" if self.at_most is not None else ""


def shown(value: float) -> str:
    """Whole numbers from 100 on, three digits below."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def middle(measured: Callable[[], float], runs: int = RUNS) -> float:
    """The median of several runs."""
    return median(measured() for _ in range(runs))


def ratio(these: Iterable[float], those: Iterable[float]) -> float:
    """How many times those these are: the median of the ratios of what was measured one right after the other, as a
    shared machine is faster at one time than at another.
    """
    return median(one / other for one, other in zip(these, those, strict=True))
