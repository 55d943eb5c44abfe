"""Work that has its answer does not lose it because PostgreSQL restarts at that very moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

logger = logging.getLogger(__name__)

PATIENCE = 25.0
"""Seconds: a restart takes less, and no lease outlives it by much."""
LONGEST_PAUSE = 1.0
AWAY = (OperationalError, InterfaceError)
"""What Django raises while the database is away."""


def patiently(work: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What `work` returns; it is called again while the database is away, with growing pauses.

    Never in a transaction. Nobody knows whether what was committed last has arrived, so `work` must be one of those
    that may be done twice: a claim, or what is written under one. Raises the last OperationalError when time is up.
    """
    deadline = time.monotonic() + seconds
    pause = 0.05
    while True:
        try:
            return work()
        except AWAY:
            connection.close()
            if time.monotonic() + pause > deadline:
                raise
            logger.warning("the database is away; trying again")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
