"""Customers, as their browsers ask: the form, the form sent, the case's page, and then that page's own polls until the
run is over. A process of its own; prints how long answers took as JSON.

Reads from standard input `{"port", "per_second", "warm", "seconds"}`. What counts is asked for after `warm` seconds.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import sys
import time
import urllib.parse
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

import uvloop

ARTICLE = "/timeclock/"
POLLED_EVERY = 1.5
SILENT = 30.0
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
POLLS = re.compile(r'<[^<>]* hx-trigger="every 1500ms"[^<>]*>')
SENT_ALONG = re.compile(r"""hx-headers=(["'])(.*?)\1""")
CRLF = "\r\n"
BROWSER = CRLF.join(
    (
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
        "Accept: text/html,application/xhtml+xml",
        "Accept-Language: en-GB,en;q=0.9",
    )
)
_numbers = count(1)


@dataclass
class Load:
    """All customers together."""

    port: int
    from_when: float
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    polling: int = 0
    """Pages that poll at this moment."""
    most: list[int] = field(default_factory=list)


class Browser:
    """One customer's, with its cookies, on one connection that is kept."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.cookies: dict[str, str] = {}
        number = next(_numbers)
        self.number = number
        self.network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    async def visit(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.load.port)
        try:
            await self._visit()
        finally:
            self.writer.transport.abort()

    async def _visit(self) -> None:
        _, _, form = await self.ask("start", "GET", ARTICLE, 200)
        fields = dict(HIDDEN.findall(form)) | {
            "company_id": f"ACME-{self.number}",
            "address": f"anna@d{self.number % 500}.example.org",
        }
        _, headers, _ = await self.ask("form", "POST", ARTICLE, 303, body=urllib.parse.urlencode(fields))
        page = headers["location"]
        _, _, text = await self.ask("case", "GET", page, 200)
        self.load.polling += 1
        try:
            await self.poll(page, text)
        finally:
            self.load.polling -= 1

    async def poll(self, page: str, text: str) -> None:
        """Every 1.5 s, whatever the last answer took, until the page says no more that it polls."""
        due = time.monotonic()
        while found := POLLS.search(text):
            headers = {"HX-Request": "true", "HX-Target": "progress", **sent_along(found[0])}
            status = 304
            while status == 304:
                due += POLLED_EVERY
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                status, _, text = await self.ask("poll", "GET", page, 200, 304, headers=headers)

    async def ask(
        self, kind: str, method: str, path: str, *expected: int, headers: dict[str, str] | None = None, body: str = ""
    ) -> tuple[int, dict[str, str], str]:
        lines = [f"{method} {path} HTTP/1.1", BROWSER, f"X-Forwarded-For: {self.network}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        began = time.perf_counter()
        self.writer.write((CRLF.join(lines) + 2 * CRLF + body).encode())
        async with asyncio.timeout(SILENT):
            status, said, text = await self.hear()
        if status not in expected:
            raise RuntimeError(f"{method} {path}: {status}: {text[:2000]}")
        if time.monotonic() >= self.load.from_when:
            self.load.took[kind].append(time.perf_counter() - began)
            self.load.statuses[f"{kind} {status}"] += 1
        return status, said, text

    async def hear(self) -> tuple[int, dict[str, str], str]:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, kept = value.partition(";")[0].partition("=")
                self.cookies[cookie] = kept
            headers[name.lower()] = value
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), headers, body.decode()


def sent_along(tag: str) -> dict[str, str]:
    """The headers that an element wants with its requests. Raises RuntimeError where it wants none."""
    if not (found := SENT_ALONG.search(tag)):
        raise RuntimeError(f"nothing is sent along by {tag}")
    headers: dict[str, str] = json.loads(html.unescape(found[2]))
    return headers


async def customers(load: Load, per_second: float, seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        began = time.monotonic()
        for number in range(round(per_second * seconds)):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            group.create_task(Browser(load).visit())
            if time.monotonic() >= load.from_when:
                load.most.append(load.polling)
        load.from_when += 1e9  # those who are left finish, but count no more


def main() -> None:
    told = json.load(sys.stdin)
    load = Load(told["port"], time.monotonic() + told["warm"])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(customers(load, told["per_second"], told["warm"] + told["seconds"]))
    print(json.dumps({"took": load.took, "statuses": load.statuses, "polling": load.most}))


if __name__ == "__main__":
    main()
