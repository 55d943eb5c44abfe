"""Runs every benchmark of this folder, or those named; prints the figures and keeps them in `.local/bench/<date>.json`.

Exit status 1 where a bar is missed.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from tests import bench
from tests.bench.figures import KEPT, Figure


def main(*wanted: str) -> int:
    figures: dict[str, list[Figure]] = {}
    try:
        for name in sorted(module.name for module in pkgutil.iter_modules(bench.__path__)):
            if name.startswith("_") or (wanted and name not in wanted):
                continue
            measure = getattr(importlib.import_module(f"tests.bench.{name}"), "measure", None)
            if measure:
                figures[name] = measure()
                for figure in figures[name]:
                    print(f"{name}: {figure}", flush=True)
    finally:
        _keep(figures)
    return 0 if all(figure.reached for measured in figures.values() for figure in measured) else 1


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
