"""Greylisting outlives the code: the message is taken after 21 minutes. Nobody waits so long here: the end is told."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendOutcome, SmtpReply, SmtpStage, Transmission, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.test_message import PutOff, TestMessageReport

FIRST = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TRY_LATER = PutOff("450 4.2.0 Greylisted, see https://greylist.example.org/", "mx.put-off-too-long.test")
AFTER_21_MINUTES = TestMessageReport(
    domain="put-off-too-long.test",
    sent_at=FIRST + timedelta(minutes=21),
    transmission=Transmission(
        SendOutcome.ACCEPTED,
        "direct",
        "mx.put-off-too-long.test",
        replies=(SmtpReply(SmtpStage.CONTENT, 250, "2.0.0 Ok: queued"),),
    ),
    attempt=4,
    first_sent_at=FIRST,
    earlier=(TRY_LATER,) * 3,
    code_lifetime=600,
)

scenario = Scenario(
    slug="put-off-too-long",
    title="Their server puts us off for longer than a code lives",
    address="anna@put-off-too-long.test",
    article="verification",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    reports=(AFTER_21_MINUTES,),
    zone={
        "put-off-too-long.test": {"MX": ("10 mx.put-off-too-long.test.",)},
        "mx.put-off-too-long.test": {"A": ("203.0.113.91",)},
    },
    hosts={("203.0.113.91", 25): Smtp(greylists_for=3600.0)},
)
