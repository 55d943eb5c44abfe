"""One mail host has a private address, the other's name gets no answer."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-private-and-silent",
    title="One mail server is out of bounds, nobody can say where the other is",
    address="anna@open-private-and-silent.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "open-private-and-silent.test": {
            "MX": ("10 a.open-private-and-silent.test.", "20 b.open-private-and-silent.test.")
        },
        "a.open-private-and-silent.test": {"A": ("10.20.30.40",)},
        "b.open-private-and-silent.test": NameBehaviour.SILENT,
    },
)
