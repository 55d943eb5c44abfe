"""Faults at random moments, and somebody who starts again what has ended, as a container runtime does."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from tests.chaos.stack import Stack

WORKERS = ("worker", "second")
DISPATCHERS = ("dispatcher", "standby")
PAST_ITS_LEASE = 36.0


@dataclass
class Storm:
    """`strike` does one fault; `tend` must be called all the time: it starts what is dead and undoes what is due."""

    stack: Stack
    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    interrupted: set[object] = field(default_factory=set)
    """Groups that were at work, or put back for another try, when a worker was killed, frozen or cut off."""

    web_deaths: list[float] = field(default_factory=list)
    """When the one web process was killed, by the monotonic clock: until it is up again nobody can answer."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._frozen: set[str] = set()
        self._broker_away = False
        self._forgotten = 0.0

    def strike(self) -> str:
        """One fault, drawn by its weight; its name."""
        weights = [weight for weight, _fault in FAULTS]
        ((_weight, fault),) = self._random.choices(FAULTS, weights)
        fault(self)
        self.faults[fault.__name__] += 1
        return fault.__name__

    def tend(self) -> None:
        now = time.monotonic()
        for entry in [one for one in self._later if one[0] <= now]:
            self._later.remove(entry)
            entry[1]()
        for name in WORKERS:
            self.stack.begin_worker(name)
        for name in DISPATCHERS:
            self.stack.begin_dispatcher(name)
        self.stack.begin_web()
        if not self._broker_away and not self.stack.broker_runs():
            self.stack.start_broker()
        if now - self._forgotten > 0.5:
            self._forgotten = now
            forget_limits(self.stack)

    def calm(self) -> None:
        """What is frozen or away comes back at once, and everything runs."""
        for _at, undo in sorted(self._later, key=lambda entry: entry[0]):
            undo()
        self._later.clear()
        self.tend()

    # Faults

    def worker_killed(self) -> None:
        name = self._random.choice(WORKERS)
        self._kill(name)

    def all_workers_killed(self) -> None:
        for name in WORKERS:
            self._kill(name)

    def dispatcher_killed(self) -> None:
        self._kill(self._random.choice(DISPATCHERS))

    def all_dispatchers_killed(self) -> None:
        for name in DISPATCHERS:
            self._kill(name)

    def worker_and_dispatcher_killed(self) -> None:
        self.worker_killed()
        self.dispatcher_killed()

    def web_killed(self) -> None:
        self._kill("web")

    def web_child_killed(self) -> None:
        self.web_deaths.append(time.monotonic())
        self.stack.parts["web"].kill_child()

    def broker_killed(self) -> None:
        if not self._broker_away:
            self.stack.kill_broker()
            self._broker_away = True
            self._after(self._random.uniform(0, 4), self._broker_back)

    def broker_wiped(self) -> None:
        if not self._broker_away:
            self.stack.wipe_broker()

    def broker_frozen(self) -> None:
        if not self._broker_away:
            self.stack.freeze_broker()
            self._broker_away = True
            self._after(self._random.uniform(1, 6), self.stack.thaw_broker)
            self._after(6.0, self._broker_back)

    def database_restarted(self) -> None:
        self._note_interrupted()
        self.stack.restart_database()

    def connections_cut(self) -> None:
        self._note_interrupted()
        self.stack.cut_connections()

    def worker_frozen(self) -> None:
        """Past its lease: others do its work, and what it writes when it wakes up is refused."""
        name = self._random.choice(WORKERS)
        if not self._frozen and self.stack.runs(name):
            self._note_interrupted()
            self.stack.parts[name].freeze()
            self._note_interrupted()  # what it has taken since
            self._frozen.add(name)
            self._after(PAST_ITS_LEASE, lambda: self._thaw(name))

    def everything_killed(self) -> None:
        for name in (*WORKERS, *DISPATCHERS, "web"):
            self._kill(name)
        if not self._broker_away:
            self.stack.kill_broker()
        self.stack.restart_database()
        self._note_interrupted()

    # Helpers

    def _kill(self, name: str) -> None:
        self._frozen.discard(name)
        if self.stack.runs(name):
            self.stack.parts[name].kill()
        if name == "web":
            self.web_deaths.append(time.monotonic())
        if name in WORKERS:
            self._note_interrupted()

    def _thaw(self, name: str) -> None:
        if name in self._frozen:  # else it was killed meanwhile
            self._frozen.discard(name)
            self.stack.parts[name].thaw()

    def _broker_back(self) -> None:
        self._broker_away = False
        if not self.stack.broker_runs():
            self.stack.start_broker()

    def _after(self, seconds: float, undo: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, undo))

    def _note_interrupted(self) -> None:
        at_work = self.stack.query("SELECT id FROM diagnostics_group WHERE state = 'running'")
        self.interrupted.update(pk for (pk,) in at_work)


FAULTS: tuple[tuple[int, Callable[[Storm], None]], ...] = (
    (24, Storm.worker_killed),
    (8, Storm.all_workers_killed),
    (12, Storm.dispatcher_killed),
    (6, Storm.all_dispatchers_killed),
    (8, Storm.worker_and_dispatcher_killed),
    (8, Storm.web_killed),
    (4, Storm.web_child_killed),
    (8, Storm.broker_killed),
    (5, Storm.broker_wiped),
    (4, Storm.broker_frozen),
    (5, Storm.database_restarted),
    (4, Storm.connections_cut),
    (2, Storm.worker_frozen),
    (2, Storm.everything_killed),
)


def forget_limits(stack: Stack) -> None:
    """As if everybody had last come days ago: limits are not what is tried here, and a few domains must do for all."""
    try:
        stack.query("DELETE FROM diagnostics_allowance")
    except psycopg.OperationalError:  # the next time, when the database is back
        return
