"""The lab's sending service: its list of suppressed addresses as Postmark would serve it, and what it reports.

Its reports go to the portal's hooks, in the form that Postmark documents; what Postmark never reports (that it took a
message over, that it dropped one), in SendGrid's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from diagnostics.addresses import one_spelling
from diagnostics.domain import SendEvent, SendEventKind, Suppression, SuppressionReason
from diagnostics.lab.beside import ANY_PORT, running
from diagnostics.lab.scenario import Scenario

TOKEN = "lab"  # noqa: S105 - of the lab, which is on loopback only
LIST = "/message-streams/outbound/suppressions"
LARGEST = 65536
PATIENCE = 5.0
"""Seconds that a caller may take over a question."""
NEIGHBOUR = "berta@neighbour.test"
"""Another customer of the vendor's, who gets codes."""
AGO = timedelta(seconds=30)
"""How old the newest event is when it is reported."""
REASONS = {
    SuppressionReason.BOUNCE: "HardBounce",
    SuppressionReason.COMPLAINT: "SpamComplaint",
}
DROPPED = {
    "bounced": "Bounced Address",
    "spam": "Spam Reporting Address",
    "unsubscribed": "Unsubscribed Address",
    "invalid": "Invalid",
}


@dataclass(frozen=True, slots=True)
class Hook:
    """One report: POST `body`, which is JSON, to this path of the portal, with HOOK_SECRET as user and password."""

    path: str
    body: bytes


def webhook_payloads(scenario: Scenario, now: datetime) -> tuple[Hook, ...]:
    """What is reported of the scenario's code e-mails, oldest first; the newest event was half a minute ago.

    Post it before the case is opened. Where the scenario names no events a code e-mail was taken over and nothing more
    is known; where nobody asked for one, only the neighbour's is.
    """
    events = scenario.events
    if not scenario.code_asked_for or not events:
        to = scenario.address if scenario.code_asked_for else NEIGHBOUR
        taken = SendEvent(SendEventKind.QUEUED, now - AGO, "", f"code.{scenario.slug}")
        return (_hook(taken, to),)
    shift = now - AGO - max(event.at for event in events)
    ordered = sorted(events, key=lambda event: event.at)
    return tuple(_hook(event, scenario.address, shift, scenario.slug) for event in ordered)


@asynccontextmanager
async def serving(acts: Iterable[Scenario]) -> AsyncIterator[str]:
    """Serve the list of all scenarios; gives the address to ask."""
    acts = tuple(acts)
    suppressed = {one_spelling(act.address): act.suppressed for act in acts}
    down = {one_spelling(act.address) for act in acts if "sending" in act.records_down}
    async with running(_Server(ANY_PORT, suppressed, frozenset(down)), "sending") as address:
        yield address


def _hook(event: SendEvent, address: str, shift: timedelta = timedelta(), slug: str = "") -> Hook:
    at = event.at + shift
    message_id = event.message_id or f"code.{slug}"
    match event.kind:
        case SendEventKind.QUEUED | SendEventKind.SENT:
            return _sendgrid("processed", address, message_id, at)
        case SendEventKind.REJECTED | SendEventKind.FAILED:
            reason = DROPPED.get(event.reject_reason, event.reply)
            return _sendgrid("dropped", address, message_id, at, reason=reason)
        case SendEventKind.DELIVERED:
            said = {"RecordType": "Delivery", "Recipient": address, "DeliveredAt": _stamp(at), "Details": event.reply}
        case SendEventKind.OPENED | SendEventKind.CLICKED:
            kind = "Open" if event.kind is SendEventKind.OPENED else "Click"
            said = {
                "RecordType": kind,
                "Recipient": address,
                "ReceivedAt": _stamp(at),
                "UserAgent": event.user_agent,
                "OriginalLink": "https://timeclock.test/",
            }
        case SendEventKind.COMPLAINED:
            said = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": address, "BouncedAt": _stamp(at)}
        case _:
            kind = "Transient" if event.kind is SendEventKind.DEFERRED else "HardBounce"
            said = {
                "RecordType": "Bounce",
                "Type": kind,
                "Email": address,
                "BouncedAt": _stamp(at),
                "Details": event.reply,
            }
    whole = {**said, "MessageID": message_id, "MessageStream": "outbound", "Metadata": {}}
    return Hook("/hooks/postmark/tracking/", json.dumps(whole).encode())


def _sendgrid(kind: str, address: str, message_id: str, at: datetime, **said: str) -> Hook:
    event = {"event": kind, "email": address, "smtp-id": message_id, "timestamp": int(at.timestamp()), **said}
    return Hook("/hooks/sendgrid/tracking/", json.dumps([event]).encode())


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, where: tuple[str, int], suppressed: dict[str, tuple[Suppression, ...]], down: frozenset[str]
    ) -> None:
        """`down`: addresses about which it fails when it is asked."""
        super().__init__(where, _Answering)
        self.suppressed = suppressed
        self.down = down


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: _Server

    def do_GET(self) -> None:
        """The dump of the list, for one address."""
        asked = urlsplit(self.path)
        if asked.path != f"{LIST}/dump":
            self._say(404, {"Message": "Not Found"})
            return
        address = parse_qs(asked.query).get("EmailAddress", [""])[0]
        if one_spelling(address) in self.server.down:
            self._say(500, {"ErrorCode": 0, "Message": "Internal Server Error"})
            return
        entries = self.server.suppressed.get(one_spelling(address), ())
        self._say(200, {"Suppressions": [_entry(address, one) for one in entries]})

    def do_POST(self) -> None:
        """Take addresses off the list; who reported spam stays on it."""
        asked = self._question()
        if self.path != f"{LIST}/delete" or not isinstance(asked, dict):
            self._say(422, {"ErrorCode": 402, "Message": "Invalid JSON"})
            return
        addresses = [str(one.get("EmailAddress", "")) for one in asked.get("Suppressions", ())]
        self._say(200, {"Suppressions": [self._taken_off(address) for address in addresses]})

    def log_message(self, *args: Any) -> None:
        """Not on standard error."""

    def _taken_off(self, address: str) -> dict[str, str | None]:
        mailbox = one_spelling(address)
        entries = self.server.suppressed.get(mailbox, ())
        if any(one.reason is SuppressionReason.COMPLAINT for one in entries):
            message = "You do not have the required authority to change this suppression."
            return {"EmailAddress": address, "Status": "Failed", "Message": message}
        self.server.suppressed[mailbox] = ()
        return {"EmailAddress": address, "Status": "Deleted", "Message": None}

    def _question(self) -> Any:
        length = self.headers.get("Content-Length", "")
        try:
            return json.loads(self.rfile.read(min(int(length), LARGEST)))
        except ValueError:
            return None

    def _say(self, status: int, content: object) -> None:
        if self.headers.get("X-Postmark-Server-Token") != TOKEN:
            status, content = 401, {"ErrorCode": 10, "Message": "Bad or missing API token."}
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _entry(address: str, one: Suppression) -> dict[str, str]:
    return {
        "EmailAddress": address,
        "SuppressionReason": REASONS.get(one.reason, "ManualSuppression"),
        "Origin": "Customer" if one.reason is SuppressionReason.MANUAL else "Recipient",
        "CreatedAt": _stamp(one.since or datetime.now(UTC)),
    }
