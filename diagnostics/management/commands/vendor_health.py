"""`manage.py vendor_health [VENDOR]`: one look at the vendors' own side, without database or broker."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand

from diagnostics.articles import articles
from diagnostics.codec import encode
from diagnostics.domain import Vendor
from diagnostics.health import measure
from diagnostics.management.commands.diagnose import BAD_USAGE
from diagnostics.net.configured import configured_network
from diagnostics.probes.vendor_health import HealthState, VendorHealth
from diagnostics.services.health import lists
from diagnostics.vendors import vendors

EXIT_CODES = {HealthState.FINE: 0, HealthState.PROBLEM: 1, HealthState.UNKNOWN: 2}
WORST_FIRST = (HealthState.PROBLEM, HealthState.UNKNOWN, HealthState.FINE)


class Command(BaseCommand):
    help = (
        "Look at our own side: SPF, DKIM, DMARC, names, blocklists, hosts, and whether the article is still true. "
        "Exit: 0 healthy, 1 a fault of ours, 2 something could not be checked, 64 bad usage."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("vendor", nargs="?", help="one vendor profile; without it those of all articles")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = asyncio.run(_measured(self._chosen(options["vendor"])))
        if options["json"]:
            self.stdout.write(json.dumps([{**encode(one), "state": one.state} for one in found], indent=2))
        else:
            for one in found:
                self._print(one)
        states = {one.state for one in found}
        sys.exit(next((EXIT_CODES[state] for state in WORST_FIRST if state in states), 0))

    def _chosen(self, slug: str | None) -> tuple[Vendor, ...]:
        known = vendors()
        if slug is None:
            return tuple(known[name] for name in sorted({one.vendor for one in articles().values()}) if name in known)
        if slug in known:
            return (known[slug],)
        self.stderr.write(self.style.ERROR(f"no vendor profile {slug!r}: there are {', '.join(known)}"))
        sys.exit(BAD_USAGE)

    def _print(self, health: VendorHealth) -> None:
        counts = ", ".join(f"{len(health.having(state))} {state}" for state in WORST_FIRST)
        self.stdout.write(f"{health.vendor}: {health.state} ({counts})")
        for state in WORST_FIRST:
            for item in health.having(state):
                self.stdout.write(f"  {item.state:<8} {item.kind:<13} {item.subject}: {item.detail}".rstrip(": "))


async def _measured(chosen: Iterable[Vendor]) -> list[VendorHealth]:
    net = configured_network()
    return await asyncio.gather(*(measure(one, net, lists()) for one in chosen))
