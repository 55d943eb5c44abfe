"""How Python looks for garbage in processes that work for long."""

from __future__ import annotations

import gc

THRESHOLDS = (40_000, 10, 20)
"""Objects made, and looks at younger ones, before the next look (`gc.set_threshold`); Python's own are 700, 10 and 10.

A case makes thousands of objects and leaves hardly a cycle among them: looking that often took a quarter of a worker's
processor time.
"""


def settle() -> None:
    """Never look again at what is there now. Called once, when everything is loaded that a process keeps for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
