import email
import email.policy
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from diagnostics.articles import article
from diagnostics.domain import Address, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.models import Case, MessageState, ObservationRecord, Purpose, TestMessage
from diagnostics.services import limits, messages
from diagnostics.services.cases import Report, open_case
from diagnostics.services.limits import LimitReached
from diagnostics.services.messages import (
    MailStopped,
    TooManyCodes,
    WrongCode,
    claim_message,
    finish_message,
    give_up_lost,
    request_message,
    stop_mail,
    stop_token,
    type_code,
)

ANNA = Address("anna", "example.org")
ACCEPTED = Transmission(
    SendOutcome.ACCEPTED, "direct", "mx.example.org", replies=(SmtpReply(SmtpStage.CONTENT, 250, "2.0.0 queued"),)
)


def ask(
    case: Case, address: Address = ANNA, purpose: Purpose = Purpose.PRIMARY, source: str = "192.0.2.9"
) -> TestMessage:
    return request_message(case, purpose=purpose, address=address, source=source)


@pytest.fixture
def sent(case: Case) -> TestMessage:
    message = ask(case)
    assert claim_message(message.pk)
    finish_message(message.pk, ACCEPTED)
    message.refresh_from_db()
    return message


def test_asking_twice_is_one_message(case: Case) -> None:
    assert ask(case).pk == ask(case).pk


def test_a_message_is_claimed_once(case: Case) -> None:
    message = ask(case)
    assert claim_message(message.pk)
    assert claim_message(message.pk) is None


def test_the_message_carries_the_code_and_nothing_that_anybody_typed(case: Case) -> None:
    message = ask(case)
    envelope = claim_message(message.pk)
    assert envelope is not None
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message.code in mail["Subject"]
    assert message.code in mail.get_content()
    assert case.company_id not in envelope.content.decode()
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_exact_reply_is_kept(sent: TestMessage) -> None:
    kept = ObservationRecord.objects.get(kind="TestMessageReport")
    assert kept.data
    assert kept.data["transmission"]["replies"] == [{"stage": "content", "code": 250, "text": "2.0.0 queued"}]
    assert sent.state == MessageState.ACCEPTED


def test_a_lost_sender_leaves_an_unknown_outcome_and_no_second_try(case: Case) -> None:
    message = ask(case)
    claim_message(message.pk)
    TestMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert give_up_lost() == 1
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN
    assert claim_message(message.pk) is None
    finish_message(message.pk, ACCEPTED)
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN


def test_the_right_code_proves_arrival(sent: TestMessage) -> None:
    type_code(sent, f" {sent.code[:3]} {sent.code[3:]} ")
    sent.refresh_from_db()
    assert sent.typed_at
    assert ObservationRecord.objects.filter(kind="TestCodeTyped").count() == 1
    type_code(sent, sent.code)
    assert ObservationRecord.objects.filter(kind="TestCodeTyped").count() == 1


def test_wrong_codes_are_counted_and_end(sent: TestMessage) -> None:
    wrong = "000000" if sent.code != "000000" else "111111"
    for _ in range(messages.MOST_WRONG_CODES):
        with pytest.raises(WrongCode):
            type_code(sent, wrong)
    with pytest.raises(TooManyCodes):
        type_code(sent, sent.code)


def test_one_mailbox_under_many_spellings_is_limited_as_one(case: Case, report: Report) -> None:
    ask(case, Address("an.na+1", "gmail.com"))
    with pytest.raises(LimitReached):
        ask(open_case(report), Address("ANNA+2", "googlemail.com"))


def test_a_stopped_mailbox_gets_nothing(case: Case, report: Report) -> None:
    assert stop_mail(stop_token("anna@example.org"))
    with pytest.raises(MailStopped):
        ask(case, Address("Anna", "example.org"))
    assert not stop_mail("forged")


def test_the_global_breaker_trips(case: Case, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGE_BY_ANYONE", limits.Rule("message-by-anyone", 1, timedelta(hours=1)))
    ask(case)
    with pytest.raises(LimitReached):
        ask(open_case(report), Address("berta", "example.net"), source="198.51.100.1")


class AnySubmissions(TestCase):
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "+x", "+y"]), st.integers(0, 30)), max_size=40)
    )
    def test_no_mailbox_gets_more_than_three_a_day(self, submissions: list[tuple[str, str, int]]) -> None:
        timeclock = article("timeclock")
        assert timeclock is not None
        for name, tag, number in submissions:
            address = Address(name + tag, "example.org")
            report = Report(article=timeclock, company_id="A", address=address, source=f"192.0.2.{number}")
            try:
                ask(open_case(report), address, source=report.source)
            except LimitReached:
                continue
        for name in "ab":
            assert TestMessage.objects.filter(address__startswith=name).count() <= 3
