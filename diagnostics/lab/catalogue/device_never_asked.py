"""Codes go out to other customers, and none was asked for with this address."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="device-never-asked",
    title="No code was ever asked for with this address",
    address="anna@device-never-asked.test",
    expects="device.never-asked",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    code_asked_for=False,
    zone={
        "device-never-asked.test": {"MX": ("10 mx.device-never-asked.test.",)},
        "mx.device-never-asked.test": {"A": ("203.0.113.137",)},
    },
    hosts={("203.0.113.137", 25): Smtp()},
)
