"""Where a vendor's port responders are asked: the one source of what the page tries and what its policy allows."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from diagnostics.domain import Vendor

FIRST = 443
"""The port that is tried first: where it is closed, everything is."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One port of one responder: `port` is the one that the article names, `listens` where it is asked."""

    host: str
    port: int
    listens: int

    @property
    def origin(self) -> str:
        """As a content security policy names it; plain http is for a portal on this very machine alone."""
        return f"{'https' if settings.HTTPS else 'http'}://{self.host}:{self.listens}"

    @property
    def turn(self) -> str:
        """For RTCPeerConnection: plain TCP, whatever the portal's own scheme (RFC 7065)."""
        return f"turn:{self.host}:{self.listens}?transport=tcp"


def endpoints(vendor: Vendor) -> tuple[Endpoint, ...]:
    """Every port of every responder, 443 first."""
    named = ((host.name, port) for host in vendor.responders for port in host.ports)
    # Elsewhere a responder that listens on other ports has a forwarding in front: customers meet the article's.
    moved = settings.RESPONDER_PORTS if settings.LAB else {}
    found = (Endpoint(host, port, moved.get(port, port)) for host, port in named)
    return tuple(sorted(found, key=lambda one: one.port != FIRST))
