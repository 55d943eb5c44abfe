"""Whether the time of an answer tells who is on file: the middle of 200 requests about each of two people, in turns.

One is on file in every way that there is, the other in none (tests/attacks/asking.py). A child process answers, so that
settings of this process do not matter; the way over the network, the same for both, is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from portal.embedded import Servers
from tests.bench.figures import Figure

HOME = Path(__file__).resolve().parents[2] / ".local" / "bench-enumeration"
LIMIT = 1800
BAR = 5
"""Milliseconds that the middles may differ by."""


def measure() -> list[Figure]:
    servers = Servers(HOME, durable=False)
    servers.start(valkey=False)
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "tests.bench._enumeration"],
            env=os.environ
            | {"EMBEDDED_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "tests.settings", "DIRECTORY": "database"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=LIMIT,
        )
    finally:
        servers.delete()
    middles: dict[str, tuple[float, float, int]] = json.loads(asked.stdout)
    return [
        Figure(f"{kind}, {count} requests each: known and unknown differ by", abs(known - unknown), "ms", at_most=BAR)
        for kind, (known, unknown, count) in middles.items()
    ]
