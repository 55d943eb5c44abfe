"""Webhooks as a receiver gets them: over HTTPS on loopback, read with the receivers' own library."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from diagnostics import dispatch, tasks
from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, CaseEventKind, DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookTry
from diagnostics.net.post import post
from diagnostics.services import webhook_endpoints as endpoints
from diagnostics.services import webhooks
from diagnostics.services.audit import Actor
from diagnostics.services.case_events import announce
from diagnostics.services.cases import Report, open_case
from diagnostics.services.runs import finish_group
from tests.diagnostics.net.conftest import NameServer, name_server
from tests.diagnostics.receiver import ADDRESS, URL, Message, Receiver, certified, write_state
from tests.diagnostics.taking import claim_group, publish_queued, sweep

pytestmark = pytest.mark.django_db(transaction=True)
ADMIN = Actor("agent", "admin-one")


@pytest.fixture
def receiver(tmp_path: Path, settings) -> Iterator[Receiver]:
    tls, ca_file = certified(tmp_path, ADDRESS)
    with Receiver(tls) as running:
        settings.LAB, settings.LAB_STATE = True, tmp_path / "state.json"
        write_state(settings.LAB_STATE, ca_file, {f"{ADDRESS}:443": running.endpoint})
        yield running


@pytest.fixture
def endpoint(receiver: Receiver) -> tuple[WebhookEndpoint, str]:
    return endpoints.add(ADMIN, name="billing", url=URL, kinds=CaseEventKind.values, vendor="")


@pytest.fixture
def secret(endpoint: tuple[WebhookEndpoint, str]) -> str:
    return endpoint[1]


@pytest.fixture
def report() -> Report:
    timeclock = article("timeclock")
    assert timeclock is not None
    return Report(article=timeclock, company_id="ACME-1", address=Address("anna", "example.org"), source="192.0.2.9")


@pytest.fixture
def case(secret: str, report: Report) -> Case:
    return open_case(report)


def deliver() -> int:
    """What dispatcher and worker do, without a broker between them; how many were tried."""
    dispatch.publish_events()
    with transaction.atomic():
        due = webhooks.due()
        webhooks.mark_dispatched(due)
    for pk in due:
        tasks.deliver_webhook(pk)
    return len(due)


def deliver_all() -> None:
    while deliver():
        pass


def test_a_receiver_verifies_what_it_is_told(case: Case, secret: str, receiver: Receiver) -> None:
    for group in case.runs.get().groups.order_by("pk"):
        claim = claim_group(group.pk)
        assert claim
        finish_group(claim)
    deliver_all()
    created, finished = receiver.taken
    told = created.verified(secret)
    assert (told["type"], told["data"]["case"]) == ("case.created", case.reference)
    assert created.path == "/in?tenant=1"
    assert created.headers["content-type"] == "application/json"
    told = finished.verified(secret)
    assert (told["type"], told["data"]["run"]) == ("run.finished", 1)
    assert told["data"]["verdict"] == case.runs.get().verdict
    assert created.webhook_id != finished.webhook_id
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}
    tried = WebhookTry.objects.earliest("pk")
    assert (tried.status, tried.headers["webhook-id"]) == (200, created.webhook_id)


def test_a_changed_body_or_a_stranger_is_not_believed(case: Case, secret: str, receiver: Receiver) -> None:
    deliver()
    (message,) = receiver.taken
    with pytest.raises(WebhookVerificationError):
        replace(message, body=message.body.replace("case.created", "case.resolved")).verified(secret)
    with pytest.raises(WebhookVerificationError):
        message.verified("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)), pytest.raises(WebhookVerificationError):
        message.verified(secret)


def test_it_is_tried_again_with_the_same_id_and_a_new_signature(case: Case, secret: str, receiver: Receiver) -> None:
    receiver.status = 500
    deliver()
    assert deliver() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        receiver.status = 204
        deliver_all()
        first, second = receiver.taken
        assert second.verified(secret) == first.content
    assert first.verified(secret)
    assert first.webhook_id == second.webhook_id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


def test_order_is_kept_while_the_receiver_stumbles(case: Case, secret: str, receiver: Receiver, report: Report) -> None:
    """The first event of one case fails four times; its others wait, and another case goes on."""
    failures = iter([500, 503, 429, 500])
    receiver.on_message = lambda message: (
        next(failures, None) if message.content["data"]["case"] == case.reference else None
    )
    other = open_case(replace(report, source="192.0.2.10"))
    for one in (case, other):
        announce(one, CaseEventKind.RUN_FINISHED, run=1)
        announce(one, CaseEventKind.CASE_RESOLVED)
    with time_machine.travel(timezone.now(), tick=True) as clock:
        deliver_all()
        assert [message.content["type"] for message in receiver.taken if of(message, other)] == list(CaseEventKind)
        for _ in range(4):
            clock.shift(timedelta(hours=3))
            deliver_all()
    seen = [message.content["type"] for message in receiver.taken if of(message, case)]
    assert seen == ["case.created"] * 5 + ["run.finished", "case.resolved"]


def of(message: Message, case: Case) -> bool:
    return message.content["data"]["case"] == case.reference


def test_410_ends_it(case: Case, endpoint: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    receiver.status = 410
    announce(case, CaseEventKind.CASE_RESOLVED)
    deliver_all()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        deliver_all()
    assert len(receiver.taken) == 1
    endpoint[0].refresh_from_db()
    assert endpoint[0].stopped_because == "gone"


def test_a_busy_receiver_is_left_alone_for_as_long_as_it_says(case: Case, receiver: Receiver) -> None:
    receiver.status, receiver.answer_headers = 429, {"Retry-After": "1800"}
    with time_machine.travel(timezone.now(), tick=True) as clock:
        deliver()
        clock.shift(timedelta(minutes=29))
        assert deliver() == 0
        clock.shift(timedelta(minutes=5))
        assert deliver() == 1


def test_a_redirect_is_a_failure_and_leads_nowhere(case: Case, receiver: Receiver) -> None:
    with Receiver() as other:
        receiver.status = 308
        receiver.answer_headers = {"Location": f"http://{other.endpoint}/"}
        deliver()
    assert other.connections == 0
    assert WebhookTry.objects.get().status == 308
    assert WebhookDelivery.objects.get().state == DeliveryState.QUEUED


def test_a_dead_receiver_is_tried_again_later(case: Case, secret: str, settings, tmp_path: Path) -> None:
    settings.LAB_STATE = tmp_path / "dead.json"
    write_state(settings.LAB_STATE, "", {f"{ADDRESS}:443": "127.0.0.1:1"})
    deliver()
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == DeliveryState.QUEUED
    assert delivery.log.get().detail == f"{ADDRESS}: connection refused"


def test_a_silent_receiver_costs_the_time_limit_and_no_more(case: Case, receiver: Receiver, monkeypatch) -> None:
    end = threading.Event()
    receiver.on_message = lambda message: end.wait(60) and None
    monkeypatch.setattr(tasks, "post", hurried(0.5))
    try:
        deliver()
    finally:
        end.set()
    tried = WebhookTry.objects.get()
    assert (tried.status, tried.detail) == (None, "no answer within 0.5 seconds")


def hurried(seconds: float) -> Callable:
    async def hasty(*args, **named):
        return await post(*args, **named, seconds=seconds)

    return hasty


def test_one_task_twice_at_once_sends_once(case: Case, secret: str, receiver: Receiver) -> None:
    first_is_in, go_on = threading.Event(), threading.Event()

    def slowly(message: Message) -> None:
        first_is_in.set()
        go_on.wait(60)

    receiver.on_message = slowly
    dispatch.publish_events()
    pk = WebhookDelivery.objects.get().pk

    def work() -> None:
        tasks.deliver_webhook(pk)
        connection.close()

    first = threading.Thread(target=work)
    first.start()
    try:
        assert first_is_in.wait(30)
        second = threading.Thread(target=work)
        second.start()
        second.join(30)
        assert not second.is_alive(), "it ends at once, without waiting for the first"
    finally:
        go_on.set()
        first.join(30)
    assert len(receiver.taken) == 1
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


@pytest.mark.slow
def test_a_worker_that_is_killed_before_the_answer_came(
    case: Case, secret: str, receiver: Receiver, settings, embedded_servers
) -> None:
    """It had sent the message: that goes out again with the same ID, though not before the lease is over."""
    arrived, go_on = threading.Event(), threading.Event()

    def hold(message: Message) -> None:
        arrived.set()
        go_on.wait(60)

    receiver.on_message = hold
    dispatch.publish_events()
    pk = WebhookDelivery.objects.get().pk
    with worker(pk, settings) as process:
        try:
            assert arrived.wait(60)
            process.kill()
            process.wait(30)
        finally:
            go_on.set()
    receiver.on_message = lambda message: None
    assert WebhookDelivery.objects.get().state == DeliveryState.SENDING
    assert deliver() == 0, "while the lease lives nobody else sends it"
    WebhookDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert webhooks.requeue_lost() == 1
    deliver()
    first, second = receiver.taken
    assert first.webhook_id == second.webhook_id
    assert second.verified(secret) == first.content
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


@contextmanager
def worker(pk: int, settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that delivers this one webhook, with the database of the tests."""
    database = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "LAB": "1",
        "LAB_STATE": str(settings.LAB_STATE),
    }
    code = "import django, sys; django.setup(); from diagnostics import tasks; tasks.deliver_webhook(int(sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", code, str(pk)], env=environment, cwd=settings.BASE_DIR) as process:
        try:
            yield process
        finally:
            process.kill()


def test_both_secrets_are_good_while_one_takes_the_others_place(
    case: Case, endpoint: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    fresh = endpoints.renew_secret(ADMIN, endpoint[0])
    deliver()
    (message,) = receiver.taken
    assert message.verified(endpoint[1]) == message.verified(fresh)


def test_the_test_button_and_sending_again(endpoint: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    delivery = webhooks.send_test(ADMIN, endpoint[0])
    deliver()
    (message,) = receiver.taken
    assert message.verified(endpoint[1]) == {
        "type": "webhook.test",
        "timestamp": message.content["timestamp"],
        "data": {"endpoint": "billing"},
    }
    delivery.refresh_from_db()
    assert webhooks.resend(ADMIN, delivery)
    deliver()
    assert [message.webhook_id for message in receiver.taken] == [delivery.webhook_id] * 2


# --- where nothing may be sent ---


@contextmanager
def answering(records: dict) -> Iterator[NameServer]:
    """A name server that lives in a thread of its own, since workers' tasks do not run on a test's event loop."""
    ready, stop, server = threading.Event(), asyncio.Event(), NameServer(records, ttl=0)
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with name_server(server):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def test_a_name_that_leads_inside_is_refused_with_a_line_in_the_log(
    case: Case, endpoint: tuple[WebhookEndpoint, str], settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inward = {("hooks.example.test", "A"): ["127.0.0.1"], ("hooks.example.test", "AAAA"): []}
    with Receiver() as inside, answering(inward) as names, caplog.at_level(logging.WARNING):
        settings.WEBHOOK_PORTS = frozenset({443, inside.port})
        settings.LAB_STATE = tmp_path / "inward.json"
        write_state(settings.LAB_STATE, "", {}, names.endpoint)
        url = f"https://hooks.example.test:{inside.port}/"
        endpoints.change(ADMIN, endpoint[0], name="billing", url=url, kinds=CaseEventKind.values, vendor="")
        deliver()
        assert names.asked, "the name was looked up"
    assert inside.connections == 0
    assert WebhookTry.objects.get().detail == "127.0.0.1: not a public address"
    assert "the guard refuses the address" in caplog.text
    assert "hooks.example.test" not in caplog.text


def test_a_receiver_inside_is_reached_where_the_settings_allow_it(settings, tmp_path: Path, report: Report) -> None:
    with Receiver() as inside:
        settings.WEBHOOK_PORTS, settings.WEBHOOK_ALLOW_PRIVATE = frozenset({inside.port}), ["127.0.0.1/32"]
        settings.LAB, settings.LAB_STATE = True, tmp_path / "inside.json"
        write_state(settings.LAB_STATE, "", {})
        _, secret = endpoints.add(
            ADMIN, name="a", url=f"http://{inside.endpoint}/", kinds=CaseEventKind.values, vendor=""
        )
        open_case(report)
        deliver()
        assert [message.verified(secret)["type"] for message in inside.taken] == ["case.created"]


# --- through the broker ---


@pytest.fixture
def broker() -> Iterator[Callable[[], int]]:
    """How many tasks wait in the queue; emptied before and after."""

    def waiting() -> int:
        with current_app.connection_for_write() as connected:
            return connected.default_channel.queue_declare(queue=dispatch.HOOK_QUEUE).message_count  # type: ignore[attr-defined]

    def purge() -> None:
        with current_app.connection_for_write() as connected:
            connected.default_channel.queue_purge(dispatch.HOOK_QUEUE)  # type: ignore[attr-defined]

    purge()
    yield waiting
    purge()


@pytest.mark.serial
def test_the_dispatcher_publishes_a_delivery_once(case: Case, broker: Callable[[], int]) -> None:
    dispatch.publish_events()
    dispatch.publish_webhooks()
    dispatch.publish_webhooks()
    assert broker() == 1


@pytest.mark.serial
def test_what_an_emptied_broker_lost_is_published_again(
    case: Case, broker: Callable[[], int], embedded_servers
) -> None:
    dispatch.publish_events()
    dispatch.publish_webhooks()
    with current_app.connection_for_write() as connected:
        connected.default_channel.queue_purge(dispatch.HOOK_QUEUE)  # type: ignore[attr-defined]
    WebhookDelivery.objects.update(dispatched_at=timezone.now() - dispatch.LOST_AFTER - timedelta(seconds=1))
    sweep()
    dispatch.publish_webhooks()
    assert broker() == 1


def test_an_idle_dispatcher_asks_little(secret: str, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(1):
        assert publish_queued() == 0
