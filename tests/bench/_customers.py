"""Customers with a case each: they fill in the form over HTTP, and whether they have an answer is looked up in the
database, so that looking costs the portal next to nothing.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import psycopg

from diagnostics.services.work import CHANNEL
from tests.bench._portal import Portal
from tests.bench._world import ARTICLE

FORM = f"/{ARTICLE}/"
ANSWER_LIMIT = 30.0
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
CASE = re.compile(r"/cases/([A-Z0-9]{8})/")
_networks = count(1)


@dataclass(frozen=True, slots=True)
class Reported:
    """A case, and when its form was sent (time.time)."""

    reference: str
    posted: float


@dataclass
class Customer:
    """A browser of its own, without pictures and scripts."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_LIMIT)
        number = next(_networks)
        self.network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def report(self, domain: str) -> Reported:
        """The form, the form sent, the case's page; raises RuntimeError where no case comes of it."""
        address = f"anna@{domain}"
        fields = dict(HIDDEN.findall(self._ask("GET", FORM)[1])) | {"company_id": "ACME-1", "address": address}
        posted = time.time()
        path, body = self._ask("POST", FORM, urllib.parse.urlencode(fields))
        while path:
            found = CASE.search(path)
            if found:
                self._ask("GET", path)
                self.connection.close()
                return Reported(found[1], posted)
            path, body = self._ask("GET", path)
        raise RuntimeError(f"no case was opened for {domain}: {body[:2000]}")

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[str, str]:
        """Where it leads, if anywhere, and the page."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"X-Forwarded-For": self.network}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        page = answer.read().decode()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status}: {page[:2000]}")
        return urllib.parse.urlsplit(answer.headers.get("Location", "")).path, page


def report_all(portal: Portal, domains: Iterable[str], *, at_once: int = 8, per_second: float = 0) -> list[Reported]:
    """All of them, as fast as they are taken, or one after the other at that rate however long each takes."""
    domains = list(domains)
    with ThreadPoolExecutor(at_once) as pool:
        if not per_second:
            return list(pool.map(lambda domain: Customer(portal.port).report(domain), domains))
        began = time.monotonic()
        coming = []
        for number, domain in enumerate(domains):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            coming.append(pool.submit(Customer(portal.port).report, domain))
        return [one.result() for one in coming]


def wait_for(portal: Portal, cases: int, seconds: float) -> None:
    """Until so many runs have all their groups done, the vendor's records too."""
    unfinished = "SELECT count(*) FROM diagnostics_group WHERE state NOT IN ('done', 'failed')"
    done = f"SELECT (SELECT count(*) FROM diagnostics_run) = %s AND ({unfinished}) = 0"  # noqa: S608
    portal.wait(lambda: portal.query(done, cases) == [(True,)], f"{cases} cases finished", seconds)


def answered(portal: Portal) -> dict[str, float]:
    """By reference: when the final diagnosis was made (time.time)."""
    sql = "SELECT reference, extract(epoch FROM finished_at) FROM diagnostics_run r JOIN diagnostics_case c"
    finished = portal.query(f"{sql} ON c.id = r.case_id WHERE finished_at IS NOT NULL")
    return {str(reference): float(str(at)) for reference, at in finished}


@dataclass
class Watch:
    """Hears of every change; when a case's final diagnosis could first be read (time.time)."""

    database: psycopg.Connection[tuple[object, ...]]
    seen: dict[str, float] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        sql = "SELECT reference FROM diagnostics_case c JOIN diagnostics_run r ON r.case_id = c.id"
        sql += " WHERE r.finished_at IS NOT NULL AND NOT reference = ANY(%s)"
        while not self.stopped.is_set():
            for _ in self.database.notifies(timeout=0.2, stop_after=1):
                pass
            fresh = self.database.execute(sql, [list(self.seen)]).fetchall()
            self.seen |= dict.fromkeys((str(reference) for (reference,) in fresh), time.time())


@contextmanager
def watching(portal: Portal) -> Iterator[Watch]:
    with psycopg.connect(portal.servers.database_url, autocommit=True) as database:
        database.execute(f"LISTEN {CHANNEL}")
        watch = Watch(database)
        thread = threading.Thread(target=watch.look)
        thread.start()
        try:
            yield watch
        finally:
            watch.stopped.set()
            thread.join()
