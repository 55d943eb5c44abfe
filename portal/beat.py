"""Celery beat that can be seen to be alive."""

from typing import Any

from celery.beat import Scheduler
from django.conf import settings

TICK_SECONDS = 5.0


class AliveScheduler(Scheduler):
    """The in-memory scheduler; touches `settings.ALIVE_FILE` at every tick, at least every 5 s."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        due_in: float = super().tick(*args, **kwargs)
        settings.ALIVE_FILE.parent.mkdir(parents=True, exist_ok=True)
        settings.ALIVE_FILE.touch()
        return min(due_in, TICK_SECONDS)
