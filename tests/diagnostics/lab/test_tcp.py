import asyncio
import socket
import ssl
import urllib.request

import pytest

from diagnostics.lab.behaviours import Closed, Filtered, Http, Reset
from tests.diagnostics.lab.staging import HOST, Stage, connect, where


async def test_an_open_port_answers_http(stage: Stage) -> None:
    async with stage({80: Http()}) as lab:
        ip, port = where(lab, 80)
        with await asyncio.to_thread(urllib.request.urlopen, f"http://{ip}:{port}/", timeout=5) as answer:
            assert (answer.status, answer.read()) == (200, b"This is a host of the lab.\n")


async def test_a_tls_port_shows_a_certificate_that_the_ca_file_verifies(stage: Stage) -> None:
    async with stage({59777: Http(tls=True)}) as lab:
        context = ssl.create_default_context(cafile=lab.state["ca_file"])

        def issuer(name: str) -> str:
            with connect(lab, 59777) as plain, context.wrap_socket(plain, server_hostname=name) as secured:
                return str(secured.getpeercert())

        assert "Lab CA" in await asyncio.to_thread(issuer, HOST)
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await asyncio.to_thread(issuer, "other.example.test")


async def test_a_closed_port_refuses(stage: Stage) -> None:
    async with stage({25: Closed()}) as lab:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.to_thread(connect, lab, 25)


async def test_a_filtered_port_does_not_answer_however_often_one_tries(stage: Stage) -> None:
    async with stage({25: Filtered()}) as lab:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(connect, lab, 25, timeout=0.5)


async def test_a_reset_port_takes_the_connection_and_breaks_it(stage: Stage) -> None:
    def read() -> bytes:
        with connect(lab, 443) as connection:
            return connection.recv(1)

    async with stage({443: Reset()}) as lab:
        with pytest.raises(ConnectionResetError):
            await asyncio.to_thread(read)


async def test_nothing_answers_after_the_lab_has_stopped(stage: Stage) -> None:
    async with stage({25: Filtered(), 80: Http()}) as lab:
        ports = where(lab, 25), where(lab, 80)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(port, timeout=1)
