"""Only `diagnostics/net` reaches out: there the guard sees every address. Who else may, and why, is written here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INNER = ("diagnostics/net/", "diagnostics/lab/")
"""The lab listens, and talks, on loopback; it is for `make run` and tests, and never in production."""
# fmt: off
LIBRARIES = (
    "aiodns", "aiohttp", "boto3", "botocore", "dns.asyncquery", "dns.asyncresolver", "dns.query", "dns.resolver",
    "dns.update", "dns.zone", "django.core.mail", "ftplib", "granian", "h11", "httplib2", "http.client",
    "http.server", "httpcore", "httpx", "httptools", "imapclient", "imaplib", "nntplib", "paramiko", "poplib",
    "pycares", "pycurl", "redis", "requests", "smtplib", "socket", "socketserver", "spf", "ssl", "telnetlib",
    "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc",
)
CALLS = (
    "create_connection", "create_datagram_endpoint", "create_server", "create_unix_connection", "getaddrinfo",
    "gethostbyname", "get_requests_session", "getnameinfo", "open_connection", "sock_connect", "sock_sendto",
    "start_server", "urlopen", "urlretrieve",
)
# fmt: on
HINT = re.compile(r"\b(?:" + "|".join(name.rpartition(".")[2] for name in (*LIBRARIES, *CALLS)) + r")\b")
"""Where none of the words stands there is nothing to parse for."""
ALLOWED = {
    "diagnostics/health/sender_policy.py": ({"spf"}, "a parser: its only look-up is replaced by ours"),
    "diagnostics/responder/certificate.py": ({"ssl"}, "reads our own certificate"),
    "diagnostics/responder/handover.py": ({"httpx", "ssl"}, "hands over to the one portal that its operator names"),
    "diagnostics/responder/http.py": ({"httptools"}, "reads requests"),
    "diagnostics/responder/server.py": ({"socket", "ssl"}, "listens"),
    "diagnostics/sending/amazon_ses.py": ({"botocore"}, "signs requests; they are asked over `net`"),
    "portal/accounts/adapters.py": (
        {"get_requests_session", "requests"},
        "asks the one identity provider of the settings",
    ),
    "portal/accounts/provider.py": ({"get_requests_session"}, "asks the one identity provider of the settings"),
    "portal/alive.py": ({"http.client"}, "asks this very process"),
    "portal/broker.py": ({"redis"}, "the broker of the settings"),
    "portal/console/account/provider.py": ({"requests"}, "the names of its exceptions"),
    "portal/embedded.py": ({"redis"}, "waits for our own broker"),
    "portal/health.py": ({"redis"}, "the broker of the settings"),
    "portal/looks.py": ({"redis", "socket"}, "broker and database of the settings"),
    "portal/management/commands/up.py": ({"socket"}, "looks whether our own port is free"),
    "portal/settings.py": ({"socket"}, "the numbers of options"),
    "portal/spare_ports.py": ({"socket"}, "looks whether our own port is free"),
    "portal/watching/durable.py": ({"redis"}, "the broker of the settings"),
    "portal/watching/faults.py": ({"socket"}, "the name of this machine"),
    "portal/stack.py": ({"urllib.request", "urlopen"}, "waits for our own web server"),
}


def files() -> list[str]:
    found = [*ROOT.glob("portal/**/*.py"), *ROOT.glob("diagnostics/**/*.py"), ROOT / "manage.py"]
    names = [str(path.relative_to(ROOT)) for path in found]
    return [name for name in names if not name.startswith(INNER)]


def test_nobody_else_reaches_out() -> None:
    used = {name: set(reaches_out((ROOT / name).read_text())) for name in files()}
    assert len(used) > 300
    allowed = {name: what for name, (what, _why) in ALLOWED.items()}
    assert {name: what for name, what in used.items() if what} == allowed


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import socket", {"socket"}),
        ("def late():\n    import socket as s", {"socket"}),
        ("from urllib import request", {"urllib.request"}),
        ("from urllib.request import urlopen", {"urllib.request", "urlopen"}),
        ("from dns import resolver, name", {"dns.resolver"}),
        ("import dns.resolver", {"dns.resolver"}),
        ("from urllib.parse import urlsplit\nimport http", set()),
        ("asyncio.open_connection('192.0.2.1', 25)", {"open_connection"}),
        ("__import__('socket')", {"socket"}),
        ("importlib.import_module('smtplib')", {"smtplib"}),
        ("import_module(f'{name}')", set()),
        ("from redis.asyncio import Redis", {"redis"}),
    ],
)  # fmt: skip
def test_what_counts(source: str, found: set[str]) -> None:
    assert set(reaches_out(source)) == found


def reaches_out(source: str) -> Iterator[str]:
    """Libraries that talk to the network, and functions that do, whichever way they are named."""
    if not HINT.search(source):
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from _libraries(alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from _libraries(f"{module}.{alias.name}" for alias in names)
                yield from (alias.name for alias in names if alias.name in CALLS)
            case ast.Attribute(attr=name) if name in CALLS:
                yield name
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield from _libraries((name,))


def _libraries(modules: Iterable[str]) -> Iterator[str]:
    for module in modules:
        yield from (name for name in LIBRARIES if module == name or module.startswith(f"{name}."))
