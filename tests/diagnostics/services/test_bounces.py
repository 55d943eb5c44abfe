"""Returned messages, as the lab's mail server writes them, matched with what we sent."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from diagnostics.domain import Address, SendOutcome, SmtpReply, SmtpStage, Strength, Transmission, Verdict
from diagnostics.lab.behaviours import Bounce
from diagnostics.lab.bounce import delivery_status
from diagnostics.models import Case, ObservationRecord, Purpose, Run, SenderEvent, TestMessage
from diagnostics.probes.send_events import TestMessageStopped
from diagnostics.probes.test_message import BounceReport, ComparisonBounce
from diagnostics.services.bounces import Taken, take_in
from diagnostics.services.cases import start_run
from diagnostics.services.messages import Envelope, claim_message, finish_message, request_message, type_code
from diagnostics.services.runs import diagnosis_of, evidence_of

UNKNOWN = Bounce("550 5.1.1 <{recipient}>: Recipient address rejected: User unknown", host="store.example.org")
FORWARDED = Bounce(
    "550 5.1.1 <{recipient}> no such user here", host="mx.example.net", recipient="anna.private@example.net"
)
DELAYED = Bounce("451 4.4.1 connect to store.example.org: Connection timed out", action="delayed")
ACCEPTED = Transmission(
    SendOutcome.ACCEPTED, "direct", "mx.example.org", replies=(SmtpReply(SmtpStage.CONTENT, 250, "2.0.0 queued"),)
)
RELAYED = Transmission(SendOutcome.RELAYED, "django")


@pytest.fixture(autouse=True)
def bounce_address(settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@bounces.example.org"


def send(
    case: Case, transmission: Transmission = ACCEPTED, purpose: Purpose = Purpose.PRIMARY
) -> tuple[TestMessage, Envelope]:
    address = Address("anna", "example.org")
    message = request_message(case, purpose=purpose, address=address, source="192.0.2.9")
    envelope = claim_message(message.pk)
    assert envelope
    finish_message(message.pk, transmission)
    message.refresh_from_db()
    return message, envelope


def returned(bounce: Bounce, envelope: Envelope, *, sender: str | None = None, host: str = "mx.example.org") -> bytes:
    return delivery_status(
        bounce,
        host=host,
        sender=envelope.sender if sender is None else sender,
        recipient=str(envelope.recipient),
        content=envelope.content,
    )


def reports(message: TestMessage, kind: type[BounceReport] = BounceReport) -> list[BounceReport]:
    message.refresh_from_db()
    return evidence_of(message.run).all(kind)


def test_a_bounce_after_acceptance_proves_its_cause(case: Case) -> None:
    message, envelope = send(case)
    assert take_in(returned(UNKNOWN, envelope)) == Taken(1, 1)
    (report,) = reports(message)
    assert (report.host, report.status, report.final) == ("store.example.org", "5.1.1", True)
    assert report.reply.startswith("550 5.1.1 <anna@example.org>")
    diagnosis = diagnosis_of(message.run, tier=0)
    assert diagnosis
    assert diagnosis.verdict is Verdict.CAUSE_FOUND
    assert (diagnosis.causes[0].cause, diagnosis.causes[0].strength) == ("mailbox.unknown", Strength.PROVES)


def test_the_same_bounce_counts_once(case: Case) -> None:
    message, envelope = send(case)
    raw = returned(UNKNOWN, envelope)
    assert take_in(raw) == take_in(raw) == Taken(1, 1)
    assert len(reports(message)) == SenderEvent.objects.count() == 1


def test_the_message_is_known_by_its_message_id_where_the_return_path_is_lost(case: Case) -> None:
    message, envelope = send(case)
    assert take_in(returned(UNKNOWN, envelope, sender="codes@example.com")) == Taken(1, 1)
    assert reports(message)


def test_the_message_is_known_by_the_address_that_the_mail_server_names(case: Case) -> None:
    message, envelope = send(case)
    raw = returned(UNKNOWN, envelope, sender="codes@example.com").replace(message.message_id.encode(), b"<other@id>")
    assert take_in(raw) == Taken(1, 0)
    assert take_in(raw + b"\r\n", envelope_to=envelope.sender) == Taken(1, 1)
    assert reports(message)


def test_a_code_that_came_back_is_an_event_of_the_address(case: Case) -> None:
    message, envelope = send(case)
    raw = returned(UNKNOWN, envelope, sender="codes@example.com").replace(message.message_id.encode(), b"<code@id>")
    assert take_in(raw) == Taken(1, 0)
    event = SenderEvent.objects.get()
    assert (event.service, event.kind, event.address) == ("bounce", "bounced", "anna@example.org")
    assert event.test_message is None
    assert not reports(message)


def test_a_quoted_name_that_cannot_be_looked_for_is_no_obstacle(case: Case) -> None:
    _, envelope = send(case)
    raw = returned(UNKNOWN, envelope, sender="codes@example.com")
    raw = re.sub(rb"(?im)^message-id:.*$", rb"Message-ID: <\\ud800\\x00@example.org>", raw)
    raw = re.sub(rb"(?im)^(content-type: (?:text|message)/rfc822[^\r\n;]*).*$", rb"\1; charset=unicode_escape", raw)
    assert take_in(raw).recipients == 1


def test_what_comes_back_from_behind_a_forward_names_no_other_mailbox(case: Case) -> None:
    message, envelope = send(case)
    take_in(returned(FORWARDED, envelope))
    (report,) = reports(message)
    assert report.refused_domain == "example.net"
    assert "anna.private" not in str(report)
    assert "anna.private" not in SenderEvent.objects.get().reply
    diagnosis = diagnosis_of(message.run, tier=0)
    assert diagnosis
    assert diagnosis.causes[0].cause == "forward.broken"
    assert diagnosis.causes[0].facts["forwarded_to"] == "example.net"


@pytest.mark.parametrize("domain", ["example.onmicrosoft.com", "mail.example.org", "example.org.test-google-a.com"])
def test_a_providers_inner_name_of_the_mailbox_is_no_forward(case: Case, domain: str) -> None:
    message, envelope = send(case)
    take_in(returned(Bounce(UNKNOWN.reply, recipient=f"anna@{domain}"), envelope))
    assert [one.refused_domain for one in reports(message)] == [""]


def test_a_delay_is_a_hint_until_the_end_is_told(case: Case) -> None:
    message, envelope = send(case)
    take_in(returned(DELAYED, envelope))
    diagnosis = diagnosis_of(message.run, tier=0)
    assert diagnosis
    assert (diagnosis.causes[0].cause, diagnosis.verdict) == ("server.temporary", Verdict.LIKELY_CAUSE)
    take_in(returned(UNKNOWN, envelope))
    message.run.refresh_from_db()
    diagnosis = diagnosis_of(message.run, tier=0)
    assert diagnosis
    assert diagnosis.causes[0].cause == "mailbox.unknown"
    take_in(returned(DELAYED, envelope))
    assert [one.final for one in reports(message)] == [False, True]


def test_our_relays_own_words_are_not_theirs(case: Case) -> None:
    message, envelope = send(case, RELAYED)
    raw = returned(UNKNOWN, envelope, host="relay.example.com").replace(b"Remote-MTA", b"X-Remote")
    take_in(raw)
    assert [one.host for one in reports(message)] == [""]
    diagnosis = diagnosis_of(message.run, tier=0)
    assert diagnosis
    assert (diagnosis.causes[0].cause, diagnosis.verdict) == ("mailbox.unknown", Verdict.LIKELY_CAUSE)


def test_a_bounce_of_the_second_message_is_kept_apart(case: Case) -> None:
    message, envelope = send(case, purpose=Purpose.COMPARISON)
    take_in(returned(UNKNOWN, envelope))
    assert not reports(message)
    assert len(reports(message, ComparisonBounce)) == 1


def test_a_bounce_ends_the_tries(case: Case) -> None:
    put_off = Transmission(
        SendOutcome.DEFERRED, "direct", "mx.example.org", replies=(SmtpReply(SmtpStage.RCPT, 450, "try again"),)
    )
    message, envelope = send(case, put_off)
    assert message.next_try_at
    take_in(returned(UNKNOWN, envelope))
    message.refresh_from_db()
    assert message.next_try_at is None


def test_what_arrived_and_came_back_is_no_cause(case: Case) -> None:
    message, envelope = send(case)
    type_code(message, message.code)
    take_in(returned(UNKNOWN, envelope))
    message.run.refresh_from_db()
    diagnosis = diagnosis_of(message.run, tier=0)
    assert diagnosis
    assert "mailbox.unknown" not in [one.cause for one in diagnosis.causes]
    answer = diagnosis.answer("mailbox")
    assert answer
    assert "mailbox.unknown" in [finding.tag for finding in answer.findings]


def test_what_came_back_stays_with_its_run_and_another_may_be_sent(case: Case) -> None:
    message, envelope = send(case)
    take_in(returned(DELAYED, envelope))
    Run.objects.update(finished_at=timezone.now())
    second = start_run(case)
    message.refresh_from_db()
    assert message.run == second
    take_in(returned(UNKNOWN, envelope))
    Run.objects.update(finished_at=timezone.now())
    third = start_run(case)
    message.refresh_from_db()
    assert (message.run, third.test_messages.count()) == (second, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 1000,
        b"From: anna@example.org\r\nSubject: Re: your code\r\n\r\nThank you!\r\n",
        b"From: anna@example.org\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n",
    ],
    ids=["nothing", "noughts", "a reply", "an absence"],
)
def test_what_is_no_bounce_is_nothing(db: None, raw: bytes) -> None:
    assert take_in(raw) == Taken(0, 0)
    assert not SenderEvent.objects.exists()


class AnyBounces(TestCase):
    @hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=80), st.text(max_size=40), st.binary(max_size=60))
    def test_nothing_that_comes_back_makes_it_fail(self, reply: str, recipient: str, junk: bytes) -> None:
        raw = (
            "From: MAILER-DAEMON@mx.example.org\r\nTo: bounces@bounces.example.org\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
            f"Final-Recipient: rfc822; {recipient}@example.org\r\nAction: failed\r\nDiagnostic-Code: smtp; {reply}\r\n"
        ).encode(errors="surrogatepass") + junk
        take_in(raw)
        assert not ObservationRecord.objects.exists()


def test_what_our_service_returns_because_of_its_list_is_not_for_everyone(case: Case) -> None:
    message, envelope = send(case, RELAYED)
    listed = Bounce("554 5.7.1 Address is on the suppression list for your account", host="smtp.example.net")
    assert take_in(returned(listed, envelope)) == Taken(1, 1)
    assert not reports(message)
    run = Run.objects.get()
    assert evidence_of(run, 0).get(TestMessageStopped) is None
    full = diagnosis_of(run)
    assert full
    assert full.causes[0].cause == "suppressed.other"
