"""The lab's own test point: up for our server at every port that the lab's vendor names."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator

import pytest
from django.conf import settings

from diagnostics import vendors
from diagnostics.domain import ConnectOutcome, Evidence
from diagnostics.echo import verified
from diagnostics.lab import neighbourhood
from diagnostics.lab.behaviours import TestPoint
from diagnostics.lab.looks import ADDRESS, PORTS
from diagnostics.lab.neighbourhood import TEST_POINT
from diagnostics.lab.scenario import name_of
from diagnostics.net.config import NetworkConfig
from diagnostics.net.live import LiveNetwork
from diagnostics.probes.responders import collect
from tests.diagnostics.lab.staging import HOST, Stage, where
from tests.diagnostics.lab.test_content import LAB
from tests.diagnostics.networks import target

NONCE = "nonce-of-a-question-from-us"


@pytest.fixture
def _lab_vendors() -> Iterator[None]:
    before = vendors.use(LAB / "vendors")
    yield
    vendors.use(*before)


@pytest.mark.usefixtures("_lab_vendors")
async def test_our_server_finds_the_test_point_up_at_every_port(stage: Stage) -> None:
    profile = vendors.vendor("timeclock")
    async with stage() as lab:
        net = LiveNetwork(
            NetworkConfig(
                zones=dict.fromkeys(lab.state["zones"], (lab.state["nameserver"],)),
                dial_map=lab.state["dial_map"],
                ca_file=lab.state["ca_file"],
            )
        )
        seen = await collect(target(vendor=profile), Evidence(), net)
    assert [(one.host, one.port, one.outcome, one.detail) for one in seen.ports] == [
        (TEST_POINT, port, ConnectOutcome.OPEN, "") for port in PORTS
    ]
    assert all(seen.up(TEST_POINT, port) for port in PORTS)
    assert {one.address for one in seen.ports} == {ADDRESS}


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"/e?n={NONCE}", 200), ("/e?n=short", 400), ("/e", 400), (f"/other?n={NONCE}", 404)],
    ids=["a question", "no nonce of ours", "none at all", "another path"],
)
async def test_only_a_question_gets_an_echo(stage: Stage, path: str, status: int) -> None:
    async with stage({443: TestPoint()}) as lab:
        ip, port = where(lab, 443)
        context = ssl.create_default_context(cafile=lab.state["ca_file"])
        reader, writer = await asyncio.open_connection(ip, port, ssl=context, server_hostname=HOST)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
    assert head.startswith(f"HTTP/1.1 {status} ")
    answer = json.loads(body)
    assert answer.get("nonce") == (NONCE if status == 200 else None)
    signed = verified(answer.get("signed", ""), settings.RESPONDER_KEY.encode())
    assert (signed and signed.port) == (443 if status == 200 else None)


def test_scenarios_look_at_the_test_point_that_is_played() -> None:
    played = {
        (name_of(at, neighbourhood.ZONE), at, port)
        for (at, port), what in neighbourhood.HOSTS.items()
        if isinstance(what, TestPoint)
    }
    assert played == {(TEST_POINT, ADDRESS, port) for port in PORTS}
