"""The Celery application. Celery only carries messages: what must not be lost is in PostgreSQL."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery, bootsteps
from kombu.transport import TRANSPORT_ALIASES

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

ALIVE_SECONDS = 5

# By its alias, whatever the URL says: a socket, TCP or TLS.
TRANSPORT_ALIASES |= dict.fromkeys(("redis", "rediss"), "portal.broker:Transport")

app = Celery("portal", amqp="portal.broker:Amqp")
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
