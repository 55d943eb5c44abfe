"""The mini internet: name servers, mail servers and hosts on loopback that act out every cause, for demos and tests.

It answers for `test.` and for single borrowed names elsewhere (a provider's MX, a misspelt domain); all its addresses
are documentation addresses (RFC 5737), which a dial map leads to loopback ports. Never part of production.
"""

from __future__ import annotations

import importlib
from functools import cache

from diagnostics.lab.scenario import Scenario
from diagnostics.registry import modules_of

TOUR = (
    "address-typo",
    "null-mx",
    "domain-gone",
    "dnssec-bogus",
    "mx-closed",
    "mailbox-unknown",
    "mailbox-full",
    "greylisted",
    "blocklisted",
    "policy-refused",
    "bounced-full",
    "held-by-mimecast",
    "in-spam",
    "our-host-down",
    "resolver-silent",
    "fine",
)
"""One of each kind, in the order of the mail's way: where a visitor of the lab begins."""


def tour() -> tuple[Scenario, ...]:
    """The scenarios that show the most in the least time."""
    by_slug = {scenario.slug: scenario for scenario in scenarios()}
    return tuple(by_slug[slug] for slug in TOUR)


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Every scenario, by slug; a file in the folder is all one takes."""
    found = (importlib.import_module(module).scenario for module in modules_of("diagnostics.lab.catalogue"))
    return tuple(sorted(found, key=lambda scenario: scenario.slug))
