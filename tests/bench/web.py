"""What the start page and the polls of a case's page cost, against one bare Django view that renders as much text; and
how long 200 open case pages wait while 20 cases a second arrive.

Both run under granian as docker-compose starts it, in turn in the same run. Polls are compared as pages send them: told
what they show already. Arriving customers are whole ones: the form, the form sent, the page, and its polls every 1.5 s
until the run is over, 10 s later, so that 200 of them are open at any time. Workers run elsewhere: a process stands in
for them that records answers through the very services, so each page changes twice. By the clock, a busy
machine is measured too; CPU is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from itertools import count
from statistics import median
from urllib.parse import urlencode

from tests.bench import _web_pages as pages
from tests.bench._web_servers import Website, Websites, ask, running, wait
from tests.bench.figures import RUNS, Figure

SECONDS = 2.0
CONNECTIONS = 16
SHARE = 50
"""Per cent of the bare view's requests a second."""
PER_SECOND, OPEN, P95 = 20, 200, 100
WARM, MEASURED = 15.0, 20.0
GROUPS = {"dns": 0.5, "records": 0.5, "ports": 0.5, "delivery": OPEN / PER_SECOND}
"""After how many seconds each group of a run ends: pages stay open where a mail server lets everybody wait."""

_numbers = count(1)


def measure() -> list[Figure]:
    with running() as websites:
        start = list(_against_bare(websites, "start page", lambda: _start(websites)))
        with websites.worker("dns=0", "records=0"):
            unchanged = list(_against_bare(websites, "polled fragment, unchanged", lambda: _polls(websites, 304), 304))
            changed = list(_against_bare(websites, "polled fragment, changed", lambda: _polls(websites, 200), bar=None))
        return [*start, *unchanged, *changed, *_open_pages(websites)]


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second, and milliseconds: the slowest but 5 of 100, and CPU of web server and PostgreSQL."""

    rate: float
    p95: float
    web: float
    database: float


def _against_bare(
    websites: Websites,
    name: str,
    requests: Callable[[], tuple[list[str], str]],
    status: int = 200,
    bar: int | None = SHARE,
) -> Iterator[Figure]:
    """`requests` gives those to ask at once, and what the portal answers one of them with a full page."""
    ours, bare = [], []
    for number in range(RUNS + 1):
        asked, text = requests()
        websites.show("page", text)
        ours.append(_rate(websites, websites.portal, asked, status))
        bare.append(_rate(websites, websites.bare, [_get("/page")] * len(asked), 200))
        if not number:
            ours, bare = [], []  # that was to warm up
    share = median(100 * one.rate / other.rate for one, other in zip(ours, bare, strict=True))
    yield Figure(f"{name}: of the bare view's requests a second", share, "%", at_least=bar)
    for whose, rates in (("portal", ours), ("bare view", bare)):
        yield Figure(f"{name}, {whose}: requests a second", median(one.rate for one in rates))
        yield Figure(f"{name}, {whose}: p95 by the clock", median(one.p95 for one in rates), "ms")
        yield Figure(f"{name}, {whose}: CPU of a request, web", 1000 * median(one.web for one in rates), "µs")
    yield Figure(f"{name}, portal: CPU of a request, PostgreSQL", 1000 * median(one.database for one in ours), "µs")


def _rate(websites: Websites, website: Website, requests: list[str], status: int) -> Rate:
    web, database = website.cpu_seconds, websites.database_cpu_seconds()
    told = {"port": website.port, "seconds": SECONDS, "requests": requests, "status": status}
    said = ask("_web_ask", told)
    spent = website.cpu_seconds - web, websites.database_cpu_seconds() - database
    return Rate(said["rate"], 1000 * said["p95"], *(1000 * seconds / said["answers"] for seconds in spent))


def _get(path: str, *headers: str) -> str:
    return pages.CRLF.join((f"GET {path} HTTP/1.1", pages.BROWSER, *headers, "", ""))


def _start(websites: Websites) -> tuple[list[str], str]:
    """Visitors who were never here before."""
    return [_get(pages.ARTICLE)] * CONNECTIONS, _ask(websites, "GET", pages.ARTICLE)[1]


def _polls(websites: Websites, status: int) -> tuple[list[str], str]:
    """Of fresh cases, each on a page of its own, with some groups done and the rest under way; and the fragment."""
    cases = [_open(websites, next(_numbers)) for _ in range(CONNECTIONS)]
    waiting = "SELECT count(*) FROM diagnostics_group WHERE name IN ('dns', 'records') AND state != 'done'"
    wait(lambda: websites.query(waiting) == [(0,)])
    asked = []
    for path, cookie in cases:
        headers = (f"Cookie: {cookie}", "HX-Request: true", "HX-Target: progress")
        said, text = _ask(websites, "GET", path, headers)
        known = said["ETag"] if status == 304 else '"of an earlier version"'
        asked.append(_get(path, *headers, f"If-None-Match: {known}"))
    return asked, text


def _open(websites: Websites, number: int) -> tuple[str, str]:
    """A new case's page, and the cookie that opens it."""
    said, form = _ask(websites, "GET", pages.ARTICLE)
    sent = dict(pages.HIDDEN.findall(form)) | {"company_id": "ACME-1", "address": f"anna@d{number}.example.org"}
    headers = (f"Cookie: {_cookie(said)}", f"X-Forwarded-For: 192.0.2.{number % 256}")
    said, _ = _ask(websites, "POST", pages.ARTICLE, headers, sent)
    return said["Location"], _cookie(said)


def _cookie(said: Message) -> str:
    return said["Set-Cookie"].partition(";")[0]


def _ask(
    websites: Websites, method: str, path: str, headers: tuple[str, ...] = (), form: dict[str, str] | None = None
) -> tuple[Message, str]:
    connection = HTTPConnection("127.0.0.1", websites.portal.port, timeout=pages.SILENT)
    sent = urlencode(form) if form else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection.request(method, path, sent, dict(one.split(": ", 1) for one in headers) | kind)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status}: {text[:2000]}")
    return answer.headers, text


def _open_pages(websites: Websites) -> Iterator[Figure]:
    with websites.worker(*(f"{name}={seconds}" for name, seconds in GROUPS.items())):
        told = {"port": websites.portal.port, "per_second": PER_SECOND, "warm": WARM, "seconds": MEASURED}
        web, database = websites.portal.cpu_seconds, websites.database_cpu_seconds()
        said = ask("_web_pages", told)
        spent = websites.portal.cpu_seconds - web, websites.database_cpu_seconds() - database
    took = {kind: sorted(times) for kind, times in said["took"].items()}
    every = sorted(time for times in took.values() for time in times)
    cases = PER_SECOND * (WARM + MEASURED)
    name = f"{PER_SECOND} cases a second arrive"
    yield Figure(f"{name}: pages that poll", median(said["polling"]), at_least=0.9 * OPEN)
    yield Figure(f"{name}: p95 of all {len(every):,} answers", 1000 * _percentile(every, 95), "ms", at_most=P95)
    for kind, times in took.items():
        yield Figure(f"{name}: p95 of {kind}", 1000 * _percentile(times, 95), "ms", at_most=P95)
        yield Figure(f"{name}: p50 of {kind}", 1000 * _percentile(times, 50), "ms")
    polls = [said["statuses"].get(f"poll {status}", 0) for status in (304, 200)]
    yield Figure(f"{name}: polls answered with 304", 100 * polls[0] / (sum(polls) or 1), "%")
    yield Figure(f"{name}: CPU of a case and its polls, web", 1000 * spent[0] / cases, "ms")
    yield Figure(f"{name}: CPU of a case and its polls, PostgreSQL, the workers' too", 1000 * spent[1] / cases, "ms")


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
