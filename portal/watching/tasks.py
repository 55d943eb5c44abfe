"""Each task of a worker: how long it took and how it ended; and what the lines that it logs are about."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from functools import partial
from typing import Any

from celery.signals import beat_init, task_postrun, task_prerun, worker_init
from django.conf import settings
from prometheus_client import Gauge, Histogram

from diagnostics.carried_on import at_the_end
from diagnostics.log_context import begin, end
from portal.watching.exposition import serve

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
TAKEN = Histogram(
    "portal_task_seconds", "From the moment at which a task was taken to its end", ["task", "state"], buckets=SECONDS
)
UNDER_WAY = Gauge("portal_tasks_under_way", "Tasks that this process has taken and not ended", ["task"])

ABOUT = {
    "run_groups": "group",
    "send_message": "message",
    "deliver_webhook": "delivery",
    "post_ticket_note": "note",
    "release_suppression": "release",
}
"""What a task's one argument is the key of, or the keys."""

_at_work = threading.local()


def connect() -> None:
    """Listen to what Celery tells of its tasks and processes."""
    task_prerun.connect(_began)
    task_postrun.connect(_ended)
    for process in (worker_init, beat_init):
        process.connect(_serve)


def _began(task_id: str, task: Any, args: Any = (), **kwargs: Any) -> None:
    name = _name(task)
    key = ABOUT.get(name)
    token = begin(task=name, task_id=task_id, **({key: _said(args[0])} if key and args else {}))
    UNDER_WAY.labels(name).inc()
    _at_work.now = (task_id, time.perf_counter(), token)


def _ended(task_id: str, task: Any, state: str | None = None, **kwargs: Any) -> None:
    began_id, began, token = getattr(_at_work, "now", (None, 0.0, None))
    if began_id != task_id or token is None:
        return  # what listens before us to the same signal failed
    del _at_work.now
    at_the_end(partial(_count, _name(task), (state or "unknown").lower(), began))
    end(token)


def _count(name: str, state: str, began: float, failure: BaseException | None) -> None:
    UNDER_WAY.labels(name).dec()
    if isinstance(failure, CancelledError):
        return  # it goes back to the broker, and another worker's to count
    TAKEN.labels(name, "failure" if failure else state).observe(time.perf_counter() - began)


def _said(keys: Any) -> str | int:
    return ",".join(map(str, keys)) if isinstance(keys, list) else keys


def _serve(**kwargs: Any) -> None:
    if settings.METRICS_PORT:
        serve()


def _name(task: Any) -> str:
    return str(task.name).rpartition(".")[2]
