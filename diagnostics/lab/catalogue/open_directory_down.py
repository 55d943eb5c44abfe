"""The directory of administrators gives no usable answer."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-directory-down",
    title="Nobody can ask who is an administrator",
    address="anna@open-directory-down.test",
    verdict=Verdict.INCONCLUSIVE,
    tier=1,
    records_down=("directory",),
    zone={
        "open-directory-down.test": {"MX": ("10 mx.open-directory-down.test.",)},
        "mx.open-directory-down.test": {"A": ("198.51.100.171",)},
    },
    hosts={
        ("198.51.100.171", 25): Smtp(),
    },
)
