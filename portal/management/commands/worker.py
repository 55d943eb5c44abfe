"""`manage.py worker`: takes tasks from the broker. Celery's own `celery worker` is the same and takes 10 MB more.

That program brings an interactive shell with it, which every worker would hold for as long as it lives.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import celery_app

QUEUES = tuple(queue.name for queue in settings.CELERY_TASK_QUEUES)


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Take tasks from the broker: probes, test messages, webhooks and scheduled jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queues", default=",".join(QUEUES), help="comma separated; all of them unless told")
        parser.add_argument("--hostname", help="what it is called; one machine's workers need different names")

    def handle(self, *, queues: str, hostname: str | None, **options: Any) -> None:
        taken = queues.split(",")
        if unknown := [name for name in taken if name not in QUEUES]:
            raise CommandError(f"no such queue: {', '.join(unknown)}; there are {', '.join(QUEUES)}", returncode=2)
        # As `celery --skip-checks`: checks look at pages too, and a worker would keep all that they load.
        os.environ["CELERY_SKIP_CHECKS"] = "true"
        worker = celery_app.Worker(
            hostname=hostname,
            queues=taken,
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        sys.exit(worker.exitcode)
