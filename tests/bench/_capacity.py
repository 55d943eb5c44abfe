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
"""Test messages of a case: not everybody asks for one."""
OBSERVATION_DAYS, CASE_DAYS = 30, 90
PARTS = ("web", "dispatcher", "worker", "PostgreSQL", "Valkey")
TAKEN = {
    "cases": (
        *(f"CPU of a case, {part}" for part in PARTS),
        *("observations of a case", "PostgreSQL of a case, observations", "PostgreSQL of a case, all else"),
        *("PostgreSQL of a case, sessions", "PostgreSQL of a case, write-ahead log"),
    ),
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
    """The tables, line by line."""
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
    wanted = {part: peak * measured[f"CPU of a case, {part}"][0] / 1000 / SHARE for part in PARTS}
    for part, cores in wanted.items():
        cost = measured[f"CPU of a case, {part}"][0]
        yield _row(f"cores for {part}", f"{peak:.1f}/s × {cost:.1f} ms / {SHARE}", f"{cores:.1f}")
    yield _row("cores in all", " + ".join(f"{cores:.1f}" for cores in wanted.values()), f"{sum(wanted.values()):.0f}")
    yield _row("worker processes", "one a core", str(math.ceil(wanted["worker"])))
    cost = measured["CPU of a case, dispatcher"][0]
    yield _row("cases a second that the one working dispatcher can take", f"1 s / {cost:.1f} ms", f"{1000 / cost:.0f}")


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
