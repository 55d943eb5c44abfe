"""A task that goes on after its function has returned, so that no thread waits for the network with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from celery import Task


class CarriesOn(Task[Any, None]):
    """A task that may do so, and takes no time itself: a pool need not keep a thread for it."""

    abstract = True


class End(Future[None]):
    """The end of what was left to do. Until somebody takes that up it may be cancelled, and again when it is put back
    because nothing was done yet.
    """

    _taken_up = _unwanted = False

    def take_up(self) -> bool:
        """False where it was cancelled, and nothing is to be done."""
        with self._condition:
            self._taken_up = not self.cancelled()
            return self._taken_up

    def put_back(self) -> bool:
        """Nothing was done yet, and it is to be taken up once more; False where it was to be cancelled meanwhile, and
        now is.
        """
        with self._condition:
            self._taken_up = False
        return not (self._unwanted and self.cancel())

    def cancel(self) -> bool:
        with self._condition:
            self._unwanted = True
            if not self._taken_up and not self.cancelled() and super().cancel():
                self.set_running_or_notify_cancel()  # whoever waits for it is not told of it otherwise
            return self.cancelled()


Step = Callable[[], None]
"""One of the things that are left to do. Must not raise."""
Submit = Callable[[Step], object]
"""Has a step done soon, in any order and by any thread."""


class _Here(threading.local):
    submit: Submit | None = None
    ends: list[Future[None]]


_here = _Here()


@contextmanager
def carrying_on(submit: Submit) -> Iterator[list[Future[None]]]:
    """Tasks that this thread begins in the block may leave steps to `submit`; the futures are the ends of those that
    did.
    """
    _here.submit, _here.ends = submit, []
    try:
        yield _here.ends
    finally:
        _here.submit, _here.ends = None, []


def carry_on(begin: Callable[[Submit], Future[None]]) -> None:
    """The rest of the task that calls this, as its last word: `begin` starts it, hears who does its steps, and returns
    its end.

    Waits for that, and does the steps itself, where nobody else carries on. Raises what the end raises then.
    """
    if _here.submit is not None:
        _here.ends.append(begin(_here.submit))
        return
    steps: SimpleQueue[Step | None] = SimpleQueue()
    end = begin(steps.put)
    end.add_done_callback(lambda _: steps.put(None))
    while step := steps.get():
        step()
    end.result()


def at_the_end(told: Callable[[BaseException | None], None]) -> None:
    """Say so when the task of this thread is at its end, and what it failed with: at once where it left nothing.
    CancelledError where it never began.
    """
    if _here.submit is not None and _here.ends:
        _here.ends[-1].add_done_callback(lambda end: told(CancelledError() if end.cancelled() else end.exception()))
    else:
        told(None)
