"""Healthy: the mail host is an alias of an alias of an alias."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-behind-aliases",
    title="Everything works, the mail host has five names",
    address="anna@fine-behind-aliases.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-behind-aliases.test": {"MX": ("10 a.fine-behind-aliases.test.",)},
        "a.fine-behind-aliases.test": {"CNAME": ("b.fine-behind-aliases.test.",)},
        "b.fine-behind-aliases.test": {"CNAME": ("c.fine-behind-aliases.test.",)},
        "c.fine-behind-aliases.test": {"CNAME": ("d.fine-behind-aliases.test.",)},
        "d.fine-behind-aliases.test": {"CNAME": ("e.fine-behind-aliases.test.",)},
        "e.fine-behind-aliases.test": {"A": ("198.51.100.140",)},
    },
    hosts={("198.51.100.140", 25): Smtp()},
)
