"""How long agents wait for the console's list of cases among 1,000,000 of them and 12,000,000 observations.

A child process asks the real view, forms, templates and all, so that settings of this process do not matter. The
database is kept in `.local/bench-console`, about 6.5 GB, and used again while the migrations are the same; to fill it
takes three to ten minutes. What is asked for is drawn by chance, the same every time.

What counts is the processor time of the view and of PostgreSQL together: everything asked for lies in memory, so it is
what an answer takes on a machine that has a processor to spare. By the clock, a busy machine would be measured.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

from portal.embedded import Servers
from tests.bench.figures import Figure

HOME = Path(__file__).resolve().parents[2] / ".local" / "bench-console"
LIMIT = 3600
"""Seconds for all of it, filling included."""
BAR = 200
"""Milliseconds that 95 of 100 lists of each kind may take at most. Case pages are only told."""


def measure() -> list[Figure]:
    servers = Servers(HOME, durable=False)
    servers.start(valkey=False)
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "tests.bench._asking"],
            env=os.environ
            | {"EMBEDDED_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "tests.settings", "STATEMENT_TIMEOUT_MS": "0"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=LIMIT,
        )
    finally:
        servers.stop()
    took: dict[str, list[tuple[float, float]]] = json.loads(asked.stdout)
    return [figure for kind, times in took.items() for figure in _figures(kind, times)]


def _figures(kind: str, times: list[tuple[float, float]]) -> list[Figure]:
    bar = None if kind.startswith("case page") else BAR
    clock, worked = (sorted(one) for one in zip(*times, strict=True))
    return [
        Figure(f"{kind}, {len(times)} asked: p50", _percentile(worked, 50), "ms of a CPU"),
        Figure(f"{kind}: p95", _percentile(worked, 95), "ms of a CPU", at_most=bar),
        Figure(f"{kind}: worst", worked[-1], "ms of a CPU"),
        Figure(f"{kind}: p95 by the clock", _percentile(clock, 95), "ms"),
    ]


def _percentile(ordered: list[float], percent: int) -> float:
    """The nearest rank: so many per cent took no longer."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
