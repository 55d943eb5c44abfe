"""Deliveries of webhooks: made once, kept in order, claimed once, tried again, given up, and sent again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from diagnostics import dispatch
from diagnostics.models import (
    AuditEntry,
    Case,
    CaseEvent,
    CaseEventKind,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookTry,
)
from diagnostics.services import webhook_endpoints as endpoints
from diagnostics.services import webhooks
from diagnostics.services.audit import Action, Actor
from diagnostics.services.case_events import announce
from diagnostics.services.cases import open_case
from diagnostics.services.webhook_urls import Fault, Receiver, UnusableUrl, receiver_of
from diagnostics.services.webhooks import Answer, Shipment

ADMIN = Actor("agent", "admin-one", "192.0.2.1")
OK = Answer(200)
WRONG = Answer(500, "out of order")
URL = "https://hooks.example.org/in"

Add = Callable[..., WebhookEndpoint]


@pytest.fixture
def add(db: None) -> Add:
    def add(name: str = "billing", *, kinds=CaseEventKind.values, vendor: str = "", url: str = URL) -> WebhookEndpoint:
        return endpoints.add(ADMIN, name=name, url=url, kinds=kinds, vendor=vendor)[0]

    return add


def tell(case: Case, *kinds: CaseEventKind) -> None:
    for number, kind in enumerate(kinds or (CaseEventKind.RUN_FINISHED,), start=1):
        announce(case, kind, run=number, verdict="cause_found", cause="mx.null")
    dispatch.publish_events()


def due() -> list[int]:
    with transaction.atomic():
        found = webhooks.due()
        webhooks.mark_dispatched(found)
    return found


def one_try(answer: Answer) -> WebhookDelivery:
    """The only due delivery is claimed and answered so."""
    (pk,) = due()
    shipment = webhooks.claim(pk)
    assert shipment
    assert webhooks.finish(shipment, answer)
    return WebhookDelivery.objects.get(pk=pk)


def kind_of(delivery: WebhookDelivery) -> str:
    assert delivery.event
    return delivery.event.kind


# --- from events to deliveries ---


def test_an_event_becomes_one_delivery_for_each_endpoint_that_wants_it(add: Add, case: Case) -> None:
    add("all")
    add("this vendor", vendor=case.vendor)
    add("another vendor", vendor="somebody-else")
    add("resolved only", kinds=[CaseEventKind.CASE_RESOLVED])
    endpoints.switch_off(ADMIN, add("switched off"))
    assert dispatch.publish_events() == 1
    assert dispatch.publish_events() == 0
    made = WebhookDelivery.objects.values_list("endpoint__name", "event__kind").order_by("pk")
    assert list(made) == [("all", "case.created"), ("this vendor", "case.created")]


def test_the_body_is_thin_and_names_nobody(add: Add, case: Case, settings) -> None:
    settings.PORTAL_URL = "https://portal.example.net"
    case.helpdesk, case.ticket = "zendesk", "4711"
    case.save()
    add(kinds=[CaseEventKind.RUN_FINISHED])
    tell(case)
    body = WebhookDelivery.objects.get().body
    told = json.loads(body)
    assert told["type"] == "run.finished"
    assert datetime.fromisoformat(told["timestamp"]).utcoffset() == timedelta(0)
    assert told["data"] == {
        "case": case.reference,
        "run": 1,
        "verdict": "cause_found",
        "cause": "mx.null",
        "ticket": {"helpdesk": "zendesk", "id": "4711"},
        "url": f"https://portal.example.net/api/v1/cases/{case.reference}",
        "agent_url": f"https://portal.example.net/console/cases/{case.reference}/",
    }
    assert len(body) < 1000
    for personal in (case.address, case.domain, case.company_id):
        assert personal not in body


def test_an_endpoint_hears_of_what_happens_from_now_on(add: Add, case: Case) -> None:
    dispatch.publish_events()
    add()
    assert dispatch.publish_events() == 0
    assert not WebhookDelivery.objects.exists()


# --- order and share ---


def test_events_of_a_case_go_out_one_after_the_other(add: Add, case: Case) -> None:
    add()
    tell(case, CaseEventKind.RUN_FINISHED, CaseEventKind.CASE_RESOLVED)
    seen = [kind_of(one_try(OK)) for _ in range(3)]
    assert seen == ["case.created", "run.finished", "case.resolved"]
    assert due() == []


def test_an_event_waits_until_the_one_before_is_delivered_or_given_up(add: Add, case: Case) -> None:
    add()
    tell(case)
    with time_machine.travel(datetime(2026, 5, 4, tzinfo=UTC), tick=False) as clock:
        WebhookDelivery.objects.update(next_try_at=timezone.now())
        for _ in range(webhooks.MOST_TRIES):
            assert kind_of(one_try(WRONG)) == "case.created"
            clock.shift(timedelta(hours=8))
        assert kind_of(one_try(OK)) == "run.finished"
    states = WebhookDelivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["given_up", "delivered"]


def test_another_case_is_not_held_up(add: Add, case: Case, report) -> None:
    add()
    other = open_case(replace(report, source="192.0.2.10"))
    tell(case)
    tell(other)
    first, second = due()
    shipment = webhooks.claim(first)
    assert shipment
    webhooks.finish(shipment, WRONG)
    shipment = webhooks.claim(second)
    assert shipment
    webhooks.finish(shipment, OK)
    (following,) = due()
    assert WebhookDelivery.objects.get(pk=following).line == other


def test_one_slow_endpoint_takes_its_share_only(add: Add, case: Case) -> None:
    slow, quick = add("slow"), add("quick")
    dispatch.publish_events()
    WebhookDelivery.objects.all().delete()
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(endpoint=slow, webhook_id=f"msg_{number}", body="{}", line=None) for number in range(10)
    )
    WebhookDelivery.objects.create(endpoint=quick, webhook_id="msg_quick", body="{}")
    handed_over = due()
    assert len(handed_over) == webhooks.AT_ONCE + 1
    assert WebhookDelivery.objects.filter(pk__in=handed_over, endpoint=quick).count() == 1
    assert due() == []
    claimed = [webhooks.claim(pk) for pk in handed_over]
    assert due() == [], "what is being sent counts, too"
    webhooks.finish(next(one for one in claimed if one and one.endpoint_pk == slow.pk), OK)
    assert len(due()) == 1


# --- claims ---


def test_a_delivery_is_claimed_once(add: Add, case: Case) -> None:
    add()
    dispatch.publish_events()
    (pk,) = due()
    first = webhooks.claim(pk)
    assert first
    assert webhooks.claim(pk) is None
    assert webhooks.finish(first, OK)
    assert webhooks.claim(pk) is None
    assert not webhooks.finish(first, WRONG), "the end is the end"


def test_a_delivery_that_is_not_due_yet_is_not_claimed(add: Add, case: Case) -> None:
    add()
    dispatch.publish_events()
    delivery = one_try(WRONG)
    assert webhooks.claim(delivery.pk) is None, "the broker may deliver an old task again"


def test_a_lost_worker_is_found_by_its_lease_and_its_late_answer_does_not_count(add: Add, case: Case) -> None:
    add()
    dispatch.publish_events()
    (pk,) = due()
    lost = webhooks.claim(pk)
    assert lost
    assert webhooks.requeue_lost() == 0
    WebhookDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert webhooks.requeue_lost() == 1
    assert due() == [pk]
    again = webhooks.claim(pk)
    assert again
    assert not webhooks.finish(lost, OK)
    assert webhooks.finish(again, OK)
    assert lost.headers["webhook-id"] == again.headers["webhook-id"]
    assert [one.detail for one in WebhookTry.objects.order_by("pk")] == ["the worker was lost: it may have arrived", ""]


def test_a_secret_that_cannot_be_read_is_said(add: Add, case: Case, settings) -> None:
    add()
    dispatch.publish_events()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 6, []
    (pk,) = due()
    shipment = webhooks.claim(pk)
    assert shipment
    assert shipment.receiver is None
    assert "make a new one" in shipment.problem


def test_an_address_that_the_settings_no_longer_allow_is_not_sent_to(add: Add, case: Case, settings) -> None:
    settings.WEBHOOK_PORTS = frozenset({443, 8443})
    add(url="https://hooks.example.org:8443/in")
    settings.WEBHOOK_PORTS = frozenset({443})
    dispatch.publish_events()
    (pk,) = due()
    shipment = webhooks.claim(pk)
    assert shipment
    assert (shipment.receiver, "port" in shipment.problem) == (None, True)


# --- tries ---


def test_tries_are_spread_over_a_day(add: Add, case: Case) -> None:
    add()
    dispatch.publish_events()
    start = timezone.now() + timedelta(minutes=1)
    tried: list[float] = []
    with time_machine.travel(start, tick=False) as clock:
        while True:
            tried.append((timezone.now() - start).total_seconds())
            delivery = one_try(WRONG)
            if delivery.finished:
                break
            assert due() == []
            clock.move_to(delivery.next_try_at)
    expected = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert len(tried) == len(expected)
    for at, planned in zip(tried, expected, strict=True):
        assert planned <= at <= planned * 1.1 + 10
    assert delivery.state == DeliveryState.GIVEN_UP
    assert delivery.log.count() == webhooks.MOST_TRIES


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        (Answer(503, retry_after="120"), 120, 133),
        (Answer(429, retry_after=" 60 "), 60, 67),
        (Answer(503, retry_after="Mon, 04 May 2026 00:10:00 GMT"), 600, 661),
        (Answer(503, retry_after="Sun, 03 May 2026 00:10:00 GMT"), 5, 6),
        (Answer(429, retry_after="999999999999"), 3600, 3961),
        (Answer(429, retry_after="soon"), 5, 6),
        (Answer(429, retry_after="-1"), 5, 6),
        (Answer(503, retry_after="Mon, 99 May 99999 00:00:00 GMT"), 5, 6),
        (Answer(503), 5, 6),
        (Answer(500, retry_after="120"), 5, 6),
    ],
)
def test_retry_after_is_honoured(add: Add, case: Case, answer: Answer, least: int, most: int) -> None:
    add()
    with time_machine.travel(datetime(2026, 5, 4, tzinfo=UTC), tick=False):
        dispatch.publish_events()
        pause = (one_try(answer).next_try_at - timezone.now()).total_seconds()
    assert least <= pause <= most


@pytest.mark.parametrize("status", [100, 199, 300, 302, 304, 400, 404, 500, 599, None])
def test_only_2xx_is_success(add: Add, case: Case, status: int | None) -> None:
    add()
    dispatch.publish_events()
    assert one_try(Answer(status)).state == DeliveryState.QUEUED


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is(add: Add, case: Case, status: int) -> None:
    add()
    dispatch.publish_events()
    assert one_try(Answer(status)).state == DeliveryState.DELIVERED


# --- switched off ---


def test_410_switches_the_endpoint_off(add: Add, case: Case) -> None:
    endpoint = add()
    tell(case)
    assert one_try(Answer(410)).state == DeliveryState.GIVEN_UP
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.stopped_because) == (False, "gone")
    assert due() == []
    entry = AuditEntry.objects.filter(action=Action.WEBHOOK_CHANGED).latest("pk")
    assert (entry.actor_kind, entry.detail["because"]) == ("system", "gone")


def test_an_endpoint_to_which_nothing_gets_through_for_days_is_switched_off(add: Add, case: Case, settings) -> None:
    settings.WEBHOOK_FAILING_DAYS = 5
    endpoint = add()
    start = timezone.now() + timedelta(minutes=1)
    with time_machine.travel(start, tick=False) as clock:
        for day in range(9):
            announce(case, CaseEventKind.RUN_FINISHED, run=day)
            dispatch.publish_events()
            while pks := due():
                for pk in pks:
                    shipment = webhooks.claim(pk)
                    assert shipment
                    webhooks.finish(shipment, WRONG)
                clock.shift(timedelta(hours=8))
            endpoint.refresh_from_db()
            if not endpoint.active:
                break
            clock.shift(timedelta(hours=1))
    assert (endpoint.active, endpoint.stopped_because) == (False, "failing")
    assert endpoint.failing_since == start
    passed = AuditEntry.objects.get(detail__because="failing").at - start
    assert passed >= timedelta(days=5)


def test_one_delivery_in_between_keeps_it_on(add: Add, case: Case) -> None:
    endpoint = add()
    tell(case)
    one_try(WRONG)
    endpoint.refresh_from_db()
    assert endpoint.failing_since
    WebhookDelivery.objects.filter(state=DeliveryState.QUEUED).update(next_try_at=timezone.now())
    one_try(OK)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_what_waits_goes_out_in_order_once_it_is_switched_on_again(add: Add, case: Case) -> None:
    endpoint = add()
    tell(case)
    endpoints.switch_off(ADMIN, endpoint)
    assert due() == []
    announce(case, CaseEventKind.CASE_RESOLVED)
    dispatch.publish_events()
    endpoints.switch_on(ADMIN, endpoint)
    seen = [kind_of(one_try(OK)) for _ in range(2)]
    assert seen == ["case.created", "run.finished"], "what happened meanwhile is not kept for it"
    assert due() == []


def test_a_try_that_fails_after_it_was_switched_off_waits(add: Add, case: Case) -> None:
    endpoint = add()
    tell(case)
    (pk,) = due()
    shipment = webhooks.claim(pk)
    assert shipment
    endpoints.switch_off(ADMIN, endpoint)
    webhooks.finish(shipment, WRONG)
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {DeliveryState.HELD}
    endpoints.switch_on(ADMIN, endpoint)
    assert one_try(OK).pk == pk


def test_a_removed_endpoint_takes_its_deliveries_along(add: Add, case: Case) -> None:
    endpoint = add()
    tell(case)
    (pk,) = due()
    shipment = webhooks.claim(pk)
    assert shipment
    endpoints.remove(ADMIN, endpoint)
    assert not webhooks.finish(shipment, OK)
    assert not WebhookDelivery.objects.exists()


# --- by hand ---


def test_a_test_is_tried_once_even_while_switched_off(add: Add) -> None:
    endpoint = add()
    endpoints.switch_off(ADMIN, endpoint)
    delivery = webhooks.send_test(ADMIN, endpoint)
    assert webhooks.send_test(ADMIN, endpoint) == delivery, "one at a time"
    assert json.loads(delivery.body)["type"] == "webhook.test"
    assert one_try(WRONG).state == DeliveryState.GIVEN_UP
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None
    assert webhooks.send_test(ADMIN, endpoint) != delivery


def test_a_test_does_not_switch_an_endpoint_off(add: Add) -> None:
    endpoint = add()
    webhooks.send_test(ADMIN, endpoint)
    one_try(Answer(410))
    endpoint.refresh_from_db()
    assert endpoint.active


def test_what_was_delivered_or_given_up_is_sent_again_out_of_turn(add: Add, case: Case) -> None:
    add()
    tell(case)
    first = one_try(OK)
    assert webhooks.resend(ADMIN, first)
    assert not webhooks.resend(ADMIN, first), "it is on its way"
    ready = due()
    assert len(ready) == 2, "the case's next event is not held up"
    shipments = [webhooks.claim(pk) for pk in ready]
    again = next(one for one in shipments if one and one.delivery_pk == first.pk)
    assert again.headers["webhook-id"] == first.webhook_id
    assert again.body.decode() == first.body
    assert webhooks.finish(again, WRONG)
    first.refresh_from_db()
    assert (first.state, first.tries) == (DeliveryState.QUEUED, 1), "its tries begin anew"


def test_nothing_is_sent_again_to_an_endpoint_that_is_switched_off(add: Add, case: Case) -> None:
    endpoint = add()
    dispatch.publish_events()
    delivery = one_try(OK)
    endpoints.switch_off(ADMIN, endpoint)
    assert not webhooks.resend(ADMIN, delivery)


# --- secrets ---


def claimed(add: Add) -> tuple[WebhookEndpoint, Callable[[], Shipment]]:
    endpoint = add()

    def claim() -> Shipment:
        pk = webhooks.send_test(ADMIN, endpoint).pk
        shipment = webhooks.claim(pk)
        assert shipment
        webhooks.finish(shipment, OK)
        return shipment

    return endpoint, claim


def accepts(secret: str, shipment: Shipment) -> bool:
    try:
        Webhook(secret).verify(shipment.body, shipment.headers)
    except WebhookVerificationError:
        return False
    return True


def test_a_secret_is_kept_sealed(add: Add) -> None:
    endpoint, secret = endpoints.add(ADMIN, name="a", url=URL, kinds=[], vendor="")
    assert secret.startswith("whsec_")
    endpoint.refresh_from_db()
    assert secret not in str(endpoint.secrets)
    assert secret.removeprefix("whsec_") not in str(AuditEntry.objects.values_list("detail"))


def test_both_secrets_sign_for_a_day(add: Add) -> None:
    endpoint, claim = claimed(add)
    first = endpoints.renew_secret(ADMIN, endpoint)
    second = endpoints.renew_secret(ADMIN, endpoint)
    shipment = claim()
    assert len(shipment.headers["webhook-signature"].split()) == 2
    assert accepts(first, shipment)
    assert accepts(second, shipment)
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        shipment = claim()
        assert not accepts(first, shipment)
        assert accepts(second, shipment)
        assert endpoints.forget_earlier_secrets() == 1
        endpoint.refresh_from_db()
        assert len(endpoint.secrets) == 1
        assert accepts(second, claim())


def test_a_third_secret_ends_the_first(add: Add) -> None:
    endpoint, claim = claimed(add)
    secrets = [endpoints.renew_secret(ADMIN, endpoint) for _ in range(3)]
    shipment = claim()
    assert [accepts(secret, shipment) for secret in secrets] == [False, True, True]


def test_two_endpoints_cannot_have_one_name(add: Add) -> None:
    add("billing")
    with pytest.raises(endpoints.NameTaken):
        add("billing")
    assert WebhookEndpoint.objects.count() == 1


# --- what is forgotten ---


def test_old_deliveries_are_forgotten_and_events_are_kept(add: Add, case: Case, settings) -> None:
    settings.WEBHOOK_LOG_DAYS = 30
    add()
    tell(case)
    delivered = one_try(OK)
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert webhooks.forget_old() == 1
    assert not WebhookTry.objects.exists()
    assert not WebhookDelivery.objects.filter(pk=delivered.pk).exists()
    assert WebhookDelivery.objects.filter(state=DeliveryState.QUEUED).count() == 1, "what is under way stays"
    assert CaseEvent.objects.count() == 2
    assert dispatch.publish_events() == 0


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://hooks.example.org", Receiver("hooks.example.org", 443, "/", True)),
        ("https://Hooks.Example.ORG./in?a=1&b=%20", Receiver("hooks.example.org", 443, "/in?a=1&b=%20", True)),
        ("https://hooks.example.org:443/", Receiver("hooks.example.org", 443, "/", True)),
        ("https://hooks.example.org:8443/", Receiver("hooks.example.org", 8443, "/", True)),
        ("https://b\u00fccher.example.org/", Receiver("xn--bcher-kva.example.org", 443, "/", True)),
        ("https://10.1.2.3/", Receiver("10.1.2.3", 443, "/", True)),
        ("http://127.0.0.1:8443/", Receiver("127.0.0.1", 8443, "/", False)),
        ("https://[2a00::1]/", Receiver("2a00::1", 443, "/", True)),
    ],
)
def test_addresses_that_can_be_sent_to(settings, url: str, receiver: Receiver) -> None:
    settings.WEBHOOK_PORTS = frozenset({443, 8443})
    settings.WEBHOOK_ALLOW_PRIVATE = ["10.1.0.0/16", "127.0.0.1/32"]
    assert receiver_of(url) == receiver


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", Fault.NOT_AN_ADDRESS),
        ("hooks.example.org", Fault.NOT_AN_ADDRESS),
        ("https://", Fault.NOT_AN_ADDRESS),
        ("https:///in", Fault.NOT_AN_ADDRESS),
        ("https://hooks/in", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org/a b", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org/a\r\nX: y", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org/#part", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org/\u00fc", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org\\@10.0.0.1/", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org:99999/", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org:port/", Fault.NOT_AN_ADDRESS),
        ("https://[::1/", Fault.NOT_AN_ADDRESS),
        ("https://2130706433/", Fault.NOT_AN_ADDRESS),
        ("https://127.1/", Fault.NOT_AN_ADDRESS),
        ("https://0x7f.0.0.1/", Fault.NOT_AN_ADDRESS),
        ("https://hooks.example.org/" + "x" * 500, Fault.NOT_AN_ADDRESS),
        ("http://hooks.example.org/", Fault.NOT_HTTPS),
        ("ftp://hooks.example.org/", Fault.NOT_HTTPS),
        ("http://127.0.0.1/", Fault.PRIVATE),
        ("https://user@hooks.example.org/", Fault.USER_NAME),
        ("https://user:password@hooks.example.org/", Fault.USER_NAME),
        ("https://@hooks.example.org/", Fault.USER_NAME),
        ("https://hooks.example.org:22/", Fault.PORT),
        ("https://localhost/", Fault.PRIVATE),
        ("https://a.localhost./", Fault.PRIVATE),
        ("https://127.0.0.1/", Fault.PRIVATE),
        ("https://10.0.0.5/", Fault.PRIVATE),
        ("https://169.254.169.254/latest/", Fault.PRIVATE),
        ("https://[::1]/", Fault.PRIVATE),
        ("https://[::ffff:10.0.0.1]/", Fault.PRIVATE),
        ("https://[64:ff9b::7f00:1]/", Fault.PRIVATE),
        ("https://[fe80::1%25eth0]/", Fault.PRIVATE),
    ],
)
def test_addresses_that_cannot(url: str, fault: Fault) -> None:
    with pytest.raises(UnusableUrl) as refused:
        receiver_of(url)
    assert refused.value.fault is fault
