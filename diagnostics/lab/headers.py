"""Headers that a customer pastes, beside what the lab's vendor `timeclock` is known by."""

from __future__ import annotations

from diagnostics.headers import read_headers
from diagnostics.probes.pasted_headers import PastedHeaders


def headers_of_timeclock(text: str) -> PastedHeaders:
    """As the portal reports them for a case of that vendor's."""
    return PastedHeaders(
        read_headers(text), domains=("timeclock.test",), addresses=("192.0.2.10", "192.0.2.11"), code_lifetime=600
    )
