"""Whether PostgreSQL answers anybody.

A server that is frozen (its disk hangs, its machine stands still) keeps its connections and says nothing. Neither its
own statement timeout nor TCP's keepalive ends that, and nobody can tell it from a long statement, but by asking
something short on another connection.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import psycopg

from portal import looks

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""Within which a server that works begins a session and answers."""
PAUSE = 0.5
SILENT = "the database server answers nobody"


class Pulse:
    """`ask` asks the server something short, and raises psycopg.Error where there is no answer.

    It is asked when somebody has doubts, by one thread however many have them, and from then on until it answers.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answered: threading.Event | None = None
        self._began = 0.0

    @property
    def stopped(self) -> bool:
        """Whether it is known that nobody gets an answer. Where somebody has just begun to ask, that is waited for."""
        return self._answered is not None and not self.felt()

    def felt(self) -> bool:
        """Whether the server answers, at most `ANSWER_SECONDS` after somebody first wanted to know."""
        with self._lock:
            if self._answered is None:
                self._answered, self._began = threading.Event(), time.monotonic()
                threading.Thread(target=self._feel, args=(self._answered,), daemon=True, name="pulse").start()
            answered, left = self._answered, self._began + ANSWER_SECONDS - time.monotonic()
        return answered.wait(max(left, 0))

    def _feel(self, answered: threading.Event) -> None:
        told = False
        while True:
            try:
                self._ask()
                break
            except psycopg.Error:
                if not told:
                    logger.warning(SILENT)
                    told = True
                time.sleep(PAUSE)
        with self._lock:
            self._answered = None
        answered.set()
        if told:
            logger.warning("the database server answers again")


def _ask() -> None:
    with looks.database(ANSWER_SECONDS) as connection:
        connection.execute("SELECT 1")


pulse = Pulse(_ask)
