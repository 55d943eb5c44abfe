"""Was the message passed on from another mailbox before it came here?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnostics.headers.received import domain_of
from diagnostics.headers.types import Forwarding

PASSED_ON = frozenset(
    {
        "x-forwarded-to",
        "x-forwarded-for",
        "x-forwarded-encrypted",
        "x-ms-exchange-forwardingloop",
    }
)
RESENT = frozenset({"resent-from", "resent-to", "resent-date", "resent-sender", "resent-message-id"})
REWRITTEN = re.compile(r"(?<![\w.])SRS[01][=+-]|\+SRS=|\+caf_=", re.IGNORECASE)
"""Return paths of forwarders: SRS, and the like of Microsoft 365 and Gmail."""


def read_forwarding(fields: Iterable[tuple[str, str]]) -> tuple[Forwarding, ...]:
    """Each sign once."""
    fields = tuple(fields)
    names = {name for name, _ in fields}
    found: list[Forwarding] = []
    if len({domain_of(value) for name, value in fields if name == "delivered-to"} - {""}) > 1:
        found.append(Forwarding.DELIVERED_TO)
    if names & PASSED_ON:
        found.append(Forwarding.FORWARDED_FOR)
    if names & RESENT:
        found.append(Forwarding.RESENT)
    if any(name == "return-path" and REWRITTEN.search(value) for name, value in fields):
        found.append(Forwarding.REWRITTEN)
    return tuple(found)
