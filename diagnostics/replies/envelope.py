"""A message of any shape opened safely: its headers, its parts as text, whatever an enemy or a broken mailer wrote."""

from __future__ import annotations

import binascii
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser

HEAD = 400_000
"""Bytes read from the beginning: reports stand before the returned message, which may be of any size."""

AROUND = 60_000
"""Bytes read from where a delivery status begins, should that be later."""

REPORT = "text/x-delivery-status"
"""What delivery status parts are called here: as text, because the parser would take them apart before decoding."""


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message. `returned` where it lies inside a message that another part carries."""

    kind: str
    text: str
    returned: bool


def open_message(raw: bytes) -> Message:
    """The message with its beginning, and with a delivery status wherever that stands; takes any bytes."""
    data = _ending_in_line_feeds(_worth_reading(raw))
    data = _STATUS_TYPE.sub(REPORT.encode(), data)
    nested = [found.start() for found in _NESTING.finditer(data)]
    if len(nested) > _DEEPEST:  # the parser goes one level deeper for each
        data = data[: nested[_DEEPEST]]
    try:
        return email.message_from_bytes(data)
    except (TypeError, ValueError, LookupError):  # parameters in pieces (RFC 2231) that do not fit together
        return BytesHeaderParser().parsebytes(data)


def leaves(message: Message) -> Iterator[Part]:
    """Every part that holds text, in order; other kinds come with empty text."""
    yield from _leaves(message, returned=False)


def header(message: Message, name: str) -> str:
    """A header's value as plain text on one line, empty where there is none."""
    return next(iter(headers(message, name)), "")


def headers(message: Message, *names: str) -> list[str]:
    """The values of all headers of these names, in the order of the names."""
    return [
        decoded(_as_text(str(value).encode("utf-8", "surrogateescape"), "utf-8"))
        for name in names
        for other, value in message.raw_items()
        if other.lower() == name.lower()
    ]


def decoded(value: str) -> str:
    """A header's value with encoded words (RFC 2047) read; left as it is where they cannot be."""
    value = " ".join(value[:_LONGEST_HEADER].split())
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return value
    return "".join(
        _as_text(piece, charset or "ascii") if isinstance(piece, bytes) else piece for piece, charset in pieces
    )


def kind_of(message: Message) -> str:
    """The content type in lower case, without parameters."""
    return message.get_content_type()


def parameter(message: Message, name: str) -> str:
    """A parameter of the content type in lower case, empty where there is none or it cannot be read."""
    found = re.search(rf"(?i)\b{name}\s*=\s*\"?([\w\-./]+)", str(message.get("Content-Type", "")))
    return found[1].lower() if found else ""


def _worth_reading(raw: bytes) -> bytes:
    head = raw[:HEAD]
    if len(raw) <= HEAD or _STATUS_TYPE.search(head):
        return head
    later = _STATUS_TYPE.search(raw, HEAD)
    if later is None:
        return head
    start = max(raw.rfind(b"\n--", HEAD, later.start()), later.start() - _LONGEST_HEADER)
    return head + raw[start : start + AROUND]


def _ending_in_line_feeds(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _leaves(message: Message, *, returned: bool) -> Iterator[Part]:
    payload = message.get_payload()
    kind = kind_of(message)
    if isinstance(payload, list):
        inside = returned or kind.startswith("message/")
        for child in (one for one in payload if isinstance(one, Message)):
            if kind.startswith("message/"):
                yield Part("text/rfc822-headers", _headers(child), returned)
            yield from _leaves(child, returned=inside)
    else:
        if kind.startswith("multipart/"):  # parts without a boundary between them
            kind = "text/plain"
        yield Part(kind, _text(message) if kind.startswith(("text/", "message/")) else "", returned)


def _headers(message: Message) -> str:
    return "\n".join(f"{name}: {' '.join(str(value).split())}" for name, value in message.items())


def _text(message: Message) -> str:
    encoding = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in {"base64", "quoted-printable"}:
        del message["Content-Transfer-Encoding"]  # the parser's uudecode may raise
    data = message.get_payload(decode=True)
    content = data if isinstance(data, bytes) else b""
    return _as_text(content, parameter(message, "charset"))


def _as_text(data: bytes, charset: str) -> str:
    """By the charset that was named, if it is one and fits; else UTF-8, else Latin-1, which fits anything."""
    for name in (charset, "utf-8"):
        if name in _NO_CHARSETS:
            continue
        try:
            return data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("latin-1")


_STATUS_TYPE = re.compile(rb"(?i)\bmessage/(?:global-)?delivery-status\b")
_NESTING = re.compile(rb"(?i)\b(?:multipart|message)/")
_DEEPEST = 60
_LONGEST_HEADER = 4_000
_NO_CHARSETS = frozenset({"idna", "punycode"})
"""Codecs for host names: what is as long as a message takes them seconds."""
