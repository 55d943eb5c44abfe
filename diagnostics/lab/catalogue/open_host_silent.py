"""The mail record is there, and the name in it gets no answer."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-host-silent",
    title="Nobody can say where the mail server is",
    address="anna@open-host-silent.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "open-host-silent.test": {"MX": ("10 mx.open-host-silent.test.",)},
        "mx.open-host-silent.test": NameBehaviour.SILENT,
    },
)
