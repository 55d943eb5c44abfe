"""Fetches a domain's MTA-STS policy: one HTTPS request to one fixed path (RFC 8461 section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import PolicyFetch
from diagnostics.net.dialer import Dialer
from diagnostics.net.fetch import SECONDS, fetch

PATH = "/.well-known/mta-sts.txt"


@dataclass(frozen=True, slots=True)
class PolicyFetcher:
    """For use on one event loop. Raises OSError only where this machine itself has no sockets left."""

    dialer: Dialer
    seconds: float = SECONDS

    async def fetch(self, domain: str) -> PolicyFetch:
        """What `https://mta-sts.<domain>/.well-known/mta-sts.txt` says; redirects are not followed."""
        fetched = await fetch(self.dialer, f"mta-sts.{domain}", 443, PATH, accept="text/plain", seconds=self.seconds)
        return PolicyFetch(fetched.outcome, fetched.status, fetched.text, fetched.detail, fetched.in_time)
