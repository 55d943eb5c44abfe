"""Our transport for the broker: it remembers nothing of what was delivered, and what a worker gives back is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from kombu import Connection, Consumer, Queue
from kombu.transport import TRANSPORT_ALIASES

from portal.broker import QoS

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
