"""No answer about the domain comes back: nothing can be said about it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="resolver-silent",
    title="Their name servers give no answer",
    address="anna@resolver-silent.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={"resolver-silent.test": NameBehaviour.SILENT},
)
