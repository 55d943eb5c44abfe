"""The product's probes without the portal around them, in a process of their own; see `probe`.

It is `python -m tests.bench._probing`, started in a portal's environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from socket import AF_INET6, inet_pton

from tests.bench import _names
from tests.bench._processes import ROOT
from tests.bench._world import ARTICLE, World

LIMIT = 150
WARM = 5
FIRST_WARM = 900_000
"""Domains that only warm the process up, far from those that are measured."""
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Probed:
    """Seconds of the monotonic clock; `spans` are the begin and end of each case, `cpu` the process's for all.

    `missed` of them were not wholly measured: a probe's time was over, or answers did not come.
    """

    seconds: float
    cpu: float
    spans: list[tuple[float, float]]
    missed: int


def probe(world: World, first: int, count: int, *, at_once: int = 1, only_dns: bool = False) -> Probed:
    """Probe so many domains of the world. `only_dns`: its records alone, and all those that checkdmarc asks for."""
    command = [sys.executable, "-m", "tests.bench._probing", str(first), str(count), f"--at-once={at_once}"]
    done = subprocess.run(
        [*command, *["--only-dns"] * only_dns],
        cwd=ROOT,
        env=os.environ
        | world.settings
        | {"EMBEDDED_HOME": str(world.folder), "DJANGO_SETTINGS_MODULE": "portal.settings", "LAB": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    return Probed(**json.loads(done.stdout))


async def _further(domain: str) -> None:
    """What checkdmarc asks for and no probe does."""
    from diagnostics.net.configured import configured_network

    net = configured_network()
    host = f"{domain.removesuffix('.test')}.mx.test"

    async def reverse(rdtype: str) -> None:
        for record in (await net.resolve(host, rdtype)).records:
            await net.resolve(_reverse(record), "PTR", confirm=False)

    questions = [(domain, "NS"), (domain, "SPF"), (domain, "DS"), (domain, "DNSKEY"), (host, "DS"), (host, "DNSKEY")]
    questions += [(f"default._bimi.{domain}", "TXT"), (f"_smtp._tls.{domain}", "TXT")]
    asked = [net.resolve(*question, confirm=False) for question in questions]
    await asyncio.gather(reverse("A"), reverse("AAAA"))
    for one in asked:
        await one


def _reverse(address: str) -> str:
    """Where an address has its name (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    if ":" in address:
        return ".".join(reversed(inet_pton(AF_INET6, address).hex())) + ".ip6.arpa"
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


async def _all(numbers: range, at_once: int, missed: list[int], *, only_dns: bool = False) -> list[tuple[float, float]]:
    from diagnostics import registry
    from diagnostics.domain import Address, Gap, ProbeGroup, Target
    from diagnostics.net.configured import configured_network
    from diagnostics.runner import observe
    from diagnostics.vendors import vendor

    probes = [one for one in registry.probes() if not only_dns or one.group is ProbeGroup.DNS]
    nothing = (Gap.TIMED_OUT, Gap.FAULT, Gap.RESOLVER_SILENT)
    places = asyncio.Semaphore(at_once)

    async def one(number: int) -> tuple[float, float]:
        async with places:
            name = _names.domain(number)
            target = Target(Address("anna", name), vendor(ARTICLE), "ACME-1")
            began = time.monotonic()
            further = asyncio.ensure_future(_further(name)) if only_dns else None
            evidence = await observe(probes, target, configured_network())
            if further:
                await further
            ended = time.monotonic()
            missed.extend([number] * any(seen.gap in nothing for seen in evidence))
            if at_once == 1:
                await asyncio.sleep(PAUSE)
            return began, ended

    return await asyncio.gather(*map(one, numbers))


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("first", type=int)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--at-once", type=int, default=1)
    arguments.add_argument("--only-dns", action="store_true")
    told = arguments.parse_args()

    import django

    django.setup()
    from diagnostics.net.loop import run_on_loop
    from diagnostics.tasks import warm_up

    warm_up()
    warm = range(FIRST_WARM + told.first, FIRST_WARM + told.first + WARM)
    missed: list[int] = []
    run_on_loop(_all(warm, 1, [], only_dns=told.only_dns), LIMIT)
    cpu, began = time.process_time(), time.monotonic()
    numbers = range(told.first, told.first + told.count)
    spans = run_on_loop(_all(numbers, told.at_once, missed, only_dns=told.only_dns), LIMIT)
    print(json.dumps(asdict(Probed(time.monotonic() - began, time.process_time() - cpu, spans, len(missed)))))


if __name__ == "__main__":
    main()
