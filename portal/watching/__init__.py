"""What operators watch: figures for Prometheus, the log's context, and, where they are set, Sentry and OpenTelemetry.

Figures have two sources. What is durable (queues, probes, verdicts, mail, webhooks, limits) is read from PostgreSQL by
one process, `manage.py exporter`: it is right however many workers there are, and costs them nothing. What only a
process knows (requests, tasks, memory) is counted in it: web servers' processes count together and answer at
`/metrics`; workers, dispatchers and beat each answer on METRICS_PORT.

Labels are names of ours: kinds of probes, states, views. Never an address, a domain or a company.
"""

from __future__ import annotations

import sys

from django.conf import settings


def begin() -> None:
    """What this process is to be watched by, from its start on."""
    from portal import log
    from portal.watching import exposition, tasks

    if settings.LOG_FORMAT == "json":
        log.take_all()
    if settings.SENTRY_DSN:
        from portal.watching.faults import report_faults

        report_faults()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        from portal.watching.traces import trace_work

        trace_work()
    tasks.connect()
    if settings.METRICS_PORT and sys.argv[1:2] == ["dispatcher"]:
        exposition.serve()
