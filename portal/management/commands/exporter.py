"""`manage.py exporter`: what PostgreSQL and the broker say, for Prometheus, on METRICS_PORT. One of them is enough."""

from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from prometheus_client import CollectorRegistry, ProcessCollector

from portal.watching.durable import Durable
from portal.watching.exposition import serve
from portal.watching.tail import tails

STOPS = {signal.SIGINT, signal.SIGTERM}


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Answer Prometheus on METRICS_PORT with queues, probes, verdicts, mail, webhooks and limits."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.METRICS_PORT:
            raise CommandError("METRICS_PORT must be set", returncode=78)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        registry = CollectorRegistry()
        registry.register(Durable(tails()))
        ProcessCollector(registry=registry)
        try:
            server = serve(registry)
        except OSError as problem:
            raise CommandError(f"port {settings.METRICS_PORT} cannot be used: {problem.strerror}") from None
        signal.sigwait(STOPS)
        server.shutdown()
