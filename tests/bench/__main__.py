"""Runs every benchmark of this folder, or those named; prints the figures and keeps them in `.local/bench/<date>.json`.

Exit status 1 where a bar is missed; 64 where there is no such benchmark, and then none is run.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from tests import bench
from tests.bench.figures import KEPT, Figure

BAD_USAGE = 64
"""EX_USAGE of sysexits.h."""


def main(*wanted: str) -> int:
    modules = sorted(one.name for one in pkgutil.iter_modules(bench.__path__) if not one.name.startswith("_"))
    if unknown := [name for name in wanted if name not in modules or not _measure_of(name)]:
        known = ", ".join(name for name in modules if _measure_of(name))
        print(f"There is no benchmark {', '.join(unknown)}, only {known}.", file=sys.stderr)
        return BAD_USAGE
    figures: dict[str, list[Figure]] = {}
    try:
        for name in modules:
            if wanted and name not in wanted:
                continue
            if measure := _measure_of(name):
                figures[name] = measure()
                for figure in figures[name]:
                    print(f"{name}: {figure}", flush=True)
    finally:
        _keep(figures)
    return 0 if all(figure.reached for measured in figures.values() for figure in measured) else 1


def _measure_of(name: str) -> Callable[[], list[Figure]] | None:
    """None for a module that holds no benchmark."""
    measure: Callable[[], list[Figure]] | None
    measure = getattr(importlib.import_module(f"tests.bench.{name}"), "measure", None)
    return measure


def _keep(figures: dict[str, list[Figure]]) -> None:
    now = datetime.now(UTC)
    told = {
        "at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "figures": {name: [asdict(figure) for figure in measured] for name, measured in figures.items()},
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{now:%Y-%m-%dT%H%M%S}.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
