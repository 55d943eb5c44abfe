"""A real responder on loopback, in the test's own event loop, and what it would hand over."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import trustme
import uvloop

from diagnostics.echo import Echo
from diagnostics.responder.certificate import Shown
from diagnostics.responder.config import Certificate, Config
from diagnostics.responder.server import Server
from diagnostics.responder.witness import Witness
from tests.diagnostics.responder.visitors import KEY, PORTAL, Point, Start


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """It runs on uvloop where there is one: both must see the same."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    authority.issue_cert("127.0.0.1", "::1").private_key_and_cert_chain_pem.write_to_path(str(file))
    return Certificate(file, file)


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def start(certificate: Certificate, trusting: ssl.SSLContext) -> Start:
    """Starts a responder for the article's ports 80 and 59777; keywords are fields of `Config`."""

    @asynccontextmanager
    async def started(**config: Any) -> AsyncIterator[Point]:
        told: list[Echo] = []
        whole = replace(Config(KEY, PORTAL, {80: 0, 59777: 0}), **config)
        server = Server(whole, Witness(whole.limits, told.append), Shown(certificate))
        server.listen()
        try:
            yield Point(server, told, trusting)
        finally:
            server.close()

    return started


@pytest.fixture
async def point(start: Start) -> AsyncIterator[Point]:
    async with start() as point:
        yield point
