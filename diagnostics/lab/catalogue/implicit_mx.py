"""No MX record: mail goes to the domain's own address (RFC 5321 section 5.1), and is taken there."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="implicit-mx",
    title="No mail server is named, the web server takes the mail",
    address="anna@implicit-mx.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={"implicit-mx.test": {"A": ("198.51.100.6",)}},
    hosts={("198.51.100.6", 25): Smtp()},
)
