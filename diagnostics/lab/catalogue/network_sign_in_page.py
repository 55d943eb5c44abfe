"""A guest network: its sign-in page answers in everybody's place."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-sign-in-page",
    title="The network wants somebody to sign in first",
    address="anna@network-sign-in-page.test",
    expects="network.captive-portal",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        script_at(
            Place.WIFI,
            {80: How.OTHER, 443: How.CERTIFICATE},
            otherwise=How.FILTERED,
            portal_reached=False,
            issuer="Example Guest Wi-Fi",
        ),
    ),
    zone={
        "network-sign-in-page.test": {"MX": ("10 mx.network-sign-in-page.test.",)},
        "mx.network-sign-in-page.test": {"A": ("198.51.100.185",)},
    },
    hosts={
        ("198.51.100.185", 25): Smtp(),
    },
)
