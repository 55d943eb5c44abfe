"""What somebody would put together without the product: checkdmarc, smtplib, sockets, a Celery worker with threads.

`check` does what a case does: the domain's records, a conversation with its mail host up to the second EHLO and QUIT,
eight connections, the evidence saved in PostgreSQL. It shares what can be shared (TLS contexts, a resolver, a pool of
connections to the database), so that it is compared at its best. `python -m tests.bench._by_hand` looks up domains
alone, without a worker.
"""

from __future__ import annotations

import argparse
import json
import os
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import checkdmarc
import dns.nameserver
import dns.resolver
from celery import Celery
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from tests.bench import _names
from tests.bench._processes import ROOT
from tests.bench._world import World

VERSION = checkdmarc.__version__
LIMIT = 150
WARM = 5
FIRST_WARM = 950_000
QUEUE = "by-hand"
TABLE = "CREATE TABLE IF NOT EXISTS by_hand (domain text, evidence jsonb, at timestamptz DEFAULT now())"
SECONDS = 5.0

app = Celery("by-hand", broker=os.environ.get("BY_HAND_BROKER", ""))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_default_queue=QUEUE,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
)


class NotMeasured(Exception):
    """What ought to have been found was not: the machine is too busy for the time limits."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """Seconds by the clock and of a CPU; `missed` of the domains were not wholly measured."""

    seconds: float
    cpu: float
    missed: int


def look_up(world: World, first: int, count: int, *, at_once: int) -> LookedUp:
    """What checkdmarc has to say of so many domains, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench._by_hand", str(first), str(count), f"--at-once={at_once}"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(world), stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT
    )
    return LookedUp(**json.loads(done.stdout))


def environment(world: World) -> dict[str, str]:
    """What a process of this module needs to know of the world."""
    return os.environ | world.settings | {"BY_HAND_MAIL": str(world.ports["mail"])}


@app.task
def check(domain: str) -> None:
    """The whole case."""
    found: dict[str, Any] = {"records": records(domain)}
    # A loopback address stands for the one that was found, as in the product's dial map.
    found["conversation"] = _conversation(found["records"]["mx"]["hosts"][0]["hostname"])
    found["connections"] = [_connects(port) for port in _open_ports()]
    with _database().connection() as database:
        database.execute("INSERT INTO by_hand (domain, evidence) VALUES (%s, %s)", (domain, Jsonb(found, _json)))


def records(domain: str) -> dict[str, Any]:
    """Raises NotMeasured where checkdmarc did not get to see the domain's records."""
    found: Any = checkdmarc.check_domains([domain], nameservers=_name_servers(), resolver=_resolver())
    if not (found["mx"]["hosts"] and found["mx"]["hosts"][0]["addresses"] and found["spf"]["valid"]):
        raise NotMeasured(found)
    return dict(found)


def _conversation(host: str) -> list[Any]:
    with smtplib.SMTP("127.0.0.1", int(os.environ["BY_HAND_MAIL"]), "portal.example.org", SECONDS) as server:
        server._host = host  # type: ignore[attr-defined]  # the name in its certificate
        return [server.ehlo(), server.starttls(context=_trusting()), server.ehlo()]


def _connects(port: tuple[str, int]) -> bool:
    try:
        socket.create_connection(port, SECONDS).close()
    except OSError:
        return False
    return True


def _name_servers() -> Sequence[dns.nameserver.Nameserver]:
    listed = (one.rsplit(":", 1) for one in os.environ["PROBE_NAMESERVERS"].split(","))
    return [dns.nameserver.Do53Nameserver(address, int(port)) for address, port in listed]


@cache
def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = list(_name_servers())
    return resolver


@cache
def _open_ports() -> list[tuple[str, int]]:
    """Those of the vendor's hosts, and our own port 25."""
    with open(os.environ["PROBE_DIAL_MAP"]) as file:
        dial_map: dict[str, str] = json.load(file)
    hosts = [str(host) for host in (_names.VENDOR_MX, *_names.VENDOR_HOSTS)]
    found = [at.rsplit(":", 1) for named, at in dial_map.items() if named.rsplit(":", 1)[0] in hosts]
    return [(address, int(port)) for address, port in found]


def _json(found: object) -> str:
    return json.dumps(found, default=bytes.decode)  # smtplib's replies are bytes


@cache
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


@cache
def _database() -> ConnectionPool[Any]:
    return ConnectionPool(os.environ["BY_HAND_DATABASE"], min_size=4, max_size=20, open=True)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("first", type=int)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--at-once", type=int, default=1)
    told = arguments.parse_args()
    with ThreadPoolExecutor(told.at_once) as pool:
        warm = range(FIRST_WARM + told.first % 10_000, FIRST_WARM + told.first % 10_000 + WARM)
        list(pool.map(lambda number: records(_names.domain(number)), warm))
        cpu, began = time.process_time(), time.monotonic()
        missed = sum(pool.map(_missed, range(told.first, told.first + told.count)))
    print(json.dumps(asdict(LookedUp(time.monotonic() - began, time.process_time() - cpu, missed))))


def _missed(number: int) -> bool:
    try:
        records(_names.domain(number))
    except NotMeasured:
        return True
    return False


if __name__ == "__main__":
    main()
