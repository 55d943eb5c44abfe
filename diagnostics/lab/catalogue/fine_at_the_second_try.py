"""Healthy as far as one knows: a port answers at one try and not at the other."""

from dataclasses import replace

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import browser_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place, Try

LOOK = browser_at(Place.DEVICE)
WAVERING = replace(LOOK.ports[-1], tries=(Try(How.ECHO, 140), Try(How.SILENT, 12_000)))

scenario = Scenario(
    slug="fine-at-the-second-try",
    title="A port answers now and then",
    address="anna@fine-at-the-second-try.test",
    verdict=Verdict.NOTHING_FOUND,
    reports=(replace(LOOK, ports=(*LOOK.ports[:-1], WAVERING)),),
    zone={
        "fine-at-the-second-try.test": {"MX": ("10 mx.fine-at-the-second-try.test.",)},
        "mx.fine-at-the-second-try.test": {"A": ("198.51.100.191",)},
    },
    hosts={
        ("198.51.100.191", 25): Smtp(),
    },
)
