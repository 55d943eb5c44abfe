"""Taken at the door; then a notice that the server behind it cannot be reached and is still being tried."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Bounce, Folder, Smtp
from diagnostics.lab.scenario import Scenario

DELAYED = Bounce(
    "451 4.4.1 connect to store.stuck-inside.test: Connection timed out",
    host="store.stuck-inside.test",
    action="delayed",
)

scenario = Scenario(
    slug="stuck-inside",
    title="Accepted, then reported as delayed",
    address="anna@stuck-inside.test",
    article="verification",
    expects="server.temporary",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    zone={
        "stuck-inside.test": {"MX": ("10 mx.stuck-inside.test.",)},
        "mx.stuck-inside.test": {"A": ("203.0.113.95",)},
    },
    hosts={("203.0.113.95", 25): Smtp(folder=Folder.NOWHERE, bounces=DELAYED)},
)
