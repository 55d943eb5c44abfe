"""`manage.py dispatcher`: from PostgreSQL to the broker. Run two; one works, the other stands by."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from celery import current_app
from celery.beat import Service
from django.core.management.base import BaseCommand

from diagnostics import dispatch, garbage
from diagnostics.clock import RememberingScheduler


class Command(BaseCommand):
    help = "Publish queued work to the broker and take back what lost workers held."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-beat", action="store_true", help="run the scheduled jobs' clock in this process too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda *_: stop.set())
        if options["with_beat"]:
            clock = Service(current_app, scheduler_cls=RememberingScheduler)
            threading.Thread(target=clock.start, name="beat", daemon=True).start()
        garbage.settle()
        dispatch.run(stop)
