"""The Celery application. Celery only carries messages: what must not be lost is in PostgreSQL."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery, Task, bootsteps
from celery.worker.request import Request

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

ALIVE_SECONDS = 5


class LastingRequest(Request):
    """A task whose end cannot be told to a broker that went away meanwhile leaves a line in the log.

    kombu then looks for the host name of a connection that is gone; celery knows only its library's own errors, and
    the whole worker would end.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        errors = kwargs.pop("connection_errors", None) or ()
        super().__init__(*args, **kwargs | {"connection_errors": (*errors, AttributeError)})


class LastingTask(Task):  # type: ignore[type-arg]  # it cannot be given one when it runs
    Request = "portal.celery:LastingRequest"


app = Celery("portal", task_cls=LastingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class AliveFile(bootsteps.StartStopStep):
    """Touches `settings.ALIVE_FILE` every 5 s while this worker consumes, removes it when the broker is lost.

    For health checks: `celery inspect ping` starts an interpreter and asks through the broker, this asks the disk.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: "Consumer", **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        from django.conf import settings

        self.file: Path = settings.ALIVE_FILE
        self.timer: Any = None

    def start(self, parent: "Consumer") -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()
        self.timer = parent.timer.call_repeatedly(ALIVE_SECONDS, self.file.touch)

    def stop(self, parent: "Consumer") -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.file.unlink(missing_ok=True)


app.steps["consumer"].add(AliveFile)
