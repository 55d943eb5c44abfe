import email
import email.policy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as settings_of_django
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from diagnostics.articles import article
from diagnostics.domain import Address, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.models import Case, MailStop, MessageState, ObservationRecord, Purpose, Run, TestMessage
from diagnostics.probes.send_events import TestMessageStopped
from diagnostics.probes.test_message import PutOff, TestMessageReport, Whereabouts
from diagnostics.services import limits, messages
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.limits import LimitReached
from diagnostics.services.messages import (
    MailStopped,
    TooManyCodes,
    WrongCode,
    answer_whereabouts,
    claim_message,
    finish_message,
    give_up_lost,
    request_message,
    stop_mail,
    stop_token,
    type_code,
)
from diagnostics.services.runs import evidence_of, seen_of

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


def test_a_stop_outlives_the_secret_key(case: Case, settings) -> None:
    token = stop_token("anna@example.org")
    stop_mail(stop_token("bert@example.org"))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key, as long as a secret key should at least be"  # noqa: S105
    with pytest.raises(MailStopped):
        ask(case, Address("bert", "example.org"))
    assert stop_mail(token)
    with pytest.raises(MailStopped):
        ask(case, Address("anna", "example.org"))


def test_a_stop_of_an_earlier_release_still_counts(case: Case) -> None:
    MailStop.objects.create(key=limits.key_of("a.n@proton.me"), until=timezone.now() + timedelta(days=1))
    with pytest.raises(MailStopped):
        ask(case, Address("a.n", "proton.me"))


def from_a_network_of_its_own(report: Report, number: int, address: Address) -> TestMessage:
    source = f"192.0.2.{number}"
    return ask(open_case(replace(report, address=address, source=source)), address, source=source)


@pytest.mark.django_db
def test_names_below_one_domain_share_its_limit(report: Report) -> None:
    for number in range(limits.MESSAGE_BY_DOMAIN.count):
        from_a_network_of_its_own(report, number, Address("anna", f"m{number}.example.net"))
    with pytest.raises(LimitReached) as reached:
        from_a_network_of_its_own(report, 200, Address("anna", "another.example.net"))
    assert reached.value.rule is limits.MESSAGE_BY_DOMAIN


@pytest.mark.django_db
@pytest.mark.parametrize("provider", ["gmail.com", "poczta.onet.pl"])
def test_nobody_shuts_out_everybody_of_a_mailbox_provider(report: Report, provider: str) -> None:
    for number in range(limits.MESSAGE_BY_DOMAIN.count + 1):
        from_a_network_of_its_own(report, number, Address(f"anna{number}", provider))


@pytest.mark.django_db
def test_the_networks_of_an_ipv6_site_share_a_limit(report: Report) -> None:
    limits.take([(limits.MESSAGE_BY_SITE, "2001:db8:7::/48")] * limits.MESSAGE_BY_SITE.count)
    case = open_case(replace(report, source="192.0.2.7"))
    with pytest.raises(LimitReached) as reached:
        ask(case, source="2001:db8:7:ffff::/64")
    assert reached.value.rule is limits.MESSAGE_BY_SITE
    ask(case, source="2001:db8:8:7::/64")


def test_the_global_breaker_trips(case: Case, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGE_BY_ANYONE", limits.Rule("message-by-anyone", 1, timedelta(hours=1)))
    ask(case)
    with pytest.raises(LimitReached):
        ask(open_case(report), Address("berta", "example.net"), source="198.51.100.1")


# --- put off, and handed over again ---


def put_off(text: str = "4.7.1 Greylisted, try again in 300 seconds", code: int = 450) -> Transmission:
    return Transmission(
        SendOutcome.DEFERRED, "direct", "mx.example.org", replies=(SmtpReply(SmtpStage.RCPT, code, text),)
    )


@pytest.fixture(autouse=True)
def pauses(settings) -> None:
    settings.RETRY_AFTER = (60, 300)


@pytest.fixture
def waiting(case: Case) -> TestMessage:
    """Put off at its first try, and due."""
    message = ask(case)
    assert claim_message(message.pk)
    finish_message(message.pk, put_off())
    make_due()
    message.refresh_from_db()
    return message


def make_due(ago: timedelta = timedelta(seconds=1)) -> None:
    TestMessage.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now() - ago)


def reports() -> list[TestMessageReport]:
    kept = ObservationRecord.objects.filter(kind="TestMessageReport").order_by("at", "pk")
    found = [seen_of(record).observation for record in kept]
    assert all(isinstance(one, TestMessageReport) for one in found)
    return found  # type: ignore[return-value]


def test_what_was_put_off_is_the_same_message_again_from_the_same_sender(case: Case, settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@bounces.example.org"
    message = ask(case)
    first = claim_message(message.pk)
    finish_message(message.pk, put_off())
    assert messages.requeue_due() == 0
    make_due()
    assert messages.requeue_due() == 1
    assert messages.requeue_due() == 0
    second = claim_message(message.pk)
    assert first == second
    assert claim_message(message.pk) is None


def test_every_try_is_kept_with_its_exact_reply(waiting: TestMessage) -> None:
    messages.requeue_due()
    claim_message(waiting.pk)
    finish_message(waiting.pk, ACCEPTED)
    first, second = reports()
    assert (first.attempt, first.earlier, second.attempt) == (1, (), 2)
    assert second.earlier == (PutOff("450 4.7.1 Greylisted, try again in 300 seconds", "mx.example.org"),)
    assert first.next_try_at
    assert (first.next_try_at - first.sent_at).total_seconds() == pytest.approx(60, abs=5)
    assert second.first_sent_at == first.sent_at < second.sent_at
    assert second.next_try_at is None
    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries, waiting.next_try_at) == (MessageState.ACCEPTED, 2, None)


def test_the_tries_end(waiting: TestMessage) -> None:
    for _ in settings_of_django.RETRY_AFTER:
        make_due()
        messages.requeue_due()
        claim_message(waiting.pk)
        finish_message(waiting.pk, put_off())
    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries, waiting.next_try_at) == (MessageState.DEFERRED, 3, None)


@pytest.mark.parametrize(
    ("transmission", "again"),
    [
        (put_off(), True),
        (put_off("4.3.1 Insufficient system storage", 452), True),
        (put_off("4.7.0 too many messages from your host, slow down", 421), True),
        (put_off("qwertz", 451), True),
        (put_off("4.2.2 mailbox is full", 452), False),
        (Transmission(SendOutcome.UNKNOWN, "direct"), False),
        (Transmission(SendOutcome.UNREACHABLE, "direct"), False),
        (ACCEPTED, False),
        (Transmission(SendOutcome.RELAYED, "django"), False),
    ],
    ids=["greylisted", "disk full", "rate", "unclear", "mailbox full", "unknown", "unreachable", "accepted", "relayed"],
)
def test_only_what_may_pass_and_was_not_taken_comes_again(case: Case, transmission: Transmission, again: bool) -> None:
    message = ask(case)
    claim_message(message.pk)
    finish_message(message.pk, transmission)
    message.refresh_from_db()
    assert (message.next_try_at is not None) == again


def test_no_pauses_no_further_try(case: Case, settings) -> None:
    settings.RETRY_AFTER = ()
    message = ask(case)
    claim_message(message.pk)
    finish_message(message.pk, put_off())
    message.refresh_from_db()
    assert (message.state, message.next_try_at) == (MessageState.DEFERRED, None)


def test_a_further_try_whose_sender_was_lost_is_the_last(waiting: TestMessage) -> None:
    messages.requeue_due()
    assert claim_message(waiting.pk)
    TestMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert give_up_lost() == 1
    make_due()
    assert messages.requeue_due() == 0
    assert [one.transmission.outcome for one in reports()] == [SendOutcome.DEFERRED, SendOutcome.UNKNOWN]
    assert claim_message(waiting.pk) is None


def ask_for_no_more(message: TestMessage) -> None:
    assert stop_mail(stop_token(message.address))


def say_where(message: TestMessage) -> None:
    answer_whereabouts(message, Whereabouts.INBOX)


def come_late(message: TestMessage) -> None:
    make_due(messages.LATEST_TRY + timedelta(seconds=1))


@pytest.mark.parametrize("ending", [ask_for_no_more, say_where, come_late])
def test_no_further_try_after(waiting: TestMessage, ending: Callable[[TestMessage], None]) -> None:
    ending(waiting)
    messages.requeue_due()
    assert claim_message(waiting.pk) is None
    waiting.refresh_from_db()
    assert (waiting.state, waiting.next_try_at, waiting.tries) == (MessageState.DEFERRED, None, 1)


def test_a_typed_code_ends_the_tries(waiting: TestMessage) -> None:
    type_code(waiting, waiting.code)
    assert messages.requeue_due() == 0


def test_a_message_that_waits_for_its_next_try_moves_to_the_new_run(case: Case, waiting: TestMessage) -> None:
    Run.objects.update(finished_at=timezone.now())
    run = start_run(case)
    waiting.refresh_from_db()
    assert waiting.run == run
    messages.requeue_due()
    assert claim_message(waiting.pk)
    finish_message(waiting.pk, ACCEPTED)
    assert [one.attempt for one in evidence_of(run).all(TestMessageReport)] == [1, 2]


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


LISTED = SmtpReply(SmtpStage.RCPT, 554, "5.7.1 Address is on the suppression list for your account")


@pytest.mark.parametrize("replies", [(), (LISTED,)], ids=["without a word", "with its words"])
def test_what_the_service_s_own_list_stopped_looks_like_any_other_message_to_the_public(
    case: Case, replies: tuple[SmtpReply, ...]
) -> None:
    """Who is on that list got mail before: at tier 0 nothing may tell."""
    message = ask(case)
    assert claim_message(message.pk)
    finish_message(message.pk, Transmission(SendOutcome.REFUSED, "django", replies=replies))
    message.refresh_from_db()
    run = case.runs.get()
    assert message.state == MessageState.RELAYED
    assert evidence_of(run, 0)[TestMessageReport].transmission == Transmission(SendOutcome.RELAYED, "django")
    assert evidence_of(run, 0).get(TestMessageStopped) is None
    assert evidence_of(run).get(TestMessageStopped) is not None


def test_a_refusal_of_our_relay_for_another_reason_is_told(case: Case) -> None:
    message = ask(case)
    assert claim_message(message.pk)
    full = SmtpReply(SmtpStage.RCPT, 552, "5.2.2 mailbox full")
    finish_message(message.pk, Transmission(SendOutcome.REFUSED, "django", replies=(full,)))
    message.refresh_from_db()
    assert message.state == MessageState.REFUSED
