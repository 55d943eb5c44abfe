"""No MX record, so mail goes to the domain's own address: a web server without a mail server."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Http
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mail-to-the-web-server",
    title="Without a mail record, mail goes to a web server",
    address="anna@mail-to-the-web-server.test",
    expects="mx.unreachable",
    verdict=Verdict.CAUSE_FOUND,
    zone={"mail-to-the-web-server.test": {"A": ("198.51.100.69",)}},
    hosts={("198.51.100.69", 25): Closed(), ("198.51.100.69", 80): Http()},
)
