"""The threads of a worker. A task that carries on after its function has returned keeps none of them meanwhile: of
hundreds that wait for the network at once, each with a thread of its own, the threads would be most of the memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import Any

from celery.concurrency import thread
from celery.concurrency.base import apply_target
from celery.worker.request import Request

from diagnostics.carried_on import CarriesOn, carrying_on

logger = logging.getLogger(__name__)

CARRIERS = 4
"""Threads for what such tasks leave to be done. Each wants the interpreter, as the network's loop does: with many of
them, answers that have long arrived would be read after their time limits.
"""


class TaskPool(thread.TaskPool):
    """Celery's pool of threads. Tasks that carry on only say what is to be done, so whoever takes them from the broker
    calls them; they share a few threads, and are acknowledged at their end, as all others are.

    When it stops, what has not begun goes back to the broker at once, and what has begun is waited for, as long as its
    own time limits allow.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.carriers = ThreadPoolExecutor(CARRIERS, "carrier")
        self._ends: set[Future[None]] = set()

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        callback: Callable[[Any], None] | None = None,
        accept_callback: Callable[[int, float], None] | None = None,
        **options: Any,
    ) -> Any:
        request = getattr(callback, "__self__", None)
        mine = request if isinstance(request, Request) else None
        name = args[0] if args else ""  # Celery's own calls begin with it
        if callback is not None and isinstance(self.app.tasks.get(name), CarriesOn):
            self._begin(name, target, args, kwargs, callback, accept_callback, mine)
            return None
        applied = super().on_apply(target, args, kwargs, callback, accept_callback, **options)
        if mine:
            applied.f.add_done_callback(partial(_give_back_if_cancelled, mine))
        return applied

    def on_close(self) -> None:
        self.executor.shutdown(wait=False, cancel_futures=True)  # type: ignore[attr-defined]  # not in the stubs
        for end in tuple(self._ends):
            end.cancel()

    def on_stop(self) -> None:
        wait(tuple(self._ends))
        self.carriers.shutdown()
        super().on_stop()

    def _begin(
        self,
        name: str,
        target: Callable[..., Any],
        args: tuple[Any, ...] | None,
        kwargs: dict[str, Any] | None,
        callback: Callable[[Any], None],
        accept_callback: Callable[[int, float], None] | None,
        request: Request | None,
    ) -> None:
        returned: list[Any] = []
        with carrying_on(self.carriers.submit) as ends:
            apply_target(target, args, kwargs, returned.append, accept_callback)
        if not ends:
            callback(returned[0])
            return
        (end,) = ends
        self._ends.add(end)
        end.add_done_callback(lambda end: self._ended(name, end, lambda: callback(returned[0]), request))

    def _ended(self, name: str, end: Future[None], tell: Callable[[], None], request: Request | None) -> None:
        try:
            if end.cancelled():
                if request:
                    _give_back(request)
                return
            if problem := end.exception():
                logger.error("task %s failed after it had begun", name, exc_info=problem)
            tell()
        finally:
            self._ends.discard(end)


def _give_back_if_cancelled(request: Request, begun: Future[Any]) -> None:
    """Where it was taken from the broker and never began."""
    if begun.cancelled():
        _give_back(request)


def _give_back(request: Request) -> None:
    """By way of the message: what requests themselves say to the broker waits for the end of the pool."""
    with suppress(KeyError):  # it went back already, as its connection was lost
        request.message.reject_log_error(logger, request.connection_errors, requeue=True)
