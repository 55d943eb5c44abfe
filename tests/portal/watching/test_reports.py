"""What leaves for Sentry and for a trace collector: real SDKs, a real receiver, and people who must not be in it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ADDRESS, COMPANY, TOKEN, COOKIE, NETWORK = (
    "anna.k@example.org",
    "ACME-4711",
    "Zq3-kept_secret9",
    "c00kie-value",
    "192.0.2.77",
)
VISIT = f"""
import django
django.setup()
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import path
from portal import urls

def fails(request, token):
    address = {ADDRESS!r}
    raise RuntimeError(f"nothing for {{address}} behind /it/{{token}}/")

urls.urlpatterns.insert(0, path("it/<str:token>/", fails, name="fails"))
ask = dict(path="/it/{TOKEN}/?company={COMPANY}", data={{"address": {ADDRESS!r}, "company_id": {COMPANY!r}}},
           HTTP_COOKIE="session={COOKIE}", REMOTE_ADDR={NETWORK!r}, HTTP_AUTHORIZATION="Bearer {TOKEN}",
           HTTP_USER_AGENT={ADDRESS!r}, HTTP_HOST="127.0.0.1")
settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "csrf" not in one]
answer = WSGIHandler()(RequestFactory().post(**ask).environ, lambda *said: None)
import logging
logging.getLogger("portal").error("%s was not told", {ADDRESS!r})
import sentry_sdk
from opentelemetry import trace
sentry_sdk.flush(10)
if hasattr(trace.get_tracer_provider(), "force_flush"):
    trace.get_tracer_provider().force_flush(10_000)
"""


class Receiver(ThreadingHTTPServer):
    """Keeps every body that it is sent, by path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[tuple[str, bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.taken.append((self.path, plain))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_neither_a_fault_nor_a_trace_says_whom_it_met(receiver: Receiver) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SENTRY_DSN": f"http://key@127.0.0.1:{receiver.port}/1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.port}/traces",
    }
    done = subprocess.run(
        [sys.executable, "-c", VISIT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    faults = [json.loads(line) for path, body in receiver.taken if "envelope" in path for line in body.splitlines()]
    told = json.dumps([fault for fault in faults if "event_id" in fault], ensure_ascii=False)
    traces = b"\n".join(body for path, body in receiver.taken if path == "/traces/v1/traces")
    for wanted in ("RuntimeError", "in_app", "/it/…/", "…@example.org behind", '"view": "fails"', "%s was not told"):
        assert wanted in told
    for part in (b"POST it/<str:token>/", b"wheres-my-code", b"http.route", b"RuntimeError"):
        assert part in traces
    for secret in ("anna.k", COMPANY, TOKEN, COOKIE, NETWORK):
        assert secret not in told
        assert secret.encode() not in traces
