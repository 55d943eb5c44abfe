"""The mail log of a Postfix of one's own, read as a sending service's events.

Lines of `cleanup` give a queue ID its Message-ID, those of `qmgr` say that Postfix took the message over or gave up,
those of the delivery agents what became of each recipient (https://www.postfix.org/postconf.5.html, `bounce(8)`).
Pure: lines in, events out, and no line makes it raise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind
from diagnostics.services.events import Told

SERVICE = "postfix"
MOST_QUEUED = 50_000
"""Queue IDs that are remembered; the oldest are forgotten first."""
LONGEST = 10_000
STATUSES = {
    "sent": SendEventKind.DELIVERED,
    "bounced": SendEventKind.BOUNCED,
    "expired": SendEventKind.BOUNCED,
    "deferred": SendEventKind.DEFERRED,
    "undeliverable": SendEventKind.BOUNCED,
}
LOCAL_AGENTS = frozenset({"local", "virtual", "pipe", "lmtp", "error"})


@dataclass(slots=True)
class MailLog:
    """Reads lines in their order, and remembers what later lines need.

    `now` places stamps without a year. `relays` are hosts of ours that Postfix hands mail on to: what they took has not
    reached the recipient's server yet.
    """

    now: datetime
    relays: frozenset[str] = frozenset()
    _messages: dict[str, _Message] = field(default_factory=dict)

    def read(self, line: str) -> Iterator[Told]:
        """The events that this line tells of, mostly none."""
        found = _LINE.match(line[:LONGEST])
        at = _moment(found["stamp"], self.now) if found else None
        if found is None or at is None:
            return
        key = f"{found['instance']}/{found['queue_id']}"
        agent, said = found["agent"], found["said"]
        if agent == "cleanup":
            if message_id := _MESSAGE_ID.search(said):
                self._remember(key, replace(self._known(key), message_id=message_id[1]))
        elif agent == "qmgr":
            if said.startswith("removed"):
                self._messages.pop(key, None)
            elif said.startswith("from=") and "status=" not in said:
                self._remember(key, replace(self._known(key), begun=at))
        elif recipient := _RECIPIENT.match(said):
            yield from self._of_recipient(key, agent, at, recipient, line)

    def _of_recipient(self, key: str, agent: str, at: datetime, said: re.Match[str], line: str) -> Iterator[Told]:
        kind = STATUSES.get(said["status"])
        relay = _host(said["relay"] or "")
        if kind is SendEventKind.DELIVERED and (agent in LOCAL_AGENTS or _ON_THIS_HOST.search(said["relay"] or "")):
            return
        if kind is SendEventKind.DELIVERED and relay.lower() in self.relays:
            kind, relay = SendEventKind.SENT, ""
        if kind is None:
            return
        message = self._known(key)
        address = said["orig_to"] or said["to"]
        if message.begun and address not in message.told:
            self._remember(key, replace(message, told=(*message.told[-49:], address)))
            begun = SendEvent(SendEventKind.QUEUED, message.begun, SERVICE, message.message_id)
            yield Told(address, begun, _digest(key, message.begun.isoformat(), address))
        event = SendEvent(kind, at, SERVICE, message.message_id, _reply(said["reply"]), mta=relay)
        yield Told(address, event, _digest(line))

    def _known(self, key: str) -> _Message:
        return self._messages.get(key, _Message())

    def _remember(self, key: str, message: _Message) -> None:
        self._messages.pop(key, None)
        self._messages[key] = message
        if len(self._messages) > MOST_QUEUED:
            self._messages.pop(next(iter(self._messages)))


@dataclass(frozen=True, slots=True)
class _Message:
    """What is known of a queue ID; `told` are recipients whose beginning was told."""

    message_id: str = ""
    begun: datetime | None = None
    told: tuple[str, ...] = ()


# Instances have names of their own: postfix, postfix-out, postfix/submission. Queue IDs are hexadecimal, or of the
# longer form that is never used twice.
_LINE = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [ 0-3]?\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"(?:Z|[+-]\d\d:?\d\d)?) +(?:\S+ +)?(?P<instance>postfix[\w.-]*)(?:/[\w.-]+)*/(?P<agent>[\w-]+)\[\d+\]: +"
    r"(?P<queue_id>[0-9A-Za-z]{5,20}): +(?P<said>.*)",
    re.DOTALL,
)
_MESSAGE_ID = re.compile(r"message-id=(<[^<>\s]{1,250}>|[^<>\s,]{1,250})")
_RECIPIENT = re.compile(
    r"to=<(?P<to>[^<>\s]{1,254})>(?:, orig_to=<(?P<orig_to>[^<>\s]{1,254})>)?"
    r"(?:, relay=(?P<relay>[^,\s]{1,300}))?(?:, (?:conn_use|delay|delays|dsn)=[^,\s]{1,60})*"
    r", status=(?P<status>[a-z-]{1,20}) *(?P<reply>.*)",
    re.DOTALL,
)
_ON_THIS_HOST = re.compile(r"\[(?:127\.|::1\])")
_SAID = re.compile(r"host \S+ (?:said|refused to talk to me): (.*)", re.DOTALL)
_COMMAND = re.compile(r" \(in reply to [^()]{1,60} command\)\Z")


def _reply(text: str) -> str:
    """The recipient's server's own words, without Postfix's around them."""
    inside = text.strip()
    if inside.startswith("(") and inside.endswith(")"):
        inside = inside[1:-1]
    said = _SAID.search(inside)
    return _COMMAND.sub("", said[1] if said else inside).strip()


def _host(relay: str) -> str:
    """`mx.example.org[203.0.113.5]:25` without address and port; empty for none and for local agents."""
    name = relay.partition("[")[0]
    return name if "." in name else ""


def _moment(stamp: str, now: datetime) -> datetime | None:
    """Syslog's stamps have neither year nor zone: the newest such time that is not in the future, in UTC."""
    try:
        if stamp[0].isdigit():
            at = datetime.fromisoformat(stamp.replace(",", "."))
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        at = datetime.strptime(f"{now.year} {' '.join(stamp.split())}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        return at if at <= now + timedelta(days=1) else at.replace(year=at.year - 1)
    except (ValueError, OverflowError):
        return None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode(errors="replace")).hexdigest()
