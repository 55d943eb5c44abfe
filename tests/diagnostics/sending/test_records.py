"""What the probes are told of the vendor's records, over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from diagnostics.domain import (
    Address,
    Gap,
    NotApplicable,
    SendEvent,
    SendEventKind,
    SuppressionAnswer,
    Target,
    Unobserved,
)
from diagnostics.models import SenderEvent
from diagnostics.records import ConfiguredRecords
from diagnostics.sending.postmark import Postmark
from diagnostics.services import events
from diagnostics.services.events import Told, forget_old, history_of, take_in
from tests.diagnostics.networks import VENDOR
from tests.diagnostics.sending.service import Reply, Service

TARGET = Target(Address("anna", "example.org"), VENDOR)
DUMP = ("GET", "/message-streams/outbound/suppressions/dump")


def told(kind: SendEventKind, *, ago: timedelta, address: str = "anna@example.org", name: str = "m-1") -> Told:
    return Told(address, SendEvent(kind, timezone.now() - ago, "postmark", name))


@pytest.mark.django_db(transaction=True)
def test_the_last_seven_days_oldest_first_and_whether_others_were_heard_of() -> None:
    take_in(
        [
            told(SendEventKind.DELIVERED, ago=timedelta(minutes=1)),
            told(SendEventKind.QUEUED, ago=timedelta(minutes=2), address="Anna+Clock@example.org"),
            told(SendEventKind.DELIVERED, ago=timedelta(days=8), name="m-0"),
            told(SendEventKind.QUEUED, ago=timedelta(hours=1), address="bert@example.org", name="m-2"),
            told(SendEventKind.BOUNCED, ago=timedelta(days=2), address="bert@example.org", name="m-3"),
        ]
    )
    history = asyncio.run(ConfiguredRecords().events(TARGET))
    assert [event.kind for event in history.events] == [SendEventKind.QUEUED, SendEventKind.DELIVERED]
    assert (history.domain, history.others_begun, history.others_ended) == ("example.org", 1, 0)
    assert history.code_lifetime == VENDOR.code_lifetime


@pytest.mark.django_db(transaction=True)
def test_without_any_event_nobody_is_connected() -> None:
    with pytest.raises(NotApplicable) as caught:
        asyncio.run(ConfiguredRecords().events(TARGET))
    assert caught.value.gap is Gap.NOT_SET_UP


@pytest.mark.django_db(transaction=True)
def test_the_first_event_of_all_counts_at_once_here_and_soon_where_another_process_took_it_in(monkeypatch) -> None:
    monkeypatch.setattr(events, "NOT_ASKED_AGAIN", 60)
    event = told(SendEventKind.DELIVERED, ago=timedelta(minutes=1))

    async def found() -> int:
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(NotApplicable):
                    return len((await ConfiguredRecords().events(TARGET)).events)
                await asyncio.sleep(0.05)

    with pytest.raises(NotApplicable):
        asyncio.run(ConfiguredRecords().events(TARGET))
    take_in([event])
    assert len(asyncio.run(ConfiguredRecords().events(TARGET)).events) == 1
    # As in a process that has heard of nothing.
    monkeypatch.setattr(events._Looked, "found_none_until", time.monotonic() + 1)
    with pytest.raises(NotApplicable):
        asyncio.run(ConfiguredRecords().events(TARGET))
    assert asyncio.run(found()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_came_back_for_others_does_not_tell_that_we_would_have_heard() -> None:
    returned = SendEvent(SendEventKind.BOUNCED, timezone.now(), "bounce", "<made-up@example.net>")
    take_in([Told("bert@example.org", returned)])
    with pytest.raises(NotApplicable):
        asyncio.run(ConfiguredRecords().events(TARGET))
    take_in([told(SendEventKind.DELIVERED, ago=timedelta(days=2), address="carl@example.org")])
    assert asyncio.run(ConfiguredRecords().events(TARGET)).others_ended == 0


@pytest.mark.parametrize("name", ["\ud800", "\x00", "<" + "x" * 300 + ">"], ids=["half a pair", "nul", "long"])
def test_a_name_that_cannot_be_stored_is_kept_as_far_as_it_can(db, name: str) -> None:
    event = told(SendEventKind.DELIVERED, ago=timedelta(minutes=1), name=name)
    take_in([event])
    take_in([event])
    assert len(SenderEvent.objects.get().message_id) in (1, 200)


def test_old_events_are_forgotten(db) -> None:
    take_in([told(SendEventKind.QUEUED, ago=timedelta(days=31)), told(SendEventKind.SENT, ago=timedelta(days=29))])
    assert forget_old() == 1
    assert SenderEvent.objects.get().kind == SendEventKind.SENT


def test_a_long_history_is_cut_to_its_newest_events(db) -> None:
    take_in([told(SendEventKind.OPENED, ago=timedelta(minutes=n)) for n in range(1, 80)])
    history = history_of("anna@example.org", code_lifetime=600)
    assert len(history.events) == 50
    assert timezone.now() - history.events[-1].at < timedelta(minutes=2)


async def test_without_a_service_nobody_is_asked() -> None:
    with pytest.raises(NotApplicable):
        await ConfiguredRecords().suppressions(TARGET)


async def test_a_service_that_answers_is_enough() -> None:
    with Service({DUMP: Reply(200, {"Suppressions": []})}) as server, Service({}) as broken:
        both = (Postmark(server.url, "token"), Postmark(broken.url, "token", slug="mailgun"))
        answer = await ConfiguredRecords(services=both).suppressions(TARGET)
    assert answer == SuppressionAnswer((), ("postmark", "mailgun"), ("mailgun",))


async def test_silence_all_round_is_no_observation() -> None:
    with Service({}) as server, pytest.raises(Unobserved) as caught:
        await ConfiguredRecords(services=(Postmark(server.url, "token"),)).suppressions(TARGET)
    assert caught.value.gap is Gap.RECORDS_SILENT
