"""Received lines (RFC 5321 section 4.4) as real mail servers write them."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from diagnostics.headers.hosts import provider_of
from diagnostics.headers.types import Hop

LONGEST_NAME = 255
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""A time outside of these was not a time."""

SECURE = re.compile(r"(?:UTF8)?(?:E?SMTP|LMTP)SA?", re.IGNORECASE)
PLAIN = re.compile(r"(?:UTF8)?(?:E?SMTP|LMTP)A?", re.IGNORECASE)
"""With STARTTLS, and without (RFC 3848, RFC 6531)."""
TLS = re.compile(r"\bTLS|\bcipher[ =]|\bversion=TLS", re.IGNORECASE)
ADDRESS = re.compile(r"(?<![0-9A-Za-z:.])(?:IPv6:)?([0-9A-Fa-f]{0,4}[:.][0-9A-Fa-f:.]{3,42})", re.IGNORECASE)
ZONE = re.compile(r"[+-]\d{4}\b|\b(?:GMT|UTC?|Z|[ECMP][SD]T)\b")
GO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)? ?(?:([+-])(\d\d):?(\d\d)|Z|UTC)")
"""Some sending services write the time as programs do (RFC 3339)."""
KEYWORDS = ("from", "by", "via", "with", "id", "for")
LOCAL = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10")
) + tuple(ipaddress.ip_network(one) for one in ("::1/128", "fc00::/7", "fe80::/10"))


def read_hop(value: str) -> Hop | None:
    """One Received field's value; None where it says neither who took the message nor when."""
    way, _, stamp = value.rpartition(";")
    at = read_date(stamp) if way else read_date(value)
    way = way or value
    clauses = _clauses(without_comments(way))
    by_host, from_host = _host(clauses.get("by", "")), _host(clauses.get("from", ""))
    if not by_host and at is None:
        return None
    address = _address(_before(way, "by")) if "from" in clauses else ""
    protocol = _protocol(clauses.get("with", ""))
    return Hop(
        by_host=by_host,
        from_host=from_host,
        from_address=address,
        protocol=protocol,
        tls=_tls(protocol, way),
        id=clauses.get("id", "").strip("<>;,")[:LONGEST_NAME],
        at=at,
        internal=_internal(from_host, address, by_host),
        provider=provider_of(by_host),
    )


def read_date(text: str) -> datetime | None:
    """A date with its zone (RFC 5322 section 3.3); None without a zone, for then it fixes no point in time."""
    text = text.strip()[:200]
    try:
        found = GO_DATE.search(text)
        if found:
            year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
            zone = timedelta(hours=int(found[8]), minutes=int(found[9])) if found[7] else timedelta()
            at = datetime(
                year, month, day, hour, minute, min(second, 59), tzinfo=timezone(-zone if found[7] == "-" else zone)
            )
        else:
            parts = parsedate_tz(text)
            if parts is None or not ZONE.search(text):
                return None
            local = datetime(*parts[:5], min(parts[5], 59), tzinfo=UTC)  # a leap second is as good as the one before
            at = (local - timedelta(seconds=parts[9] or 0)).astimezone(timezone(timedelta(seconds=parts[9] or 0)))
        return at if EARLIEST <= at <= LATEST else None
    except (ValueError, TypeError, IndexError, OverflowError):  # not a date, however it failed to be one
        return None


def domain_of(text: str) -> str:
    """The domain of the first e-mail address in a text, in lower case; empty where there is none."""
    found = re.search(r"@\s*([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?)", text)
    return found[1].lower() if found else ""


def without_comments(text: str) -> str:
    """Without what stands in parentheses, nested or not (RFC 5322 section 3.2.2)."""
    kept: list[str] = []
    depth = 0
    for character in text:
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
            kept.append(" ")
        elif not depth:
            kept.append(character)
    return "".join(kept)


def _clauses(text: str) -> dict[str, str]:
    """The word after each keyword; the first of a kind counts."""
    words = text.split()
    found: dict[str, str] = {}
    for keyword, word in zip(words, words[1:], strict=False):
        if keyword.lower() in KEYWORDS and word.lower() not in KEYWORDS:
            found.setdefault(keyword.lower(), word)
    return found


def _before(way: str, keyword: str) -> str:
    found = re.search(rf"\s{keyword}\s", way, re.IGNORECASE)
    return way[: found.start()] if found else way


def _host(word: str) -> str:
    return word.strip("[]<>;,'\"").rstrip(".").lower()[:LONGEST_NAME]


def _address(text: str) -> str:
    """The last IP address in the text: what the taking server saw stands after what the other said of itself."""
    found = ""
    for match in ADDRESS.finditer(text):
        try:
            found = str(ipaddress.ip_address(match[1].strip(".")))
        except ValueError:
            continue
    return found


def _protocol(word: str) -> str:
    if word.lower() == "microsoft":  # "with Microsoft SMTP Server"
        return "SMTP"
    return word.strip(";,").upper()[:40]


def _tls(protocol: str, way: str) -> bool | None:
    if SECURE.fullmatch(protocol) or TLS.search(way):
        return True
    if PLAIN.fullmatch(protocol) and "SMTP Server" not in way:
        return False
    return None


def _internal(from_host: str, address: str, by_host: str) -> bool:
    if address:
        return any(ipaddress.ip_address(address) in network for network in LOCAL)
    return from_host in ("", "localhost", by_host)
