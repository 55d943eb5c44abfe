"""Charts as SVG that the server makes: numbers in, places on a canvas out; `console/chart.html` draws them.

No colour carries a meaning: lines differ in their dashes and bear a letter at their end, bars are labelled. The table
with the same numbers stands beneath each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import ClassVar

WIDTH, HEIGHT = 400, 210
LEFT, RIGHT, TOP, BOTTOM = 40, 380, 14, 176
"""The part of the canvas that numbers are drawn in; letters and labels have the rest."""
LETTERS = "ABCDE"
LETTER_HEIGHT = 13
BAR_GAP, BAR_LABEL = 38, 16
TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One line: a number for each time, None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """`pieces` are the line's unbroken parts as SVG points, `dots` its single ones; `style` is 0 to 4."""

    name: str
    letter: str
    style: int
    pieces: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    letter_at: float


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    text: str
    y: float
    width: float

    @property
    def label_y(self) -> float:
        return self.y - 10

    @property
    def text_x(self) -> float:
        """Behind the bar, or inside of the canvas where it is long."""
        return self.width + 6


@dataclass(frozen=True, slots=True)
class Chart:
    """What every chart has. `id` tells it from others on the page; `description` says what one would see."""

    canvas: ClassVar[tuple[int, int]] = (WIDTH, HEIGHT)
    left: ClassVar[int] = LEFT
    right: ClassVar[int] = RIGHT
    bottom: ClassVar[int] = BOTTOM
    id: str
    title: str
    description: str
    times: tuple[Tick, ...] = ()
    heights: tuple[Tick, ...] = ()
    lines: tuple[Line, ...] = ()
    columns: tuple[Column, ...] = ()
    bars: tuple[Bar, ...] = ()

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def height(self) -> int:
        return len(self.bars) * BAR_GAP + 6 if self.bars else HEIGHT


def columns(id: str, title: str, description: str, times: Sequence[str], values: Sequence[int]) -> Chart:
    """One column for each time."""
    highest = _round_up(max(values, default=0))
    step = (RIGHT - LEFT) / max(1, len(values))
    drawn = tuple(
        Column(
            round(LEFT + number * step + step * 0.1, 1),
            _y(value, highest),
            round(step * 0.8, 1),
            _height(value, highest),
        )
        for number, value in enumerate(values)
    )
    ticks = _times(times, [LEFT + (number + 0.5) * step for number in range(len(times))])
    return Chart(id, title, description, ticks, _heights(highest), columns=drawn)


def lines(
    id: str, title: str, description: str, times: Sequence[str], series: Sequence[Series], *, percent: bool = False
) -> Chart:
    """At most five lines over the same times."""
    shown = series[: len(LETTERS)]
    highest = _round_up(max((value for one in shown for value in one.values if value is not None), default=0))
    places = [LEFT + (number + 0.5) * (RIGHT - LEFT) / max(1, len(times)) for number in range(len(times))]
    ends = _apart([_end(one, highest) for one in shown])
    drawn = []
    for number, (one, end) in enumerate(zip(shown, ends, strict=True)):
        runs = list(_runs(one.values))
        points = [[(round(places[at], 1), _y(value, highest)) for at, value in run] for run in runs]
        pieces = tuple(" ".join(f"{x},{y}" for x, y in run) for run in points if len(run) > 1)
        dots = tuple(run[0] for run in points if len(run) == 1)
        drawn.append(Line(one.name, LETTERS[number], number, pieces, dots, end))
    unit = " %" if percent else ""
    return Chart(id, title, description, _times(times, places), _heights(highest, unit), lines=tuple(drawn))


def bars(id: str, title: str, description: str, rows: Sequence[tuple[str, int]]) -> Chart:
    """A bar with its name above and its number behind it, for each row."""
    highest = max((value for _, value in rows), default=0) or 1
    room = RIGHT - 40
    drawn = tuple(
        Bar(
            name,
            f"{value:,}".replace(",", "\u202f"),
            number * BAR_GAP + BAR_LABEL + 4,
            round(value / highest * room, 1),
        )
        for number, (name, value) in enumerate(rows)
    )
    return Chart(id, title, description, bars=drawn)


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """The parts of a line that no gap breaks."""
    run: list[tuple[int, float]] = []
    for at, value in enumerate(values):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((at, value))
    if run:
        yield run


def _end(series: Series, highest: float) -> float:
    last = next((value for value in reversed(series.values) if value is not None), 0.0)
    return _y(last, highest)


def _apart(heights: Sequence[float]) -> list[float]:
    """Letters that would lie on one another, moved apart."""
    order = sorted(range(len(heights)), key=lambda number: heights[number], reverse=True)
    placed = list(heights)
    lowest = float(BOTTOM)
    for number in order:
        placed[number] = round(min(placed[number], lowest), 1)
        lowest = placed[number] - LETTER_HEIGHT
    return placed


def _y(value: float, highest: float) -> float:
    return round(BOTTOM - value / highest * (BOTTOM - TOP), 1)


def _height(value: float, highest: float) -> float:
    return round(value / highest * (BOTTOM - TOP), 1)


def _round_up(value: float) -> float:
    """The end of an axis: 1, 2, 4, 5 or 10 times a power of ten, at least 4, so that half of it is a whole number."""
    if value <= 4:
        return 4.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= value)


def _heights(highest: float, unit: str = "") -> tuple[Tick, ...]:
    return tuple(Tick(_y(part, highest), f"{part:g}{unit}") for part in (0.0, highest / 2, highest))


def _times(labels: Sequence[str], places: Sequence[float]) -> tuple[Tick, ...]:
    """A few of them, so that they do not run into one another."""
    step = max(1, ceil(len(labels) / TICKS))
    return tuple(Tick(round(places[at], 1), labels[at]) for at in range(step // 2, len(labels), step))
