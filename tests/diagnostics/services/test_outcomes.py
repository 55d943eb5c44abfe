"""What is counted of codes and test messages, and what the watch makes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from diagnostics.domain import Address, SendEvent, SendEventKind, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.models import ApiClient, Case, Heartbeat, Incident, Outcome, OutcomeCount, Purpose, ValueWatch
from diagnostics.services import bounces, events, fleet, outcomes
from diagnostics.services.audit import Actor
from diagnostics.services.events import Told
from diagnostics.services.messages import claim_message, finish_message, request_message
from diagnostics.services.outcomes import Ended

NOW = datetime(2026, 3, 4, 10, 42, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEAD = Actor("agent", "lead-one", "192.0.2.9")


def told(address: str, kind: SendEventKind = SendEventKind.DELIVERED, **said) -> Told:
    event_id = said.pop("event_id", "")
    at = said.pop("at", None) or timezone.now()
    return Told(address, SendEvent(kind, at, "mailgun", said.pop("message_id", address), **said), event_id)


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    """Total and failed by dimension and value, once everything was added up."""
    now = timezone.now().replace(second=0, microsecond=0)
    outcomes.add_up(since=now - MINUTE, until=now + MINUTE)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for one in OutcomeCount.objects.all():
        total, failed = found.get((one.dimension, one.value), (0, 0))
        found[one.dimension, one.value] = (total + one.total, failed + one.failed)
    return found


@pytest.mark.parametrize(
    ("kind", "failed"),
    [
        (SendEventKind.DELIVERED, 0),
        (SendEventKind.BOUNCED, 1),
        (SendEventKind.REJECTED, 1),
        (SendEventKind.FAILED, 1),
    ],
)
def test_an_end_counts_once_however_often_it_is_told(db, kind: SendEventKind, failed: int) -> None:
    for _ in range(3):
        events.take_in([told("anna@example.org", kind, event_id="e-1")])
    assert counted()["all", ""] == (1, failed)


@pytest.mark.parametrize(
    "kind", [SendEventKind.QUEUED, SendEventKind.SENT, SendEventKind.DEFERRED, SendEventKind.OPENED]
)
def test_what_has_not_ended_does_not_count(db, kind: SendEventKind) -> None:
    events.take_in([told("anna@example.org", kind)])
    assert counted() == {}


def test_what_is_told_hours_later_says_nothing_of_now(db) -> None:
    events.take_in([told("anna@example.org", at=timezone.now() - timedelta(hours=2))])
    assert counted() == {}


def test_one_end_that_a_service_and_a_bounce_tell_counts_once(db) -> None:
    events.take_in([told("anna@example.org", SendEventKind.BOUNCED, message_id="<m-1@example.org>")])
    same = SendEvent(SendEventKind.BOUNCED, timezone.now(), "bounce", "<m-1@example.org>")
    events.take_in([Told("anna@example.org", same, "digest")])
    assert counted()["all", ""] == (1, 1)


def test_a_mailbox_counts_once_an_hour_and_a_company_four_times(db) -> None:
    events.take_in(told("anna@gmail.com", SendEventKind.BOUNCED, message_id=f"m-{n}") for n in range(40))
    assert counted()["all", ""] == (1, 1)
    events.take_in(told(f"anna{n}@example.org", SendEventKind.BOUNCED) for n in range(40))
    assert counted()["all", ""] == (1 + outcomes.MOST_OF_A_COMPANY, 1 + outcomes.MOST_OF_A_COMPANY)
    events.take_in(told(f"anna{n}@gmail.com") for n in range(40))
    assert counted()["all", ""] == (45, 5)


def test_the_provider_is_that_of_the_domains_newest_case(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(provider="microsoft-365", gateway="mimecast")
    events.take_in([told("bert@example.org", SendEventKind.BOUNCED, sent_from="192.0.2.10")])
    found = counted()
    assert found["provider", "microsoft-365"] == found["gateway", "mimecast"] == (1, 1)
    assert found["sending_ip", "192.0.2.10"] == (1, 1)


@pytest.mark.parametrize(
    ("mta", "value"),
    [
        ("", ("provider", outcomes.UNKNOWN)),
        ("mx.example.net", ("provider", outcomes.UNKNOWN)),
        ("example-org.mail.protection.outlook.com", ("provider", "microsoft-365")),
        ("eu-smtp-inbound-1.mimecast.com", ("gateway", "mimecast")),
    ],
)
def test_a_domain_without_a_case_is_known_by_its_server(db, mta: str, value: tuple[str, str]) -> None:
    events.take_in([told("bert@example.net", mta=mta)])
    assert counted()[value] == (1, 0)


def test_a_case_of_nobody_we_know_is_another_server(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(state="open")
    events.take_in([told("bert@example.org")])
    assert counted()["provider", outcomes.OTHER] == (1, 0)


def hand_over(case: Case, transmission: Transmission) -> None:
    message = request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.9")
    assert claim_message(message.pk)
    finish_message(message.pk, transmission)
    finish_message(message.pk, transmission)


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [
        (SendOutcome.ACCEPTED, (1, 0)),
        (SendOutcome.REFUSED, (1, 1)),
        (SendOutcome.UNREACHABLE, (1, 1)),
        (SendOutcome.RELAYED, None),
        (SendOutcome.UNKNOWN, None),
    ],
)
def test_a_hand_over_counts_by_article_and_sending_address(
    case: Case, outcome: SendOutcome, ends: tuple[int, int] | None
) -> None:
    hand_over(case, Transmission(outcome, "direct", "mx.example.org", sent_from="192.0.2.10"))
    found = counted()
    assert found.get(("article", "timeclock")) == found.get(("sending_ip", "192.0.2.10")) == ends


@pytest.mark.parametrize(("retries", "ends"), [((60,), None), ((), (1, 1))], ids=["tried again", "given up"])
def test_what_was_put_off_counts_once_it_is_given_up(case: Case, settings, retries, ends) -> None:
    settings.RETRY_AFTER = retries
    reply = SmtpReply(SmtpStage.RCPT, 451, "4.7.1 try again later")
    hand_over(case, Transmission(SendOutcome.DEFERRED, "direct", "mx.example.org", replies=(reply,)))
    assert counted().get(("all", "")) == ends


def test_recorded_messages_of_tests_do_not_count(case: Case) -> None:
    client = ApiClient.objects.create(name="tests", is_test=True)
    Case.objects.filter(pk=case.pk).update(api_client=client)
    hand_over(Case.objects.get(pk=case.pk), Transmission(SendOutcome.ACCEPTED, "recorded"))
    assert not Outcome.objects.exists()
    bounces.take_in(_bounce("anna@example.org", case.test_messages.get().message_id))
    assert not Outcome.objects.exists(), "nor what somebody says came back"


def test_what_came_back_counts_once(case: Case) -> None:
    hand_over(case, Transmission(SendOutcome.RELAYED, "django"))
    message = case.test_messages.get()
    raw = _bounce("anna@example.org", message.message_id)
    bounces.take_in(raw)
    bounces.take_in(raw)
    assert counted()["all", ""] == (1, 1)


def test_hostile_values_are_kept_and_counted(db) -> None:
    odd = "x" * 400 + "\x00\ud800"
    events.take_in([told(f"{odd}@{odd}", mta=odd, sent_from=odd), told("anna@example.org", sent_from="300.1.2.3")])
    assert counted()["all", ""] == (2, 0)
    assert not OutcomeCount.objects.filter(dimension="sending_ip").exists()


def test_one_statement_a_batch(db, django_assert_max_num_queries) -> None:
    ended = [Ended(f"m-{n}", f"anna{n}@gmail.com", n % 2 == 0) for n in range(1000)]
    with django_assert_max_num_queries(1):
        outcomes.count(ended)
    assert Outcome.objects.count() == 1000


def test_late_rows_count_in_the_first_minute_that_was_not_watched(db) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    outcomes.count([Ended("m-1", "anna@example.org", failed=True)])
    Outcome.objects.update(at=now - timedelta(hours=3))
    assert outcomes.add_up(since=now - MINUTE, until=now) == 1
    assert OutcomeCount.objects.get(dimension="all").minute == now - MINUTE
    assert outcomes.add_up(since=now - MINUTE, until=now) == 0
    assert not Outcome.objects.exclude(domain="").exists()


def test_old_minutes_become_hours_and_old_hours_go(db) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    for minute in (0, 5, 59):
        OutcomeCount.objects.create(minute=hour + minute * MINUTE, dimension="all", value="", total=10, failed=1)
    OutcomeCount.objects.create(minute=hour - timedelta(days=60), dimension="all", value="", total=1)
    for _ in range(2):
        outcomes.forget_old()
        kept = OutcomeCount.objects.get()
        assert (kept.minute, kept.total, kept.failed) == (hour, 30, 3)


# --- the watch ---


def lived_through(days: int, *values: tuple[str, str], failed: int = 2) -> None:
    """So many days in which each value had 100 mails an hour, `failed` of which failed."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    OutcomeCount.objects.bulk_create(
        OutcomeCount(minute=now - timedelta(hours=hour), dimension=dimension, value=value, total=100, failed=failed)
        for hour in range(1, days * 24)
        for dimension, value in values
    )
    Heartbeat.objects.update_or_create(
        name=fleet.HEARTBEAT, defaults={"at": timezone.now().replace(second=0, microsecond=0)}
    )


ALL = ("all", "")
MICROSOFT, GOOGLE, YAHOO = ("provider", "microsoft-365"), ("provider", "google-workspace"), ("provider", "yahoo")


def minutes(traveller, number: int, *values: tuple[str, str], total: int = 10, failed: int = 0) -> None:
    """So many minutes go by, each with these mails of each value, and the watch looks at the end of each."""
    for _ in range(number):
        minute = timezone.now().replace(second=0, microsecond=0)
        OutcomeCount.objects.bulk_create(
            OutcomeCount(minute=minute, dimension=dimension, value=value, total=total, failed=failed)
            for dimension, value in values
        )
        traveller.shift(60)
        assert fleet.watch()


@pytest.fixture
def traveller():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def test_an_outage_opens_one_incident_and_its_end_closes_it(case: Case, traveller) -> None:
    lived_through(10, ALL, MICROSOFT, GOOGLE)
    Case.objects.filter(pk=case.pk).update(provider="microsoft-365", created_at=NOW + 5 * MINUTE)
    minutes(traveller, 3, MICROSOFT, GOOGLE)
    assert not Incident.objects.exists()
    minutes(traveller, 6, MICROSOFT, failed=5)
    incident = Incident.objects.get()
    assert (incident.dimension, incident.value, incident.ended_at) == (*MICROSOFT, None)
    assert incident.began_at == NOW.replace(second=0) + 3 * MINUTE
    assert incident.share == pytest.approx(0.5)
    assert incident.usual == pytest.approx(0.02, abs=0.01)
    assert incident.cases == 1
    minutes(traveller, 40, MICROSOFT)
    incident.refresh_from_db()
    assert incident.ended_at is not None
    assert Incident.objects.count() == 1


def test_one_incident_stays_one_while_the_share_goes_up_and_down(db, traveller) -> None:
    lived_through(10, MICROSOFT)
    minutes(traveller, 6, MICROSOFT, failed=6)
    for _ in range(3):
        minutes(traveller, 2, MICROSOFT, failed=0)
        minutes(traveller, 2, MICROSOFT, failed=6)
    assert Incident.objects.filter(ended_at=None).count() == Incident.objects.count() == 1


def test_a_second_look_in_the_same_minute_changes_nothing(db, traveller) -> None:
    lived_through(10, MICROSOFT)
    minutes(traveller, 1, MICROSOFT, failed=3)
    before = ValueWatch.objects.get(dimension="provider").state
    assert not fleet.watch()
    assert ValueWatch.objects.get(dimension="provider").state == before


def test_our_own_side_is_named_where_every_provider_fails(db, traveller) -> None:
    values = (ALL, MICROSOFT, GOOGLE, YAHOO, ("provider", "gmx"))
    lived_through(10, *values)
    minutes(traveller, 8, *values[1:], total=10, failed=4)
    # All of them together, minute by minute.
    OutcomeCount.objects.filter(dimension="all").delete()
    Incident.objects.all().delete()
    ValueWatch.objects.all().delete()
    lived_through(10, ALL)
    for _ in range(8):
        minute = timezone.now().replace(second=0, microsecond=0)
        OutcomeCount.objects.create(minute=minute, dimension="all", value="", total=40, failed=16)
        minutes(traveller, 1, *values[1:], failed=4)
    top = fleet.standing().get()
    assert (top.dimension, top.value) == ALL
    assert {one.value for one in top.parts.all()} == {value for _, value in values[1:]}


def test_a_new_value_is_learned_before_it_is_judged(db, traveller) -> None:
    lived_through(2, MICROSOFT)
    minutes(traveller, 10, MICROSOFT, failed=9)
    assert not Incident.objects.exists()


def test_closed_by_hand_it_stays_closed_until_it_was_usual_again(db, traveller) -> None:
    lived_through(10, MICROSOFT)
    minutes(traveller, 6, MICROSOFT, failed=6)
    incident = Incident.objects.get()
    assert fleet.close(incident, LEAD)
    assert not fleet.close(incident, LEAD)
    minutes(traveller, 30, MICROSOFT, failed=6)
    assert not fleet.standing().exists()
    minutes(traveller, 30, MICROSOFT)
    minutes(traveller, 6, MICROSOFT, failed=6)
    assert fleet.standing().count() == 1


def test_an_incident_without_mail_ends_after_a_day(db, traveller) -> None:
    lived_through(10, MICROSOFT)
    minutes(traveller, 6, MICROSOFT, failed=6)
    traveller.shift(timedelta(hours=23))
    fleet.watch()
    assert fleet.standing().exists()
    traveller.shift(timedelta(hours=2))
    fleet.watch()
    assert not fleet.standing().exists()


@pytest.mark.django_db(transaction=True)
def test_one_worker_watches_at_a_time() -> None:
    def elsewhere() -> bool:
        try:
            return fleet.watch()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [fleet.LOCK])
        assert not pool.submit(elsewhere).result(20)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(elsewhere).result(20)


def _bounce(address: str, message_id: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: codes@example.org\r\nSubject: Undelivered\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n"
    ).encode()
