"""The report of the check script: from the customer's network, strictly read, uploaded or pasted into a page."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from diagnostics.looks import Malformed, Verify, answered, checked_nonce, ours, structured
from diagnostics.probes.network_look import How, Place, PortLook, ScriptLook, Try

VERSION = 1
LONGEST_TRY = 600_000
"""Milliseconds: the script gives up long before, but a computer may sleep in the middle of it."""
LONGEST_ROUND_TRIP = 60
"""Seconds; if there are more between question and answer, the clock was set meanwhile."""
LATEST = 2**40
LONGEST_ISSUER = 200

_SECRET = re.compile(r"[0-9a-f]{32}")
_BEGIN, _END = "BEGIN NETWORK REPORT", "END NETWORK REPORT"
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015"
"""Around these words; mail programs make one sign of two."""
_NOISE = re.compile(r"[\s>|\u200b\ufeff]+")
"""What mail programs put between the lines of a quoted or wrapped text."""


class _Tool(StrEnum):
    BASH = "bash"
    POWERSHELL = "powershell"


@dataclass(frozen=True, slots=True)
class _Clock:
    """Whole seconds since 1970, by that machine's clock, before and after the question that `at` answered."""

    sent: int
    received: int
    at: str


@dataclass(frozen=True, slots=True)
class _Port:
    """`exit`, and through the proxy `proxy`: curl's exit codes."""

    host: str
    port: int
    exit: int
    connected: bool
    ms: int
    error: str
    address: str
    issuer: str
    signed: str
    proxy: int | None
    proxy_signed: str = ""


@dataclass(frozen=True, slots=True)
class _Report:
    v: int
    token: str = field(repr=False)
    place: Place
    tool: _Tool
    portal: int
    clock: _Clock | None
    ports: tuple[_Port, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What the script saw, and the secret that allows to report it."""

    look: ScriptLook
    secret: str = field(repr=False)


def read(body: bytes, verify: Verify) -> Report:
    """What the script reports, our answers in it verified; raises Malformed.

    How each try ended is judged here, from curl's exit code; what the script itself made of it is not even sent.
    """
    report = structured(_Report, body)
    if report.v != VERSION:
        raise Malformed("The report has a form of another version. Download the script again.")
    nonce, _, secret = report.token.partition(".")
    checked_nonce(nonce)
    if not _SECRET.fullmatch(secret):
        raise Malformed("The token is not complete. Copy the whole command from the page again.")
    skew_ms, within_ms = _skew(report.clock, nonce, verify)
    look = ScriptLook(
        nonce=nonce,
        place=report.place,
        ports=tuple(_look(port, nonce, verify) for port in report.ports),
        portal_reached=report.portal == 0,
        skew_ms=skew_ms,
        skew_within_ms=within_ms,
    )
    return Report(look, secret)


def unfold(pasted: str) -> bytes:
    """The report in a pasted text, for `read`: the block that the script printed, or the JSON above it.

    The block may have been quoted or wrapped on its way, and stand in the middle of a mail; raises Malformed.
    """
    text = pasted.strip()
    if text.startswith("{"):
        return text.encode("utf-8", "replace")
    before, begin, rest = text.partition(_BEGIN)
    inside, end, after = rest.partition(_END)
    if not begin:
        raise Malformed("There is no report in this text: it begins with -----BEGIN NETWORK REPORT-----.")
    if _BEGIN in rest:
        raise Malformed("There is more than one report in this text. Paste them one after the other.")
    if not end or _END in before or _END in after:
        raise Malformed("The end of the report is missing. Copy the block up to -----END NETWORK REPORT-----.")
    packed = _NOISE.sub("", inside).strip(_DASHES)
    try:
        return base64.b64decode(packed.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Malformed("The block was damaged on its way. Copy it again as a whole.") from None


def _look(port: _Port, nonce: str, verify: Verify) -> PortLook:
    echo = ours(port.signed, nonce, port.port, verify) if port.exit == 0 else None
    by_proxy = ours(port.proxy_signed, nonce, port.port, verify) if port.proxy == 0 else None
    seen = echo or by_proxy
    return PortLook(
        host=port.host,
        port=port.port,
        tries=(Try(answered(echo) if port.exit == 0 else _how(port), max(0, min(port.ms, LONGEST_TRY))),),
        source=seen.source if seen else "",
        via=(seen.via or seen.forwarded) if seen else "",
        address=_address(port.address),
        issuer="".join(sign for sign in port.issuer if sign.isprintable())[:LONGEST_ISSUER],
        by_proxy=answered(by_proxy) if port.proxy == 0 else _how_by_proxy(port.proxy),
    )


def _how(port: _Port) -> How:
    """What a failure of curl says about the network; the numbers are in its manual, under EXIT CODES."""
    error = port.error.lower()
    match port.exit:
        case 6:
            return How.NO_NAME
        case 7:
            # The operating system's own patience ended before curl's.
            return How.FILTERED if "timed out" in error else How.REFUSED
        case 28 if port.connected:
            return How.NO_ANSWER
        case 28:
            return How.DNS_SILENT if "resolv" in error else How.FILTERED
        case 51 | 60:
            return How.CERTIFICATE
        case 56 if "connect tunnel" in error or "after connect" in error:
            return How.PROXY_REFUSED
        case 35 | 52 | 55 | 56:
            return How.BROKEN_OFF
        case 1 if "http/0.9" in error:
            return How.BROKEN_OFF
    return How.UNKNOWN


def _how_by_proxy(code: int | None) -> How | None:
    """The same through a proxy: who connects there, and how far it came, only the proxy knows."""
    match code:
        case None:
            return None
        case 56 | 97:
            return How.PROXY_REFUSED
        case 28:
            return How.SILENT
        case 35 | 52:
            return How.BROKEN_OFF
        case 51 | 60:
            return How.CERTIFICATE
    return How.UNKNOWN


def _address(text: str) -> str:
    """An IP address in its usual form; without the name of an interface, which is nobody's business."""
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


def _skew(clock: _Clock | None, nonce: str, verify: Verify) -> tuple[int | None, int]:
    """How far that machine's clock is ahead of ours, and within what, in milliseconds; None where nothing tells.

    Our answer was made somewhere between the two moments, both of which were cut down to whole seconds.
    """
    if clock is None:
        return None, 0
    if not 0 <= clock.sent < LATEST or not 0 <= clock.received < LATEST:
        raise Malformed("The report tells of times that there are not.")
    echo = verify(clock.at)
    if echo is None or echo.nonce != nonce or not 0 <= clock.received - clock.sent <= LONGEST_ROUND_TRIP:
        return None, 0
    middle = (clock.sent + clock.received + 1) / 2
    return round((middle - echo.at) * 1000), (clock.received + 1 - clock.sent) * 500
