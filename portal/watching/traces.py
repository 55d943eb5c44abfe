"""Traces go to a collector, where OTEL_EXPORTER_OTLP_ENDPOINT is set: which view or task took how long.

Spans leave with the attributes named here and no others: no path, no query, no address, no text of a fault. Whatever
else can be set, OpenTelemetry reads from its own variables (OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, …).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from portal.watching.version import VERSION

SEND_SECONDS = 5
NOT_TRACED = "healthz,readyz,metrics"
KEPT = frozenset(
    {
        *("http.method", "http.request.method", "http.route", "http.status_code", "http.response.status_code"),
        *("celery.action", "celery.task_name", "celery.state", "messaging.destination", "messaging.operation"),
        *("exception.type", "exception.escaped", "error.type"),
    }
)


class WithoutPeople(SpanExporter):
    """Hands spans on with the attributes of `KEPT`, to whatever exports them."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_without_people(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def trace_work() -> None:
    """From here on, in this process."""
    about_us = Resource.create({"service.name": "wheres-my-code", "service.version": VERSION})
    provider = TracerProvider(resource=about_us)
    endpoint = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces"
    exporter = WithoutPeople(OTLPSpanExporter(endpoint=endpoint, timeout=SEND_SECONDS))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(excluded_urls=NOT_TRACED)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


def _without_people(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=_name(span),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(event.name, _kept(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Mapping[str, AttributeValue] | None) -> dict[str, AttributeValue]:
    return {name: value for name, value in (attributes or {}).items() if name in KEPT}


def _name(span: ReadableSpan) -> str:
    """`GET cases/<reference:reference>/`, `run/diagnostics.tasks.run_groups`; only the method where no route fits."""
    if "http.route" in (span.attributes or {}) or not span.name.partition(" ")[2]:
        return span.name
    return span.name.partition(" ")[0]
