"""Computers are told of a proxy; nothing gets out without it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-proxy-only",
    title="The way out leads through a proxy",
    address="anna@network-proxy-only.test",
    expects="network.proxy-needed",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        script_at(
            Place.DEVICE,
            otherwise=How.FILTERED,
            through_proxy={
                80: How.ECHO,
                443: How.ECHO,
                59777: How.PROXY_REFUSED,
                59778: How.PROXY_REFUSED,
            },
        ),
    ),
    zone={
        "network-proxy-only.test": {"MX": ("10 mx.network-proxy-only.test.",)},
        "mx.network-proxy-only.test": {"A": ("198.51.100.186",)},
    },
    hosts={
        ("198.51.100.186", 25): Smtp(),
    },
)
