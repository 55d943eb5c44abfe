"""`python -m tests.chaos.lab`: the lab, with more servers as slow as the one of `slow-server.test`.

A worker keeps its voice down: it talks to one mail server twice at a time. A crowd that goes to one of them would spend
most of a test waiting for its turn.
"""

from __future__ import annotations

import os
from dataclasses import replace

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from diagnostics.lab import scenarios  # noqa: E402
from diagnostics.lab.behaviours import Smtp  # noqa: E402
from diagnostics.lab.scenario import Scenario  # noqa: E402
from diagnostics.lab.serve import run  # noqa: E402
from tests.chaos.cases import SLOW_DOMAINS  # noqa: E402

SLOW = next(one for one in scenarios() if one.slug == "slow-server")
(TAKES_ITS_TIME,) = SLOW.hosts.values()


def as_slow(domain: str, address: str) -> Scenario:
    assert isinstance(TAKES_ITS_TIME, Smtp)
    return replace(
        SLOW,
        slug=domain.partition(".")[0],
        address=f"anna@{domain}",
        zone={domain: {"MX": (f"10 mx.{domain}.",)}, f"mx.{domain}": {"A": (address,)}},
        hosts={(address, 25): TAKES_ITS_TIME},
    )


if __name__ == "__main__":
    more = [as_slow(domain, f"192.0.2.{200 + number}") for number, domain in enumerate(SLOW_DOMAINS[1:])]
    run(settings.LAB_STATE, lambda state: print(f"lab: {state['nameserver']}"), acts=[*scenarios(), *more])
