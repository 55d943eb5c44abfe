"""Whole bounce messages: who could not be reached, and what the server said.

Delivery status notifications (RFC 3464, 6522, 6533) are read by their fields, all others by their words. A message is
taken for a bounce by what it is made of or who sent it, never by its words alone: people and newsletters
talk about bounces too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message

from diagnostics.replies.classifier import Reply
from diagnostics.replies.envelope import REPORT, Part, header, headers, kind_of, leaves, open_message, parameter
from diagnostics.replies.letters import (
    Letter,
    best_reply,
    from_html,
    generating_host,
    letter,
    near,
    recipients,
    remote_host,
    says_delayed,
    says_undelivered,
)
from diagnostics.replies.reasons import Group, Reason
from diagnostics.replies.reports import ACTIONS, StatusBlock, read_report
from diagnostics.replies.wording import any_of

UNKNOWN_ACTION = "unknown"


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """What one bounce says about one recipient.

    `action` is failed, delayed, delivered, relayed, expanded (RFC 3464 section 2.3.3) or unknown; `status` the enhanced
    status code (RFC 3463), empty where there is none. `reply` is what was said about it, in one line of at most 2,000
    characters, `classified` what that means.
    """

    address: str
    action: str
    status: str
    reply: str
    classified: Reply
    reporting_mta: str = ""
    remote_mta: str = ""
    original_message_id: str = ""
    """The Message-ID of the message that bounced, in angle brackets."""
    original_recipient: str = ""
    """The address that we had written to, where the bounce tells it apart from `address`."""
    delivered_to: tuple[str, ...] = ()
    """The addresses that the bounce itself came to: a variable envelope return path is among them."""

    @property
    def failed(self) -> bool:
        """Whether the message is lost for this recipient."""
        return self.action in {"failed", UNKNOWN_ACTION}


def read_bounce(raw: bytes) -> list[BouncedRecipient]:
    """The recipients that a message reports about; empty where it is no bounce. Takes any bytes and never raises.

    Reads the first 400,000 bytes, and a delivery status wherever it stands.
    """
    message = open_message(raw)
    parts = list(leaves(message))
    reports = [part for part in parts if part.kind == REPORT]
    reports = [part for part in reports if not part.returned] or reports  # a bounce that bounced holds another report
    if _is_something_else(message, parts, reports):
        return []
    bounce = _Bounce(message, parts)
    found = [bounce.reported(block) for report in reports for block in read_report(report.text) if block.address]
    if not found and bounce.is_from_a_mailer:
        blocks = read_report(_STATUS_FIELDS.sub("", bounce.words)) if _LOOSE_STATUS.search(bounce.words) else []
        found = [bounce.reported(block) for block in blocks if block.address and block.action in ACTIONS]
        found = found or list(bounce.told())
    return found


class _Bounce:
    """One bounce: what its parts say together."""

    def __init__(self, message: Message, parts: list[Part]) -> None:
        own = [part for part in parts if not part.returned]
        written = _letter(own) or _letter(parts) or Letter("", "")
        self.message = message
        self.subject = header(message, "Subject")
        forwarded = _FORWARDED_BOUNCE.search(written.words) if _FORWARD.match(self.subject) else None
        self.words = _QUOTE_MARKS.sub("", written.words[forwarded.start() :]) if forwarded else written.words
        self.is_from_a_mailer = _sent_by_mailer(message) or forwarded is not None
        self.original = _original(parts, written)
        self.delivered_to = _delivered_to(message)

    def reported(self, block: StatusBlock) -> BouncedRecipient:
        """What a delivery status says, with the letter's words where it is vague."""
        diagnostic = block.diagnostic
        code = f" ({block.status})" if block.status and block.status not in diagnostic else ""
        text, reply = best_reply(block.address, self.words, diagnostic)
        if reply.reason is Reason.UNKNOWN and code:
            text, reply = best_reply(block.address, "", f"{text}{code}".strip())
        action = block.action if block.action in ACTIONS else UNKNOWN_ACTION
        if action in _ARRIVED:
            reply = _no_failure(reply)
        return self._recipient(
            block.address,
            action=action,
            status=block.status or reply.enhanced or "",
            text=text,
            reply=reply,
            reporting_mta=block.reporting_mta,
            remote_mta=block.remote_mta,
            original_recipient=block.original,
        )

    def told(self) -> Iterator[BouncedRecipient]:
        """What the letter says."""
        said = f"{self.subject}\n{self.words}"
        if not (says_undelivered(said) or self.message.get("X-Failed-Recipients")):
            return
        named = _ADDRESS.findall(header(self.message, "X-Failed-Recipients"))
        envelope = _ENVELOPE_SENDER.findall(self.words)
        senders = (
            *_addresses(self.message, "From", "Sender"),
            *_addresses_in(self.original.get("from", "")),
            *envelope,
        )
        ours = frozenset(one.lower() for one in (*self.delivered_to, *senders))
        addresses = recipients(self.words, named=named, not_theirs=ours)
        delayed = says_delayed(said) and not named
        for address in addresses or _addresses_in(self.original.get("to", "")):
            text, reply = best_reply(address, self.words)
            yield self._recipient(
                address,
                action="delayed" if delayed else "failed",
                status=reply.enhanced or "",
                text=text,
                reply=reply,
                reporting_mta=generating_host(self.words),
                remote_mta=remote_host(near(address, self.words)),
                original_recipient="",
            )

    def _recipient(
        self,
        address: str,
        *,
        action: str,
        status: str,
        text: str,
        reply: Reply,
        reporting_mta: str,
        remote_mta: str,
        original_recipient: str,
    ) -> BouncedRecipient:
        asked = _addresses_in(self.original.get("to", ""))
        return BouncedRecipient(
            address=address[:_LONGEST_NAME],
            action=action,
            status=status,
            reply=text,
            classified=reply,
            reporting_mta=reporting_mta[:_LONGEST_NAME],
            remote_mta=remote_mta[:_LONGEST_NAME],
            original_message_id=self.original.get("message-id", "") or _answers(self.message),
            original_recipient=(original_recipient or (asked[0] if len(asked) == 1 else ""))[:_LONGEST_NAME],
            delivered_to=self.delivered_to,
        )


def _is_something_else(message: Message, parts: list[Part], reports: list[Part]) -> bool:
    """Spam complaints (RFC 5965), read receipts (RFC 8098), TLS reports (RFC 8460), list mail, automatic answers."""
    kinds = {part.kind for part in parts}
    if kinds & _OTHER_REPORTS or parameter(message, "report-type") in _OTHER_REPORT_TYPES:
        return True
    if reports:
        return False
    listed = any(message.get(name) for name in ("List-Unsubscribe", "List-Id", "List-Post", "Feedback-ID"))
    away = any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From"))
    vacation = header(message, "Auto-Submitted").lower().startswith("auto-replied") and _AWAY.search(
        header(message, "Subject")
    )
    return bool((listed and not _sent_by_mailer(message)) or away or vacation)


def _sent_by_mailer(message: Message) -> bool:
    sender = f"{header(message, 'From')} {header(message, 'Sender')}"
    if message.get("X-Failed-Recipients") or _MAILER.search(sender):
        return True
    nobody = header(message, "Return-Path").replace(" ", "") in {"<>", "<mailer-daemon>"}
    report = kind_of(message) == "multipart/report"
    subject = header(message, "Subject")
    return bool((nobody or report) and says_undelivered(subject) and not _AWAY.search(subject))


def _letter(parts: list[Part]) -> Letter | None:
    """The mailer's words: the plain text, else the page."""
    texts = [part.text for part in parts if part.kind == "text/plain" and part.text.strip()]
    texts = texts or [from_html(part.text) for part in parts if part.kind == "text/html"]
    return letter("\n".join(texts[:_TEXTS])) if texts else None


def _original(parts: list[Part], written: Letter) -> dict[str, str]:
    """Header fields of the message that bounced, by name in lower case."""
    kinds = {"text/rfc822-headers", "message/global-headers", "message/rfc822", "message/global"}
    reported = next((number for number, part in enumerate(parts) if part.kind == REPORT), 0)
    behind = (part.text for part in (*parts[reported:], *parts) if part.kind in kinds and "essage-" in part.text)
    returned = next(behind, written.quoted)
    fields: dict[str, str] = {}
    for found in _HEADER.finditer(returned[:_HEADERS]):
        fields.setdefault(found[1].lower(), " ".join(found[2].split()))
    identifier = _MESSAGE_ID.search(fields.get("message-id", ""))
    return {**fields, "message-id": identifier[0] if identifier else ""}


def _answers(message: Message) -> str:
    """The message that a bounce answers to, where it returns none: some mailers tell in these headers."""
    said = " ".join(headers(message, "X-Original-Message-ID", "In-Reply-To", "References"))
    found = _MESSAGE_ID.search(said)
    return found[0] if found else ""


def _delivered_to(message: Message) -> tuple[str, ...]:
    names = ("X-Original-To", "Envelope-To", "X-Envelope-To", "Delivered-To", "To")
    return tuple(dict.fromkeys(_addresses(message, *names)))[:_TEXTS]


def _addresses(message: Message, *names: str) -> list[str]:
    return [address for value in headers(message, *names) for address in _addresses_in(value)]


def _addresses_in(value: str) -> list[str]:
    return _ADDRESS.findall(value[:_HEADERS])


def _no_failure(reply: Reply) -> Reply:
    return replace(reply, reason=Reason.NOT_FAILURE, group=Group.NONE, rule="reported-as-arrived", temporary=False)


_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_TEXTS = 8
_HEADERS = 20_000
_LONGEST_NAME = 320
_OTHER_REPORTS = frozenset({"message/feedback-report", "message/disposition-notification", "message/tracking-status"})
_OTHER_REPORT_TYPES = frozenset({"feedback-report", "disposition-notification", "tlsrpt", "tracking-status"})
_ADDRESS = re.compile(r"[^\s<>()\[\]{}\"',;:|@]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,8}")
_ENVELOPE_SENDER = re.compile(r"(?i)mail from: ?<([^<>\s]{3,320})>")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_HEADER = re.compile(r"^[ \t>]*(message-id|to|from|subject|date)[ \t]*:[ \t]*((?:.*)(?:\n[ \t]+\S.*)*)", re.I | re.M)
_LOOSE_STATUS = re.compile(r"^[> \t]*(?:final|original)-recipient[ \t]*:", re.I | re.M)
_STATUS_FIELDS = re.compile(r"^[> \t]+(?=[A-Z][\w\-]+:)", re.M)
_FORWARD = any_of("forwarded", before=r"\s*")
_FORWARDED_BOUNCE = re.compile(
    r"^[> \t*]*(?:from|von|de|da|van|od|от)[ \t*]*:[^\n]{0,200}"
    r"(?:mailer-?daemon|postmaster@|mail delivery|microsoft outlook)",
    re.I | re.M,
)
_QUOTE_MARKS = re.compile(r"^(?:> ?)+", re.M)
_AWAY = any_of("away")
_MAILER = any_of("mailer")
