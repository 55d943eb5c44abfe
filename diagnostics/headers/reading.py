"""A whole message source, or just its headers, as pasted: everything that the diagnosis needs to know of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from diagnostics.headers.authentication import read_authentication
from diagnostics.headers.delays import between, timed
from diagnostics.headers.forwarding import read_forwarding
from diagnostics.headers.received import domain_of, read_date, read_hop
from diagnostics.headers.source import Field, fields_of
from diagnostics.headers.spam import read_spam
from diagnostics.headers.types import Headers

LONGEST_SOURCE = 256 * 1024
"""Characters (or bytes) that are looked at; the headers stand first, so what is cut off is body."""
MOST_HOPS = 60
MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
SIGNED_BY = re.compile(r"(?:^|;)\s*d\s*=\s*([A-Za-z0-9._-]{1,255})")
MOST_SIGNATURES = 10


def read_headers(source: str | bytes) -> Headers:
    """What the headers say; empty (`usable` is false) where there are none. Never raises.

    Kept are hosts, times and results. Mailboxes, subject and body are not.
    """
    fields = fields_of(source, LONGEST_SOURCE)
    newest_first = [hop for value in _all(fields, "received") if (hop := read_hop(value))]
    way = timed(newest_first[:MOST_HOPS][::-1])
    date = next((at for value in _all(fields, "date") if (at := read_date(value))), None)
    first = next((hop.at for hop in way.hops if hop.at and not hop.skewed), None)
    return Headers(
        hops=way.hops,
        date=date,
        queued_seconds=between(date, first),
        transit_seconds=way.transit,
        skew_seconds=way.skew,
        message_id=next((found[1] for value in _all(fields, "message-id") if (found := MESSAGE_ID.search(value))), ""),
        from_domain=_domain(fields, "from"),
        return_path_domain=_domain(fields, "return-path"),
        dkim_domains=_signers(fields),
        authentication=read_authentication(fields),
        spam=read_spam(fields),
        forwarding=read_forwarding(fields),
        fields=len(fields),
    )


def _all(fields: Iterable[Field], wanted: str) -> Iterator[str]:
    return (value for name, value in fields if name == wanted)


def _domain(fields: Sequence[Field], wanted: str) -> str:
    """Of the address in angle brackets, for the name before it may hold one as well."""
    for value in _all(fields, wanted):
        if domain := domain_of(value[value.rfind("<") + 1 :]) or domain_of(value):
            return domain
    return ""


def _signers(fields: Iterable[Field]) -> tuple[str, ...]:
    found = (SIGNED_BY.search(value) for value in _all(fields, "dkim-signature"))
    return tuple(dict.fromkeys(match[1].lower() for match in found if match))[:MOST_SIGNATURES]
