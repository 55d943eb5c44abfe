"""The check script itself, run with bash and curl against real sockets; its report goes to a real portal."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell
import trustme
from django.conf import settings

from diagnostics import vendors
from diagnostics.domain import Vantage
from diagnostics.echo import Echo, Way, sign
from diagnostics.looks.script import read, unfold
from diagnostics.models import Case, NetworkTest
from diagnostics.probes.network_look import How, Place, ScriptLook
from diagnostics.services import network
from diagnostics.services.runs import evidence_of
from portal.wizard.scripts import FOLDER
from tests.portal.wizard.conftest import opened
from tests.rig import faults
from tests.rig.faults import Fault, serve

BASH, POWERSHELL = FOLDER / "check-1.sh", FOLDER / "check-1.ps1"
HOST = "localhost"
TOKEN = f"{'A' * 22}.{'0' * 32}"
FAULTS: dict[int, tuple[Fault, str]] = {
    5002: (faults.silent, ""),
    5009: (faults.reset_after_hello, ""),
    5010: (faults.banner, ""),
    5011: (faults.plain_http, ""),
    5012: (faults.block_page, "intercepting"),
    5014: (faults.block_page, "trusted"),
    5016: (faults.forged, "trusted"),
}
"""Ports that our host is said to have, who answers there instead, and with whose certificate."""
REFUSED, UNKNOWN_NAME = 5004, "nowhere.invalid"


@dataclass
class Street:
    """All servers of one test: listening ports by the port that they play, on one loop in a thread of its own."""

    folder: Path
    loop: asyncio.AbstractEventLoop
    listens: dict[int, int]
    servers: list[asyncio.Server] = field(default_factory=list)

    def run(self, job: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(job, self.loop).result(30)

    def open(self, fault: Fault, certificate: str = "") -> int:
        """The port on which that answers from now on."""
        tls = None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.folder / f"{certificate}.pem")
        server: asyncio.Server = self.run(serve(fault, "127.0.0.1", 0, tls))
        self.servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of this machine's but the programs; a silent name server is not waited for."""
        return {
            "PATH": os.environ["PATH"],
            "CURL_CA_BUNDLE": str(self.folder / "ca.pem"),
            "SSL_CERT_FILE": str(self.folder / "ca.pem"),
            "TMPDIR": str(self.folder),
            "RES_OPTIONS": "timeout:1 attempts:1",
        }

    def words(self, *ports: int) -> list[str]:
        return [f"{HOST}:{port}={self.listens[port]}" for port in ports]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    _certificates(tmp_path)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Street(tmp_path, loop, {})
    try:
        for port in (443, 59777):
            made.listens[port] = made.open(responder(port), "trusted")
        made.listens[80] = made.open(responder(80))
        for port, (fault, certificate) in FAULTS.items():
            made.listens[port] = made.open(fault, certificate)
        with _closed_port() as closed:
            made.listens[REFUSED] = closed
            yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_end(made.servers))
        loop.close()


@pytest.fixture
def profile(tmp_path: Path, street: Street) -> Iterator[None]:
    ours = list(street.listens)
    text = f'name = "Timeclock"\n[[responders]]\nname = "{HOST}"\nports = {ours}\n'
    text += f'[[responders]]\nname = "{UNKNOWN_NAME}"\nports = [443]\n'
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "timeclock.toml").write_text(text)
    before = vendors.use(folder)
    yield
    vendors.use(*before)


@pytest.fixture
def portal(street: Street, live_server: Any) -> str:
    """The portal behind TLS, as in production."""
    return f"https://{HOST}:{street.open(relay(live_server.thread.port), 'trusted')}"


@pytest.fixture
def test_of_case(profile: None, transactional_db: None) -> NetworkTest:
    return network.begin(opened(slug="timeclock"), Vantage.SCRIPT)


def responder(port: int) -> Fault:
    """As our own does, with the portal's key."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        nonce = head.partition("?n=")[2].partition(" ")[0]
        secured = writer.get_extra_info("ssl_object") is not None
        echo = Echo(nonce, port, "127.0.0.1", time.time(), Way.HTTPS if secured else Way.HTTP)
        said = json.dumps({"nonce": nonce, "port": port, "signed": sign(echo, settings.RESPONDER_KEY.encode())})
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n{said}".encode())
        await writer.drain()

    return answer


def relay(port: int) -> Fault:
    """Everything to and from a port of this machine."""

    async def carry(reader: StreamReader, writer: StreamWriter) -> None:
        there, onward = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(_copy(reader, onward), _copy(there, writer, ends=True))
        finally:
            onward.close()

    return carry


def proxy(asked: list[str], *, grants: bool) -> Fault:
    """An explicit proxy that knows CONNECT only: to everywhere, or to nowhere."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        method, target, _ = head.partition("\r\n")[0].split(" ")
        asked.append(f"{method} {target}")
        if method != "CONNECT" or not grants:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await relay(int(target.rpartition(":")[2]))(reader, writer)

    return answer


async def _copy(source: StreamReader, sink: StreamWriter, *, ends: bool = False) -> None:
    while octets := await source.read(65536):
        sink.write(octets)
        await sink.drain()
    if ends:
        sink.close()


async def _end(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    while held := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)


def _certificates(folder: Path) -> None:
    for name, organisation in (("trusted", "Example CA"), ("intercepting", "Example Firewall")):
        authority = trustme.CA(organization_name=organisation)
        authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
        if name == "trusted":
            authority.cert_pem.write_to_path(folder / "ca.pem")


@contextmanager
def _closed_port() -> Iterator[int]:
    """A port that is bound, so that nobody else gets it, and does not listen."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def check(street: Street, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script's run, without a terminal."""
    return subprocess.run(
        ["bash", str(BASH), *arguments],
        env=street.environment | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def shown(output: str) -> dict[str, Any]:
    """The JSON that the script says it sends."""
    found = re.search(r"^\{.*?^\]\}$", output, re.MULTILINE | re.DOTALL)
    assert found, output
    told: dict[str, Any] = json.loads(found[0])
    return told


def looked(case: Case) -> ScriptLook:
    (look,) = evidence_of(case.runs.order_by("-number")[0]).all(ScriptLook)
    return look


# --- with a portal ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_port_is_told_apart_and_reported(street: Street, portal: str, test_of_case: NetworkTest) -> None:
    ports = [*street.words(*street.listens), f"{UNKNOWN_NAME}:443"]
    done = check(street, "--place", "device", network.script_token(test_of_case), portal, *ports)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert "Received." in done.stdout
    assert "BEGIN NETWORK REPORT" not in done.stdout
    look = looked(test_of_case.case)
    assert (look.place, look.portal_reached, look.source) == (Place.DEVICE, True, "127.0.0.1")
    seen = {(port.host, port.port): port for port in look.ports}
    assert {port: seen[HOST, port].hows for port in street.listens} == {
        443: {How.ECHO},
        59777: {How.ECHO},
        80: {How.ECHO},
        5002: {How.NO_ANSWER},
        5004: {How.REFUSED},
        5009: {How.BROKEN_OFF},
        5010: {How.BROKEN_OFF},
        5011: {How.BROKEN_OFF},
        5012: {How.CERTIFICATE},
        5014: {How.OTHER},
        5016: {How.OTHER},
    }
    assert seen[UNKNOWN_NAME, 443].hows == {How.NO_NAME}
    assert "Example Firewall" in seen[HOST, 5012].issuer
    assert "Example CA" in seen[HOST, 443].issuer
    assert seen[HOST, 80].issuer == ""
    assert {seen[HOST, port].address for port in street.listens} <= {"127.0.0.1", "::1"}
    assert all(port.by_proxy is None for port in look.ports)
    assert not list(street.folder.glob("check-1.*"))


@pytest.mark.slow
def test_this_machines_clock_is_compared(street: Street, portal: str, test_of_case: NetworkTest) -> None:
    """By the quickest answer; what others forge may be quicker than ours, and then nothing tells."""
    done = check(street, "--place", "device", network.script_token(test_of_case), portal, *street.words(443, 80))
    assert done.returncode == 0, done.stdout + done.stderr
    look = looked(test_of_case.case)
    assert look.skew_ms is not None
    assert abs(look.skew_ms) <= look.skew_within_ms + 1


@pytest.mark.slow
def test_what_is_shown_is_what_is_sent_and_tells_nothing_else(
    street: Street, portal: str, test_of_case: NetworkTest
) -> None:
    token = network.script_token(test_of_case)
    done = check(street, "--place=wifi", token, portal, *street.words(443, 59777, 80), HOME="/home/anna", USER="anna")
    assert done.returncode == 0, done.stdout + done.stderr
    told = shown(done.stdout)
    assert set(told) == {"v", "token", "place", "tool", "portal", "clock", "ports"}
    assert read(json.dumps(told).encode(), network.verify).look.ports == looked(test_of_case.case).ports
    text = json.dumps(told)
    assert "anna" not in text
    assert os.uname().nodename not in text.replace(HOST, "")
    assert done.stdout.count(" open ") == 3


@pytest.mark.slow
def test_a_refusal_is_printed_as_the_portal_says_it(street: Street, portal: str, test_of_case: NetworkTest) -> None:
    token = f"{test_of_case.nonce}.{'0' * 32}"
    done = check(street, "--place", "wifi", token, portal, *street.words(80))
    assert "We do not know this token." in done.stdout
    assert "BEGIN NETWORK REPORT" not in done.stdout


@pytest.mark.slow
def test_where_only_a_proxy_leads_out_everything_goes_through_it(
    street: Street, live_server: Any, test_of_case: NetworkTest
) -> None:
    """The direct ways end at ports where nobody listens; the proxy leads them to those who do."""
    asked: list[str] = []
    inside = street.open(relay(live_server.thread.port), "trusted")
    served = {"portal": inside, "check": street.listens[443]}

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        asked.append(head.partition("\r\n")[0])
        name = "portal" if f":{nowhere} " in asked[-1] else "check"
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await relay(served[name])(reader, writer)

    with _closed_port() as nowhere:
        through = f"http://anna:secret@127.0.0.1:{street.open(answer)}"
        done = check(
            street,
            *("--place", "office", network.script_token(test_of_case)),
            *(f"https://{HOST}:{nowhere}", f"{HOST}:443={street.listens[REFUSED]}"),
            **{"https_proxy": through, "no_proxy": "*"},
        )
    assert "through the proxy it works" in done.stdout, done.stdout + done.stderr
    assert "Received." in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert {line.split(" ")[0] for line in asked} == {"CONNECT"}
    look = looked(test_of_case.case)
    (port,) = look.ports
    assert (set(port.hows), port.by_proxy, port.source) == ({How.REFUSED}, How.ECHO, "127.0.0.1")
    assert look.portal_reached


# --- without one -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_without_the_portal_a_block_is_printed_that_can_be_pasted(street: Street) -> None:
    portal = f"https://{HOST}:{street.listens[REFUSED]}"
    done = check(street, "--place", "device", TOKEN, portal, *street.words(443, REFUSED))
    assert done.returncode == 1
    assert "could not be handed over" in done.stdout
    told = read(unfold(done.stdout[done.stdout.index("-----BEGIN") :]), network.verify)
    assert told == read(json.dumps(shown(done.stdout)).encode(), network.verify)
    assert not told.look.portal_reached
    assert {port.port: port.hows for port in told.look.ports} == {443: {How.ECHO}, REFUSED: {How.REFUSED}}
    assert max(map(len, done.stdout.partition("-----BEGIN")[2].splitlines())) <= 76


@pytest.mark.slow
def test_a_proxy_that_refuses_is_told(street: Street) -> None:
    asked: list[str] = []
    through = f"http://127.0.0.1:{street.open(proxy(asked, grants=False))}"
    portal = f"https://{HOST}:{street.listens[REFUSED]}"
    done = check(
        street,
        *("--no-upload", "--place", "office", TOKEN, portal, *street.words(443, REFUSED, 5012)),
        HTTPS_PROXY=through,
    )
    look = read(unfold(done.stdout[done.stdout.index("-----BEGIN") :]), network.verify).look
    assert {port.port: port.by_proxy for port in look.ports} == {
        443: None,
        REFUSED: How.PROXY_REFUSED,
        5012: How.PROXY_REFUSED,
    }
    assert f"CONNECT {HOST}:{street.listens[REFUSED]}" in asked
    assert "Nothing was sent." in done.stdout


@pytest.mark.slow
def test_an_issuer_is_read_with_openssl_where_curl_cannot_tell(street: Street) -> None:
    """A curl that knows no %{certs}, as before 7.88, and complains of it."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl")
    old = street.folder / "bin"
    old.mkdir()
    (old / "curl").write_text(
        '#!/usr/bin/env bash\n[ "$2" = --version ] && { echo "curl 7.29.0 (x86_64)"; exit 0; }\n'
        f'case "$*" in *certs*) exit 2 ;; esac\nexec {shutil.which("curl")} "$@"\n'
    )
    (old / "curl").chmod(0o755)
    portal = f"https://{HOST}:{street.listens[REFUSED]}"
    done = check(
        street,
        *("--no-upload", "--place", "office", TOKEN, portal, *street.words(443, 5012)),
        PATH=f"{old}:{os.environ['PATH']}",
    )
    by_port = {port["port"]: port for port in shown(done.stdout)["ports"]}
    assert (by_port[443]["exit"], by_port[5012]["exit"]) == (0, 60)
    assert "Example CA" in by_port[443]["issuer"]
    assert "Example Firewall" in by_port[5012]["issuer"]


@pytest.mark.slow
def test_the_users_own_settings_of_curl_make_no_difference(street: Street) -> None:
    (street.folder / ".curlrc").write_text("insecure\nproxy = http://127.0.0.1:1\n")
    portal = f"https://{HOST}:{street.listens[REFUSED]}"
    arguments = ("--no-upload", "--place", "office", TOKEN, portal, *street.words(443, 5012))
    ports = shown(check(street, *arguments, HOME=str(street.folder)).stdout)["ports"]
    assert [port["exit"] for port in ports] == [0, 60]


GOOD = ("--place", "wifi", "--no-upload", TOKEN, "https://portal.example.org", "check.example.net:443")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "Usage: bash check-1.sh"),
        ((TOKEN,), "Usage: bash check-1.sh"),
        ((TOKEN, "https://portal.example.org"), "Usage: bash check-1.sh"),
        (("token", *GOOD[4:]), "The token is not complete"),
        ((TOKEN[:-1], *GOOD[4:]), "The token is not complete"),
        ((TOKEN, "http://portal.example.org", GOOD[5]), "must look like https://"),
        ((TOKEN, "https://portal.example.org/$(id)", GOOD[5]), "must look like https://"),
        ((TOKEN, "https://anna@portal.example.org", GOOD[5]), "must look like https://"),
        ((*GOOD[3:5], "check.example.net"), "not a host and a port"),
        ((*GOOD[3:5], "$(id):443"), "not a host and a port"),
        ((*GOOD[3:5], "-o:443"), "no option"),
        ((*GOOD[3:5], "check.example.net:0"), "from 1 to 65535"),
        ((*GOOD[3:5], "check.example.net:443=65536"), "from 1 to 65535"),
        ((*GOOD[3:5], "check.example.net:443=a"), "not a host and a port"),
        ((*GOOD[3:], GOOD[5]), "is named twice"),
        ((*GOOD[3:5], *(f"check.example.net:{port}" for port in range(1, 34))), "No more than 32"),
        ((*GOOD[3:], "--place", "moon"), "--place is one of"),
        ((*GOOD[3:], "--place"), "--place needs one of"),
        ((*GOOD[3:], "--force"), "no option --force"),
        (GOOD[3:], "Say where this computer is"),
    ],
    ids=lambda value: " ".join(value)[-30:] if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_said_and_nothing_done(arguments: tuple[str, ...], complaint: str) -> None:
    done = subprocess.run(
        ["bash", str(BASH), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert complaint in done.stderr


def test_help_is_there() -> None:
    done = subprocess.run(["bash", str(BASH), "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: bash check-1.sh")


def test_bash_reads_the_script_without_complaint() -> None:
    done = subprocess.run(["bash", "-n", str(BASH)], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_bash_3_of_a_mac_knows_all_that_the_script_uses() -> None:
    """What came with bash 4 or later, and would stop there."""
    newer = r"declare -A|mapfile|readarray|\$\{[a-z_]+(\^|,,)|wait -n|\$EPOCH|&>>|\|&|coproc|local -n|printf '%\("
    assert not re.search(newer, BASH.read_text())


def test_shellcheck_finds_nothing() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck; as root: apt install shellcheck")
    done = subprocess.run(["shellcheck", str(BASH)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


# --- PowerShell ------------------------------------------------------------------------------------------------------


def test_powershell_can_parse_its_script() -> None:
    source = POWERSHELL.read_bytes()
    tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(source)
    assert not tree.root_node.has_error


def test_windows_powershell_reads_its_script_whatever_the_code_page() -> None:
    assert POWERSHELL.read_bytes().isascii()


def test_windows_powershell_5_knows_all_that_the_script_uses() -> None:
    """What came with PowerShell 6 or 7."""
    newer = r"\?\?|\s\?\s.*\s:\s|&&|\|\||-Parallel|-SkipCertificateCheck|Test-NetConnection|\?\."
    code = "\n".join(line.partition("#")[0] for line in POWERSHELL.read_text().splitlines())
    assert not re.search(newer, re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", code))


@pytest.mark.slow
def test_powershell_sees_what_bash_sees(street: Street) -> None:
    found = shutil.which("pwsh")
    if not found:
        pytest.skip("no PowerShell (pwsh)")
    portal = f"https://{HOST}:{street.listens[REFUSED]}"
    words = [*street.words(*street.listens), f"{UNKNOWN_NAME}:443"]
    done = subprocess.run(
        [found, "-NoProfile", "-File", str(POWERSHELL), TOKEN, portal, *words, "-Place", "device", "-NoUpload"],
        env=street.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    look = read(unfold(done.stdout[done.stdout.index("-----BEGIN") :]), network.verify).look
    bash = check(street, "--no-upload", "--place", "device", TOKEN, portal, *words)
    same = read(unfold(bash.stdout[bash.stdout.index("-----BEGIN") :]), network.verify).look
    assert {(one.host, one.port): one.hows for one in look.ports} == {
        (one.host, one.port): one.hows for one in same.ports
    }
