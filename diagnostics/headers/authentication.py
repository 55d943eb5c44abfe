"""What receivers found when they checked who sent the message: SPF, DKIM, DMARC, ARC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

import authres  # type: ignore[import-untyped]

from diagnostics.headers.received import domain_of, without_comments
from diagnostics.headers.types import AuthResult, Source

METHODS = ("spf", "dkim", "dmarc", "arc")
PROPERTIES = {
    "spf": ("mailfrom", "from", "helo"),
    "dkim": ("d", "i"),
    "dmarc": ("from",),
    "arc": (),
}
"""Where the domain that a method is about stands, the best first (RFC 8601 section 2.7)."""
RESULT = re.compile(r"\b(spf|dkim|dmarc|arc)\s*=\s*([a-z]+)", re.IGNORECASE)
PROPERTY = re.compile(r"\b(?:smtp|header|policy)\.(mailfrom|from|helo|d|i)\s*=\s*\"?([^\s;\"()]+)", re.IGNORECASE)
SERVER = re.compile(r"[A-Za-z0-9.-]{1,255}(?=\s*(?:\d\s*)?;)")
ARC_INSTANCE = re.compile(r"\s*i\s*=\s*\d+\s*;")
SPF_SERVER = re.compile(r"\breceiver=([A-Za-z0-9.-]{1,255})")
SPF_SENDER = re.compile(r"\benvelope-from=\"?([^\s;\"]+)")
MOST = 40
"""Results that are kept, and fields that are looked at."""
LONGEST_VALUE = 3_000
"""Characters of a field that are looked at: the parser takes four times as long for twice as many."""
LONGEST_WORD = 40
LONGEST_NAME = 255


def read_authentication(fields: Iterable[tuple[str, str]]) -> tuple[AuthResult, ...]:
    """All results, in the order of the fields: newest first."""
    about_it = ((name, value[:LONGEST_VALUE]) for name, value in fields if name in READERS)
    results = (one for name, value in islice(about_it, MOST) for one in READERS[name](value))
    return tuple(dict.fromkeys(map(_short, results)))[:MOST]


def _short(one: AuthResult) -> AuthResult:
    """Whoever wrote the header chose its words, and each paste is kept."""
    return replace(one, result=one.result[:LONGEST_WORD], server=one.server[:LONGEST_NAME])


def _results(value: str, source: Source) -> Iterator[AuthResult]:
    value = without_comments(value)  # nobody needs them, and nested ones can exhaust the parser
    try:
        parsed = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value.strip()}")
    except authres.AuthResError:
        yield from _tolerant(value, source)  # Microsoft 365 and others leave the server's name out, or add their own
        return
    server = str(parsed.authserv_id or "").lower()
    for one in parsed.results:
        if one.method in METHODS:
            known = {str(item.name).lower(): str(item.value or "") for item in one.properties}
            yield AuthResult(one.method, str(one.result).lower(), _domain(one.method, known), server, source)


def _tolerant(value: str, source: Source) -> Iterator[AuthResult]:
    named = SERVER.match(value.strip())
    server = named[0].lower() if named else ""
    for part in value.split(";"):
        found = RESULT.search(part)
        if found:
            known = {name.lower(): said for name, said in reversed(PROPERTY.findall(part))}
            method = found[1].lower()
            yield AuthResult(method, found[2].lower(), _domain(method, known), server, source)


def _domain(method: str, known: dict[str, str]) -> str:
    said = next((known[name] for name in PROPERTIES[method] if known.get(name)), "")
    domain = domain_of(said) if "@" in said else said.strip("<>.").lower()
    return domain[:LONGEST_NAME]


def _received_spf(value: str) -> Iterator[AuthResult]:
    word = re.match(r"[A-Za-z]+", value)
    if word:
        server, sender = SPF_SERVER.search(value), SPF_SENDER.search(value)
        domain = domain_of(sender[1]) if sender else ""
        yield AuthResult("spf", word[0].lower(), domain, server[1].lower() if server else "", Source.RECEIVED_SPF)


READERS: Mapping[str, Callable[[str], Iterator[AuthResult]]] = {
    "authentication-results": lambda value: _results(value, Source.RECEIVER),
    "arc-authentication-results": lambda value: _results(ARC_INSTANCE.sub("", value, count=1), Source.ARC),
    "received-spf": _received_spf,
}
