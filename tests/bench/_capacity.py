"""What so many cases a day need, from the newest figures in `.local/bench`: the arithmetic of docs/capacity.md.

`python -m tests.bench._capacity 1000000` prints it as the tables that stand there.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping

from tests.bench.figures import KEPT, shown

DAY = 86_400
PEAK = 4
"""The busiest hour of a day over its mean."""
SHARE = 0.5
"""How much of a core is planned for: the rest is for deploys, machines that are away, and answers in time."""
MESSAGES = 0.3
"""Test messages of a case: not everybody asks for one. What they cost was not measured, and is left out."""
POLLED = "20 cases a second arrive: CPU of a case and its polls, web"
"""The form, the form sent, the page, and its polls until the run is over, ten seconds later."""
CHANGED = "polled fragment, changed, portal: CPU of a request, PostgreSQL"
CHANGES = 2
"""Polls of a case that bring something new. PostgreSQL hardly hears of the others."""
CORES = 4
"""Of a machine."""
OBSERVATION_DAYS, CASE_DAYS = 30, 90
PARTS = ("web", "dispatcher", "worker", "PostgreSQL", "Valkey")
TAKEN = {
    "cases": (
        *(f"CPU of a case, {part}" for part in PARTS),
        *("observations of a case", "PostgreSQL of a case, observations", "PostgreSQL of a case, all else"),
        *("PostgreSQL of a case, sessions", "PostgreSQL of a case, write-ahead log"),
    ),
    "web": (POLLED, CHANGED),
    "one_case": ("DNS questions of a case",),
    "backlog": ("broker memory of a waiting case",),
}

Measured = Mapping[str, tuple[float, str]]


def newest() -> dict[str, tuple[float, str]]:
    """Figures by name, with their units; raises SystemExit where one was never measured."""
    found: dict[str, tuple[float, str]] = {}
    for file in sorted(KEPT.glob("*.json")):
        for benchmark, figures in json.loads(file.read_text())["figures"].items():
            taken = TAKEN.get(benchmark, ())
            found |= {one["name"]: (one["value"], one["unit"]) for one in figures if one["name"] in taken}
    missing = {name for names in TAKEN.values() for name in names} - found.keys()
    if missing:
        raise SystemExit(f"not measured yet, see `make bench`: {', '.join(sorted(missing))}")
    return found


def told(measured: Measured, cases: int) -> Iterator[str]:
    """The tables, line by line. The second follows from the figures as the first one shows them."""
    measured = {name: (float(shown(value).replace(",", "")), unit) for name, (value, unit) in measured.items()}
    yield from ("| measured | |", "|---|---|")
    for names in TAKEN.values():
        yield from (f"| {name} | {' '.join((shown(measured[name][0]), measured[name][1])).strip()} |" for name in names)
    mean = cases / DAY
    peak = PEAK * mean
    yield from ("", f"| {cases:,} cases a day | arithmetic | |", "|---|---|---|")
    yield _row("cases a second, mean", f"{cases:,} / {DAY:,} s", f"{mean:.1f}")
    yield _row("cases a second, busiest hour", f"{PEAK} × {mean:.1f}", f"{peak:.1f}")
    yield from _cores(measured, peak)
    yield from _disk(measured, cases)
    waiting, questions = (measured[name][0] for name in ("broker memory of a waiting case", "DNS questions of a case"))
    held = f"{peak * 600 * waiting / 1000:,.0f} MB"
    yield _row("broker memory, ten minutes' cases waiting", f"{peak:.1f}/s × 600 s × {waiting:.1f} kB", held)
    yield _row("DNS questions a second, busiest hour", f"{peak:.1f}/s × {questions:.0f}", f"{peak * questions:,.0f}")
    yield _row("connections to the vendor's hosts a second, busiest hour", f"{peak:.1f}/s × 8", f"{peak * 8:,.0f}")
    yield _row("test messages a second, busiest hour", f"{peak:.1f}/s × {MESSAGES}", f"{peak * MESSAGES:.1f}")
    yield _row("test messages a day", f"{cases:,} × {MESSAGES}", f"{cases * MESSAGES:,.0f}")


def _cores(measured: Measured, peak: float) -> Iterator[str]:
    wanted = {}
    for part in PARTS:
        cost, how = _cost(measured, part)
        wanted[part] = peak * cost / 1000 / SHARE
        yield _row(f"cores for {part}", f"{peak:.1f}/s × {how} / {SHARE}", f"{wanted[part]:.1f}")
    cores = math.ceil(sum(wanted.values()))
    yield _row("cores in all, rounded up", " + ".join(f"{each:.1f}" for each in wanted.values()), f"{cores}")
    yield _row(
        f"machines with {CORES} cores, if none is ever away", f"{cores} / {CORES}", f"{math.ceil(cores / CORES)}"
    )
    for part in ("web", "worker"):
        yield _row(f"{part} processes", "one a core", str(math.ceil(wanted[part])))
    cost = measured["CPU of a case, dispatcher"][0]
    yield _row("cases a second that the one working dispatcher can take", f"1 s / {cost:.1f} ms", f"{1000 / cost:.0f}")


def _cost(measured: Measured, part: str) -> tuple[float, str]:
    """Milliseconds of a case with the polls of its page, and how they are told."""
    cost = measured[POLLED if part == "web" else f"CPU of a case, {part}"][0]
    if part != "PostgreSQL":
        return cost, f"{cost:.1f} ms"
    poll = measured[CHANGED][0] / 1000
    return cost + CHANGES * poll, f"({cost:.1f} + {CHANGES} × {poll:.1f}) ms"


def _disk(measured: Measured, cases: int) -> Iterator[str]:
    kept = {"observations": OBSERVATION_DAYS, "all else": CASE_DAYS}
    for what, days in kept.items():
        size = measured[f"PostgreSQL of a case, {what}"][0]
        whole = f"{days * cases * size / 1e6:,.0f} GB"
        yield _row(f"PostgreSQL, {what}, {days} days", f"{days} × {cases:,} × {size:.1f} kB", whole)
    log = measured["PostgreSQL of a case, write-ahead log"][0]
    yield _row("PostgreSQL, write-ahead log a day", f"{cases:,} × {log:.1f} kB", f"{cases * log / 1e6:,.0f} GB")


def _row(what: str, how: str, result: str) -> str:
    return f"| {what} | {how} | **{result}** |"


if __name__ == "__main__":
    cases_a_day = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    print("\n".join(told(newest(), cases_a_day)))
