"""`manage.py responder` as a process: what it needs, what it says, and how it ends."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from diagnostics.echo import SEAL_HEADER, Echo, Way, sealed, unpack, verified
from diagnostics.responder.config import Certificate, Config, Limits, dumped, loaded
from portal.spare_ports import free_port
from tests.diagnostics.responder.process import Process, command, environment, running
from tests.diagnostics.responder.visitors import KEY, NONCE, PATIENCE

pytestmark = pytest.mark.slow


class Portal(ThreadingHTTPServer):
    """Takes hand-overs."""

    def __init__(self) -> None:
        self.taken: list[Echo] = []
        super().__init__(("127.0.0.1", 0), _HandOver)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _HandOver(BaseHTTPRequestHandler):
    server: Portal

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        taken = self.path == "/hooks/responder/" and sealed(self.headers[SEAL_HEADER], body, KEY, time.time())
        if taken:
            self.server.taken += unpack(body) or ()
        self.send_response(200 if taken else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal() as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def ask(process: Process, port: int, nonce: str = NONCE, context: ssl.SSLContext | None = None) -> Echo | None:
    """The verified echo."""
    where = ("127.0.0.1", process.ports[port])
    connection = (
        http.client.HTTPSConnection(*where, timeout=PATIENCE, context=context)
        if context
        else http.client.HTTPConnection(*where, timeout=PATIENCE)
    )
    connection.request("GET", f"/e?n={nonce}")
    answer = connection.getresponse().read().decode()
    connection.close()
    signed = re.search('"signed":"([^"]+)"', answer)
    return verified(signed[1], KEY) if signed else None


def wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_answers_hands_over_and_keeps_quiet(
    portal: Portal, certificate: Certificate, trusting: ssl.SSLContext
) -> None:
    with running(portal.url, certificate.chain) as process:
        listening = ", ".join(f"{port} on {listens}" for port, listens in process.ports.items())
        assert process.lines[0] == f"ready: {listening}\n"
        echoes = [ask(process, 80), ask(process, 59777, context=trusting)]
        assert [(one.port, one.way) for one in echoes if one] == [(80, Way.HTTP), (59777, Way.HTTPS)]
        wait(lambda: len(portal.taken) == 2)
        assert portal.taken == echoes
        assert process.stop() == 0
    assert NONCE not in process.log
    assert len(process.lines) == 1, process.log


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_told_to_stop_it_hands_over_what_is_left(portal: Portal, certificate: Certificate, signum: int) -> None:
    with running(portal.url, certificate.chain) as process:
        for number in range(15):
            ask(process, 80, f"{number:02}{NONCE}")
        assert process.stop(signum) == 0
        assert len(portal.taken) == 15, "the last ones within a second, before the next batch was due"


def test_told_to_stop_while_the_portal_is_away_it_stops(certificate: Certificate) -> None:
    with running(f"http://127.0.0.1:{free_port()}", certificate.chain) as process:
        assert ask(process, 80)
        assert process.stop() == 0
    assert "1 sightings were never handed over" in process.log
    assert "127.0.0.1" not in process.log
    assert NONCE not in process.log


def test_told_so_it_reads_the_certificate_again(portal: Portal, tmp_path: Path) -> None:
    file, authorities = tmp_path / "both.pem", [trustme.CA(), trustme.CA()]

    def trust(authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    def issue(authority: trustme.CA) -> None:
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))

    issue(authorities[0])
    with running(portal.url, file) as process:
        assert ask(process, 59777, context=trust(authorities[0]))
        issue(authorities[1])
        process.popen.send_signal(signal.SIGHUP)
        wait(lambda: "the certificate was read again" in process.log)
        assert ask(process, 59777, context=trust(authorities[1]))
        file.write_text("nonsense")
        process.popen.send_signal(signal.SIGHUP)
        wait(lambda: "the old certificate stays" in process.log)
        assert ask(process, 59777, f"another-{NONCE}", trust(authorities[1]))


def test_for_a_portal_on_this_machine_no_certificate_is_needed(portal: Portal) -> None:
    with running(portal.url, None) as process:
        assert ask(process, 59777)
        process.popen.send_signal(signal.SIGHUP)
        assert ask(process, 59777)


def test_with_no_file_left_for_a_connection_the_oldest_gives_way(portal: Portal, certificate: Certificate) -> None:
    with running(portal.url, certificate.chain, files=48) as process:
        idle = [socket.create_connection(("127.0.0.1", process.ports[80]), PATIENCE) for _ in range(80)]
        assert ask(process, 80)
        for one in idle:
            one.close()


@pytest.mark.parametrize(
    ("settings", "status", "complaint"),
    [
        ({"RESPONDER_KEY": None}, 78, "RESPONDER_KEY must be set"),
        ({"RESPONDER_KEY": "short"}, 78, "RESPONDER_KEY must have at least 32"),
        ({"RESPONDER_CERTIFICATE": None}, 78, "RESPONDER_CERTIFICATE must name a PEM file"),
        ({"RESPONDER_CERTIFICATE": "/nowhere/chain.pem"}, 78, "RESPONDER_CERTIFICATE: the certificate cannot be read"),
        ({"RESPONDER_CERTIFICATE": __file__}, 78, "RESPONDER_CERTIFICATE: .* not a certificate and its key"),
        ({"RESPONDER_PORTS": "http"}, 78, "RESPONDER_PORTS must be ports"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    certificate: Certificate, settings: dict[str, str | None], status: int, complaint: str
) -> None:
    usual = {"PORTAL_URL": "https://portal.example.org", "RESPONDER_CERTIFICATE": certificate.chain}
    ended = started(environment(**{**usual, **settings}))
    assert (ended.returncode, ended.stdout) == (status, "")
    assert re.fullmatch(f"(CommandError: )?{complaint}.*\n", ended.stderr), ended.stderr


def test_a_port_that_is_taken_is_said_in_one_line(certificate: Certificate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ended = started(
            environment(
                PORTAL_URL="https://portal.example.org",
                RESPONDER_CERTIFICATE=certificate.chain,
                RESPONDER_PORTS=f"80={free_port()},443={taken}",
            )
        )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"port {taken} of 127.0.0.1 cannot be listened on: Address already in use\n"


def started(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(), env=env, cwd="/", capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "certificate", [None, Certificate(Path("/a/chain.pem"), Path("/a/key.pem"))], ids=["none", "two"]
)
def test_the_configuration_survives_its_way_between_the_two_processes(certificate: Certificate | None) -> None:
    config = Config(KEY, "https://portal.example.org", {80: 8080, 443: 8443}, "::", certificate, Limits(connections=7))
    assert loaded(dumped(config)) == config
    assert KEY.decode() not in repr(config)
