"""What the headers of a message that arrived prove, hint at and rule out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.domain import Diagnosis, Evidence, Seen, Status, Strength, Vantage, Vendor
from diagnostics.headers import read_headers
from diagnostics.probes.pasted_headers import PastedHeaders, Side, pasted
from diagnostics.probes.test_message import NOT_SEEN
from diagnostics.remedies import remedies
from diagnostics.verdicts import diagnose
from tests.diagnostics.headers.samples import VENDOR, samples

SAMPLES = samples()
P, H, R = Strength.PROVES, Strength.HINTS, Strength.RULES_OUT
ARRIVED = [(tag, R) for tag in NOT_SEEN]


def judged(observation: PastedHeaders) -> Diagnosis:
    seen = Seen(PastedHeaders, Vantage.CUSTOMER, datetime(2026, 3, 2, tzinfo=UTC), observation)
    return diagnose(Evidence([seen]), causes={tag: remedy.cause for tag, remedy in remedies().items()})


def said(observation: PastedHeaders) -> list[tuple[str, Strength]]:
    answer = judged(observation).answer("headers")
    assert answer is not None
    return [(finding.tag, finding.strength) for finding in answer.findings]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("google, at once", ARRIVED),
        (
            "proofpoint held it for twenty minutes, then microsoft",
            [("code.expired-on-arrival", P), ("filter.delays", P), *ARRIVED],
        ),
        ("mimecast, greylisted for ten minutes", [("code.expired-on-arrival", P), ("greylisted", H), *ARRIVED]),
        ("late before it left us", [("our.queue-late", P), *ARRIVED]),
        ("written by a clock one hour behind", ARRIVED),
        ("one clock in the middle is wrong", ARRIVED),
        ("no time can be read", ARRIVED),
        ("microsoft, filed as junk", [("placed.spam", P)]),
        ("microsoft, spam by score, kept in the inbox by the user", ARRIVED),
        ("microsoft, released from quarantine", ARRIVED),
        ("apple, filed as junk", [("placed.spam", P)]),
        ("gmx, junk", [("placed.spam", P)]),
        ("spamassassin flags it", [("placed.spam", P)]),
        ("barracuda tags it", [("placed.spam", H)]),
        ("proofpoint calls it spam", [("placed.spam", H)]),
        ("cisco, sealed", ARRIVED),
        ("the receiver finds no proof that it is ours", [("sender.not-authenticated", P), *ARRIVED]),
        ("somebody else poses as us", [("sender.not-authenticated", H), *ARRIVED]),
        ("forwarded, then dmarc fails", [("forward.dmarc", H), *ARRIVED]),
        ("not ours at all", [("headers.not-ours", H)]),
    ],
)  # fmt: skip
def test_headers_lead_to_their_cause(name: str, expected: list[tuple[str, Strength]]) -> None:
    assert said(pasted(read_headers(SAMPLES[name]), VENDOR)) == expected


def test_a_healthy_message_accuses_nobody() -> None:
    diagnosis = judged(pasted(read_headers(SAMPLES["google, at once"]), VENDOR))
    assert diagnosis.causes == ()
    answer = diagnosis.answer("headers")
    assert answer is not None
    assert answer.status is Status.FINE


@pytest.mark.parametrize("name", ["no time can be read", "sophos puremessage"])
def test_a_way_that_cannot_be_timed_is_never_fine(name: str) -> None:
    answer = judged(pasted(read_headers(SAMPLES[name]), VENDOR)).answer("headers")
    assert answer is not None
    assert answer.status is Status.COULD_NOT_CHECK


def test_the_filter_that_delayed_ranks_before_the_code_that_expired_by_it() -> None:
    name = "proofpoint held it for twenty minutes, then microsoft"
    causes = judged(pasted(read_headers(SAMPLES[name]), VENDOR)).causes
    assert [one.cause for one in causes] == ["filter.delays", "code.expired-on-arrival"]


def test_the_host_that_held_the_message_is_named_not_the_one_that_got_it_late() -> None:
    observation = pasted(read_headers(SAMPLES["proofpoint held it for twenty minutes, then microsoft"]), VENDOR)
    answer = judged(observation).answer("headers")
    assert answer is not None
    delay = next(finding for finding in answer.findings if finding.tag == "filter.delays")
    assert delay.facts == {"host": "mx0a-00000001.pphosted.com", "minutes": "20", "gateway": "Proofpoint"}
    assert [observation.holder(index) for index in range(4)] == [Side.OURS, Side.OURS, Side.GATEWAY, Side.MAILBOX]


def test_a_filter_in_front_that_breaks_the_signature_is_not_blamed_on_the_sender() -> None:
    text = SAMPLES["proofpoint held it for twenty minutes, then microsoft"]
    alone = "\n".join(line for line in text.splitlines() if "ppops.net" not in line)
    tags = {tag for tag, _ in said(pasted(read_headers(alone), VENDOR))}
    assert "forward.dmarc" in tags
    assert "sender.not-authenticated" not in tags


def test_a_dns_failure_at_the_receiver_says_nothing_about_the_sender() -> None:
    text = SAMPLES["the receiver finds no proof that it is ours"].replace("dmarc=fail", "dmarc=temperror")
    assert said(pasted(read_headers(text), VENDOR)) == ARRIVED


def test_a_clean_verdict_elsewhere_makes_spam_a_hint() -> None:
    text = SAMPLES["spamassassin flags it"] + "X-Barracuda-Spam-Status: No, SCORE=0.00\n"
    assert said(pasted(read_headers(text), VENDOR)) == [("placed.spam", H)]


def test_where_the_profile_names_no_senders_nothing_is_proved_and_nothing_is_called_foreign() -> None:
    unnamed = Vendor("example", "Example")
    observation = pasted(read_headers(SAMPLES["not ours at all"]), unnamed)
    assert observation.ours is None
    assert {strength for _, strength in said(observation)} == {H}
    assert said(pasted(read_headers(SAMPLES["microsoft, filed as junk"]), unnamed)) == [("placed.spam", H)]


def test_mail_of_another_customer_of_the_same_sending_service_is_not_ours() -> None:
    text = (
        "Received: from a1.smtp-out.amazonses.com ([203.0.113.5]) by mx.google.com with ESMTPS; "
        "Mon, 2 Mar 2026 10:42:02 +0000\nFrom: shop@example.net\n"
    )
    assert pasted(read_headers(text), VENDOR).ours is False


def test_the_sender_of_test_messages_is_ours_too() -> None:
    text = "Received: from x by mx.example.org; Mon, 2 Mar 2026 10:42:02 +0000\nFrom: check@example.net\n"
    assert pasted(read_headers(text), VENDOR).ours is False
    assert pasted(read_headers(text), VENDOR, ["check@example.net"]).ours is True


def test_a_longer_code_life_is_taken_into_account() -> None:
    longer = replace(VENDOR, code_lifetime=3600)
    tags = {tag for tag, _ in said(pasted(read_headers(SAMPLES["mimecast, greylisted for ten minutes"]), longer))}
    assert "code.expired-on-arrival" not in tags


@given(st.lists(st.sampled_from([line for text in SAMPLES.values() for line in text.splitlines()]), max_size=12))
def test_no_mixture_of_headers_makes_a_check_fail(lines: list[str]) -> None:
    answer = judged(pasted(read_headers("\n".join(lines)), VENDOR)).answer("headers")
    assert answer is not None
    assert answer.gap is None or answer.gap.value == "needs_missing"
