"""The server looks our sender's domain up in the Spamhaus domain list."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="domain-listed",
    title="A list names our domain",
    address="anna@domain-listed.test",
    expects="sender.domain-listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "domain-listed.test": {"MX": ("10 mx.domain-listed.test.",)},
        "mx.domain-listed.test": {"A": ("192.0.2.53",)},
    },
    hosts={
        ("192.0.2.53", 25): Smtp(
            replies={
                SmtpStage.MAIL: (
                    "554 5.7.1 Service unavailable; Sender address [codes@timeclock.test] blocked using "
                    "dbl.spamhaus.org; https://www.spamhaus.org/query/domain/timeclock.test"
                )
            },
        )
    },
)
