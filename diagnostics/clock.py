"""The clock of scheduled jobs, which makes up for what it missed.

When each job was last started is in the database. A clock that was away, at whatever hour, starts what fell due
meanwhile when it comes back, once; what could not be handed to the broker stays due.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from celery.beat import ScheduleEntry, Scheduler, SchedulingError
from django.db import InterfaceError, OperationalError, connection

from diagnostics.services import scheduled

logger = logging.getLogger(__name__)

TICK_SECONDS = 5.0


class RememberingScheduler(Scheduler):
    """The schedule in memory, its past in the database; without that it goes on, and asks again."""

    _remembers = False
    _failed = False

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if not self._remembers:
            self._remembers = self._recall()
        due_in: float = super().tick(*args, **kwargs)
        if self._failed:
            self._failed, self._heap = False, None  # looked through anew
            return TICK_SECONDS
        return min(due_in, TICK_SECONDS)

    def apply_async(self, entry: ScheduleEntry, *args: Any, **kwargs: Any) -> Any:
        try:
            sent = super().apply_async(entry, *args, **kwargs)
        except SchedulingError:
            self.schedule[str(entry.name)] = entry  # as it was: still due
            self._failed = True
            raise
        self._write_down(entry)
        return sent

    def _recall(self) -> bool:
        try:
            starts = scheduled.last_starts(self.schedule)
        except (OperationalError, InterfaceError):
            logger.warning("the database is away; what was missed is made up for later")
            return False
        finally:
            connection.close()
        for name, at in starts.items():
            self.schedule[name].last_run_at = min(at, datetime.now(UTC))
        self._heap = None
        return True

    def _write_down(self, entry: ScheduleEntry) -> None:
        try:
            scheduled.started(str(entry.name))
        except (OperationalError, InterfaceError):
            logger.warning("the database is away; that %s was started is not written down", entry.name)
        finally:
            connection.close()
