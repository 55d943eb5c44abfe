"""The refusal, over two lines, is about the reverse name of the server that has none."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-ptr",
    title="One of our servers has no name, and theirs minds",
    address="anna@our-ptr.test",
    article="timeclock-astray",
    expects="our.ptr",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "our-ptr.test": {"MX": ("10 mx.our-ptr.test.",)},
        "mx.our-ptr.test": {"A": ("203.0.113.189",)},
    },
    hosts={
        ("203.0.113.189", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "450-4.7.25 Client host rejected:\n450 4.7.25 cannot find your reverse hostname, [203.0.113.181]"
                )
            }
        )
    },
)
