"""Healthy: STARTTLS is offered and then not to be had."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-with-broken-starttls",
    title="Everything works, the encryption on offer is out of order",
    address="anna@fine-with-broken-starttls.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-broken-starttls.test": {"MX": ("10 mx.fine-with-broken-starttls.test.",)},
        "mx.fine-with-broken-starttls.test": {"A": ("198.51.100.145",)},
    },
    hosts={
        ("198.51.100.145", 25): Smtp(replies={SmtpStage.STARTTLS: "454 4.7.0 TLS not available due to local problem"}),
    },
)
