"""Sending services report events: kept once, linked, judged; nobody without the secret, and nothing that falls over."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from diagnostics.domain import Address, SendEventKind, SendOutcome, Transmission
from diagnostics.models import Case, MessageState, Purpose, SenderEvent, TestMessage
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.services.messages import claim_message, finish_message, request_message
from diagnostics.services.runs import diagnosis_of, evidence_of

NOW = datetime.now(UTC).replace(microsecond=0)
STAMP = NOW.isoformat().replace("+00:00", "Z")
EPOCH = int(NOW.timestamp())


def postmark(kind: str, **said: object) -> dict[str, object]:
    stamps = {"Delivery": "DeliveredAt", "Bounce": "BouncedAt", "Open": "ReceivedAt", "Click": "ReceivedAt"}
    address = "Email" if kind == "Bounce" else "Recipient"
    return {"RecordType": kind, "MessageID": "m-1", address: "anna@example.org", stamps[kind]: STAMP, **said}


def sns(event: dict[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    told = json.dumps(event)
    body: dict[str, object] = {"Type": "Notification", "MessageId": "sns-1", "Timestamp": STAMP, "Message": told}
    return body, {"X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Message-Id": "sns-1"}


SES = sns(
    {
        "eventType": "Bounce",
        "mail": {"messageId": "ses-1", "destination": ["anna@example.org"]},
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {"emailAddress": "anna@example.org", "diagnosticCode": "smtp; 550 5.1.1 user unknown"},
                {"emailAddress": "bert@example.org", "diagnosticCode": "smtp; 550 5.1.1 user unknown"},
            ],
        },
    }
)
DROPPED = {
    "event": "dropped",
    "email": "anna@example.org",
    "timestamp": EPOCH,
    "smtp-id": "<s-1@x>",
    "reason": "Bounced Address",
}
MAILGUN_KEY = "signing-key"


def mailgun(**event_data: object) -> dict[str, object]:
    signature = hmac.new(MAILGUN_KEY.encode(), b"1700000000token-1", hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": "1700000000", "token": "token-1", "signature": signature},
        "event-data": {
            "event": "failed",
            "severity": "temporary",
            "timestamp": EPOCH,
            "recipient": "anna@example.org",
            "message": {"headers": {"message-id": "m-1@mail.example.net"}},
            "delivery-status": {"message": "450 4.7.1 try again later", "mx-host": "mx.example.org"},
            **event_data,
        },
    }


@pytest.mark.parametrize(
    ("service", "payload", "headers", "kept"),
    [
        (
            "postmark",
            postmark("Bounce", ID=42, Type="HardBounce", Details="smtp;550 5.1.1 user unknown"),
            {},
            [("anna@example.org", "bounced", "m-1", "smtp;550 5.1.1 user unknown", "bounced", "")],
        ),
        (
            "postmark",
            postmark("Delivery", Details="250 2.0.0 queued"),
            {},
            [("anna@example.org", "delivered", "m-1", "250 2.0.0 queued", "", "")],
        ),
        (
            "sendgrid",
            [
                {"event": "processed", "email": "anna@example.org", "timestamp": EPOCH, "smtp-id": "<s-1@x>"},
                DROPPED,
            ],
            {},
            [
                ("anna@example.org", "queued", "<s-1@x>", "", "", ""),
                ("anna@example.org", "rejected", "<s-1@x>", "Bounced Address", "bounced", ""),
            ],
        ),
        (
            "mailgun",
            mailgun(),
            {},
            [
                (
                    "anna@example.org",
                    "deferred",
                    "<m-1@mail.example.net>",
                    "450 4.7.1 try again later",
                    "",
                    "mx.example.org",
                )
            ],
        ),
        (
            "brevo",
            {"event": "delivered", "email": "Anna@Example.org", "message-id": "<b-1@x>", "ts_epoch": EPOCH * 1000},
            {},
            [("anna@example.org", "delivered", "<b-1@x>", "", "", "")],
        ),
        (
            "amazon_ses",
            SES[0],
            SES[1],
            [
                ("anna@example.org", "bounced", "ses-1", "smtp; 550 5.1.1 user unknown", "bounced", ""),
                ("bert@example.org", "bounced", "ses-1", "smtp; 550 5.1.1 user unknown", "bounced", ""),
            ],
        ),
    ],
    ids=["postmark bounce", "postmark delivery", "sendgrid", "mailgun", "brevo", "ses, two recipients"],
)
def test_what_a_service_reports_is_kept_once(db, tell, settings, service, payload, headers, kept) -> None:
    settings.MAILGUN_SIGNING_KEY = MAILGUN_KEY
    for _ in range(2):
        assert tell(service, payload, **headers).status_code == 200
    fields = ("address", "kind", "message_id", "reply", "reject_reason", "mta")
    assert list(SenderEvent.objects.order_by("pk").values_list(*fields)) == kept
    assert {event.service for event in SenderEvent.objects.all()} == {service}
    assert all(abs((event.at - NOW).total_seconds()) < 5 for event in SenderEvent.objects.all())


def test_without_a_secret_there_is_nothing_here(client, settings, db) -> None:
    settings.HOOK_SECRET = ""
    for way in ("tracking", "inbound"):
        assert client.post(f"/hooks/postmark/{way}/", b"{}", content_type="application/json").status_code == 404


@pytest.mark.parametrize("service", ["acme", "mailgun"], ids=["unknown", "no signing key"])
def test_a_service_that_could_not_be_trusted_has_no_hook(tell, db, service: str) -> None:
    assert tell(service, mailgun()).status_code == 404


@pytest.mark.parametrize(
    ("service", "secret", "status"),
    [
        ("postmark", "service:wrong", 403),
        ("postmark", "", 403),
        ("amazon_ses", "", 401),
        ("amazon_ses", "service:wrong", 403),
    ],
)
def test_a_wrong_secret_keeps_nothing(tell, db, service: str, secret: str, status: int) -> None:
    payload, headers = SES if service == "amazon_ses" else (postmark("Delivery"), {})
    assert tell(service, payload, secret=secret, **headers).status_code == status
    assert not SenderEvent.objects.exists()


def test_a_wrong_signature_keeps_nothing(tell, db, settings) -> None:
    settings.MAILGUN_SIGNING_KEY = "another key"
    assert tell("mailgun", mailgun()).status_code == 403
    assert not SenderEvent.objects.exists()


def test_a_service_may_look_whether_we_are_there(tell, client, db) -> None:
    assert client.head("/hooks/postmark/tracking/").status_code == 200
    assert client.get("/hooks/postmark/tracking/").status_code == 405


def test_a_thousand_events_at_once(tell, db, django_assert_max_num_queries) -> None:
    burst = [
        {"event": "delivered", "email": f"anna{n}@example.org", "timestamp": EPOCH, "sg_event_id": f"e-{n}"}
        for n in range(1000)
    ]
    started = time.monotonic()
    with django_assert_max_num_queries(15):
        assert tell("sendgrid", burst).status_code == 200
    assert SenderEvent.objects.count() == 1000
    assert time.monotonic() - started < 5


def test_a_report_that_is_too_large_is_refused(tell, db, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert tell("postmark", postmark("Delivery", Details="x" * 2000)).status_code == 413


def test_an_event_from_the_future_is_of_now(tell, db) -> None:
    assert tell("postmark", postmark("Delivery", DeliveredAt="2999-01-01T00:00:00Z")).status_code == 200
    assert SenderEvent.objects.get().at <= datetime.now(UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["RecordType", "Type", "Email", "Recipient", "MessageID", "DeliveredAt", "BouncedAt", "Metadata", "Details", "ID"]
    + ["event", "email", "timestamp", "reason", "smtp-id", "event-data", "signature", "ts_epoch", "Message"]
)
ALMOST = st.dictionaries(
    NAMES, JSON | st.sampled_from(["Bounce", "Delivery", "delivered", "HardBounce", "anna@example.org", "a\x00@b"])
)


@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    service=st.sampled_from(["postmark", "sendgrid", "brevo", "amazon_ses", "mailgun"]),
    payload=st.binary(max_size=50) | ALMOST | st.lists(ALMOST, max_size=3) | JSON,
)
def test_no_report_makes_the_portal_fall_over(db, tell, settings, service: str, payload: object) -> None:
    settings.MAILGUN_SIGNING_KEY = MAILGUN_KEY
    assert tell(service, payload).status_code in (200, 400, 403)


# --- what the events are about ---


@pytest.fixture
def relayed(case: Case) -> TestMessage:
    """A test message that the sending service has taken over."""
    message = request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.9")
    assert claim_message(message.pk)
    finish_message(message.pk, Transmission(SendOutcome.RELAYED, "django", service_id="m-1"))
    message.refresh_from_db()
    return message


def told_tags(case: Case, tier: int) -> dict[str, str]:
    diagnosis = diagnosis_of(case.runs.get(), tier)
    assert diagnosis
    return {cause.cause: cause.strength for cause in diagnosis.causes}


@pytest.mark.parametrize(
    ("event", "state", "tags"),
    [
        (postmark("Delivery", Details="250 2.0.0 queued"), MessageState.ACCEPTED, {}),
        (
            postmark("Bounce", ID=1, Type="HardBounce", Details="smtp;550 5.1.1 <anna@example.org>: user unknown"),
            MessageState.REFUSED,
            {"mailbox.unknown": "proves"},
        ),
        (
            postmark("Bounce", ID=1, Type="Transient", Details="452 4.2.2 mailbox full"),
            MessageState.DEFERRED,
            {"mailbox.full": "proves"},
        ),
    ],
    ids=["delivered", "bounced", "deferred"],
)
def test_a_test_messages_end_is_for_everyone(tell, relayed, event, state, tags) -> None:
    assert tell("postmark", event).status_code == 200
    relayed.refresh_from_db()
    assert relayed.state == state
    assert SenderEvent.objects.get().test_message == relayed
    assert told_tags(relayed.case, 0) == tags
    told = relayed.records.count()
    assert tell("postmark", event).status_code == 200
    assert relayed.records.count() == told, "the same event told again adds nothing"


def test_events_may_come_in_any_order(tell, relayed) -> None:
    tell("postmark", postmark("Delivery", Details="250 2.0.0 queued"))
    earlier = postmark("Bounce", ID=1, Type="Transient", BouncedAt="2020-01-01T00:00:00Z", Details="450 try later")
    tell("postmark", earlier)
    relayed.refresh_from_db()
    assert relayed.state == MessageState.ACCEPTED


def test_that_it_was_put_off_at_first_stays_known(tell, relayed) -> None:
    tell("postmark", postmark("Bounce", ID=1, Type="Transient", Details="450 4.2.0 greylisted, try again later"))
    tell("postmark", postmark("Delivery", DeliveredAt="2036-01-01T00:00:00Z", Details="250 2.0.0 queued"))
    report = evidence_of(relayed.case.runs.get())[TestMessageReport]
    assert report.transmission.outcome is SendOutcome.ACCEPTED
    assert [put_off.reply for put_off in report.earlier] == ["450 4.2.0 greylisted, try again later"]


def test_an_event_may_come_before_we_know_that_the_message_left(tell, case) -> None:
    message = request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.9")
    assert claim_message(message.pk)
    tell("postmark", postmark("Delivery", Details="250 2.0.0 queued"))
    finish_message(message.pk, Transmission(SendOutcome.RELAYED, "django", service_id="m-1"))
    message.refresh_from_db()
    assert message.state == MessageState.ACCEPTED
    assert SenderEvent.objects.get().test_message == message


def test_a_message_stopped_because_of_earlier_mail_is_no_news_for_everyone(tell, relayed) -> None:
    run = relayed.case.runs.get()
    stopped = [{**DROPPED, "smtp-id": "m-1"}]
    assert tell("sendgrid", stopped).status_code == 200
    relayed.refresh_from_db()
    assert relayed.state == MessageState.RELAYED
    assert told_tags(relayed.case, 0) == {}
    assert told_tags(relayed.case, 2) == {"suppressed.bounce": "proves"}
    before, run = run.version, relayed.case.runs.get()
    assert run.version == before, "a page at tier 0 has not changed"


def test_a_real_code_mail_is_told_to_the_open_case_from_tier_one_on(tell, case) -> None:
    version = case.runs.get().version
    event = postmark("Bounce", ID=7, MessageID="code-1", Type="HardBounce", Details="smtp;552 5.2.2 mailbox full")
    for _ in range(2):
        assert tell("postmark", event).status_code == 200
    run = case.runs.get()
    assert run.version == version
    assert run.records.filter(kind="CodeMailEvents").count() == 1
    (record,) = run.records.filter(kind="CodeMailEvents")
    assert record.data["events"][0]["kind"] == SendEventKind.BOUNCED


def test_other_peoples_events_are_no_business_of_a_case(tell, case) -> None:
    tell("postmark", postmark("Delivery", Recipient="bert@example.org"))
    assert not case.records.exists()
