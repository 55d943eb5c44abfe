"""The firewall opens TLS and shows its own certificate; plain text passes."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-inspected",
    title="The firewall opens our encrypted connections",
    address="anna@network-inspected.test",
    expects="network.tls-interception",
    verdict=Verdict.CAUSE_FOUND,
    reports=(script_at(Place.DEVICE, {80: How.ECHO}, otherwise=How.CERTIFICATE, issuer="Example Corp Inspection CA"),),
    zone={
        "network-inspected.test": {"MX": ("10 mx.network-inspected.test.",)},
        "mx.network-inspected.test": {"A": ("198.51.100.184",)},
    },
    hosts={
        ("198.51.100.184", 25): Smtp(),
    },
)
