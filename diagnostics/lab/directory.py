"""The lab's directory of administrators, as a vendor would run one (`docs/directory.md`)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from diagnostics.addresses import one_spelling
from diagnostics.domain import DirectoryAnswer, Membership
from diagnostics.lab.beside import ANY_PORT, running
from diagnostics.lab.scenario import OnFile, Scenario
from diagnostics.services.directory import comparable_company, nearest

LONGEST_QUESTION = 4096
PATIENCE = 5.0
"""Seconds that a caller may take over a question."""

OnFileByAddress = Mapping[str, tuple[OnFile, ...]]


@asynccontextmanager
async def serving(acts: Iterable[Scenario]) -> AsyncIterator[str]:
    """Answer for all scenarios; gives the address to ask."""
    acts = tuple(acts)
    on_file = {one_spelling(act.address): act.on_file for act in acts}
    down = {one_spelling(act.address) for act in acts if "directory" in act.records_down}
    async with running(_Server(ANY_PORT, on_file, frozenset(down)), "directory") as address:
        yield f"{address}/"


def answer(on_file: OnFileByAddress, company_id: str, address: str) -> DirectoryAnswer:
    """What the scenario of that address says. Without one, or where it says nothing, nobody is accused: whatever
    company ID a visitor of the lab types, the address is an administrator of it.
    """
    typed = one_spelling(address)
    entries = on_file.get(typed, ())
    if not entries:
        return DirectoryAnswer(Membership.ADMINISTRATOR)
    here = {
        one_spelling(entry.address): entry
        for entry in entries
        if comparable_company(entry.company_id) == comparable_company(company_id)
    }
    if typed in here:
        known = here[typed].administrator
        return DirectoryAnswer(Membership.ADMINISTRATOR if known else Membership.NOT_ADMINISTRATOR)
    if any(one_spelling(entry.address) == typed for entry in entries):
        return DirectoryAnswer(Membership.OTHER_COMPANY)
    if here:
        return DirectoryAnswer(Membership.NOT_ON_FILE, nearest(typed, here))
    return DirectoryAnswer(Membership.COMPANY_UNKNOWN)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, where: tuple[str, int], on_file: OnFileByAddress, down: frozenset[str]) -> None:
        """`down`: addresses about which it fails when it is asked."""
        super().__init__(where, _Answering)
        self.on_file = on_file
        self.down = down


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: _Server

    def do_POST(self) -> None:
        asked = self._question()
        if asked is None:
            self._say(400, {"problem": "ask with a JSON object: vendor, company_id, address"})
            return
        if one_spelling(asked["address"]) in self.server.down:
            self._say(503, {"problem": "the database is being repaired"})
            return
        found = answer(self.server.on_file, asked["company_id"], asked["address"])
        self._say(200, {"membership": found.membership.value, "near": found.near})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: whom the portal asks about is nobody's business."""

    def _question(self) -> dict[str, str] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_QUESTION:
            self.close_connection = True
            return None
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        wanted = ("vendor", "company_id", "address")
        complete = isinstance(asked, dict) and all(isinstance(asked.get(name), str) for name in wanted)
        return asked if complete else None

    def _say(self, status: int, said: Mapping[str, str]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
