"""One mail host is closed, the other's name gets no answer: it may well work."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-half-silent-servers",
    title="One mail server is closed, nobody can say where the other is",
    address="anna@open-half-silent-servers.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "open-half-silent-servers.test": {
            "MX": ("10 a.open-half-silent-servers.test.", "20 b.open-half-silent-servers.test.")
        },
        "a.open-half-silent-servers.test": {"A": ("198.51.100.161",)},
        "b.open-half-silent-servers.test": NameBehaviour.SILENT,
    },
    hosts={("198.51.100.161", 25): Closed()},
)
