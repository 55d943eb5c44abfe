"""Celery beat that can be seen to be alive."""

from typing import Any

from django.conf import settings

from diagnostics.clock import RememberingScheduler


class AliveScheduler(RememberingScheduler):
    """Touches `settings.ALIVE_FILE` at every tick, at least every 5 s."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        due_in = super().tick(*args, **kwargs)
        settings.ALIVE_FILE.parent.mkdir(parents=True, exist_ok=True)
        settings.ALIVE_FILE.touch()
        return due_in
