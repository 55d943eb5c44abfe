"""One look at a vendor's own side, everything at the same time and within a minute."""

from __future__ import annotations

import asyncio

from diagnostics.domain import Network, Vendor
from diagnostics.health.authentication import authentication
from diagnostics.health.drift import drift
from diagnostics.health.hosts import hosts
from diagnostics.health.listings import Lists, listings
from diagnostics.health.names import names
from diagnostics.health.questions import Questions
from diagnostics.probes.vendor_health import VendorHealth

ASKING_SECONDS = 40.0
"""How long new questions are asked; one that is under way, or a connection, may take its own limit longer."""
MOST_SECONDS = 60.0


async def measure(vendor: Vendor, net: Network, lists: Lists, *, seconds: float = ASKING_SECONDS) -> VendorHealth:
    """Ends by itself within `MOST_SECONDS`; what was not answered by then is in it as unknown."""
    questions = Questions(net, seconds)
    found = await asyncio.gather(
        authentication(vendor, questions),
        names(vendor, questions),
        listings(vendor, lists, questions),
        hosts(vendor, net),
        drift(vendor, questions),
    )
    return VendorHealth(vendor.slug, tuple(item for items in found for item in items))
