"""Our transport for the broker: it remembers nothing of what was delivered, and what a worker gives back is there. One
that is away holds up nobody who publishes, and is asked for again every second by those who wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from kombu import Connection, Consumer, Queue
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES
from kombu.utils import functional

from portal.broker import QoS
from portal.celery import app as portal

pytestmark = [pytest.mark.serial, pytest.mark.usefixtures("embedded_servers")]
QUEUE = Queue("given-back")


@pytest.fixture
def carrier() -> Iterator[Celery]:
    with Celery("test", broker=settings.CELERY_BROKER_URL) as app:
        app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        yield app


@pytest.fixture
def broker(carrier: Celery) -> Iterator[Connection]:
    assert TRANSPORT_ALIASES["redis"] == "portal.broker:Transport"
    with carrier.connection_for_write() as connection:
        channel: Any = connection.default_channel
        QUEUE(channel).purge()
        channel.client.delete("unacked", "unacked_index")
        yield connection
        QUEUE(connection.default_channel).purge()


def waiting(broker: Connection) -> int:
    declared: Any = QUEUE(broker.default_channel).queue_declare()
    return int(declared.message_count)


def taken(carrier: Celery) -> tuple[Connection, Any]:
    """A connection with one delivered message in hand."""
    connection = carrier.connection_for_read()
    messages: list[Any] = []
    with Consumer(connection, [QUEUE], on_message=messages.append):
        connection.drain_events(timeout=10)
    return connection, messages[0]


def test_the_broker_keeps_no_list_of_what_was_delivered(carrier: Celery, broker: Connection) -> None:
    broker.Producer().publish("work", routing_key=QUEUE.name, declare=[QUEUE])
    connection, message = taken(carrier)
    channel: Any = connection.default_channel
    assert isinstance(channel.qos, QoS)
    assert (waiting(broker), channel.client.exists("unacked", "unacked_index")) == (0, 0)
    message.ack()
    connection.close()
    assert waiting(broker) == 0


def test_what_a_worker_does_not_do_any_more_is_there_for_others(carrier: Celery, broker: Connection) -> None:
    broker.Producer().publish("work", routing_key=QUEUE.name, declare=[QUEUE])
    connection, _ = taken(carrier)
    assert waiting(broker) == 0
    connection.close()
    assert waiting(broker) == 1


def test_what_the_broker_hands_over_at_the_last_moment_goes_back_at_once(carrier: Celery, broker: Connection) -> None:
    with carrier.connection_for_read() as connection:
        with Consumer(connection, [QUEUE]):
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=0.1)  # the question for work stays with the broker
            broker.Producer().publish("work", routing_key=QUEUE.name, declare=[QUEUE])
            assert waiting(broker) == 0
        assert waiting(broker) == 1
    assert waiting(broker) == 1


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Connection]:
    """As the portal's processes connect, to a place where there is no broker."""
    with portal.connection_for_write(f"redis+socket://{tmp_path}/none") as connection:
        yield connection


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been slept between tries."""
    slept: list[float] = []
    monkeypatch.setattr(functional, "sleep", slept.append)
    return slept


def test_who_publishes_is_told_at_once_that_the_broker_is_away(away: Connection, pauses: list[float]) -> None:
    with pytest.raises(OperationalError):
        away.default_channel  # noqa: B018
    assert pauses == []


def test_who_waits_for_the_broker_looks_every_second(away: Connection, pauses: list[float]) -> None:
    tries: list[float] = []
    with pytest.raises(OperationalError):
        away.ensure_connection(lambda problem, pause: tries.append(pause), max_retries=40)
    assert tries == [1.0] * 40
    assert sum(pauses) == 40
