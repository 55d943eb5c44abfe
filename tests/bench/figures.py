"""One measured figure, and the bar that it has to reach, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

RUNS = 5


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
        return f"{self.name}: {self.value:,.0f}{unit}{self._bar}{'' if self.reached else ' MISSED'}"

    @property
    def _bar(self) -> str:
        if self.at_least is not None:
            return f" (bar at least {self.at_least:,.0f})"
        return f" (bar at most {self.at_most:,.0f})" if self.at_most is not None else ""


def middle(measured: Callable[[], float], runs: int = RUNS) -> float:
    """The median of several runs."""
    return median(measured() for _ in range(runs))
