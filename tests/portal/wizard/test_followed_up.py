"""A test message that was put off and is tried again, and one that came back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics.domain import SendOutcome, Transmission
from diagnostics.models import Case, Purpose, TestMessage
from diagnostics.probes.test_message import BounceReport, ComparisonBounce
from diagnostics.services import messages, runs
from portal.wizard import words
from portal.wizard.casefile import read
from portal.wizard.polling import POLLED_FOR, Pace
from tests.portal.wizard.conftest import finish, sent

pytestmark = pytest.mark.django_db
GREYLISTED = "4.7.1 Greylisted, please try again in 300 seconds"
UNKNOWN = "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown"


@pytest.fixture
def waiting(case: Case, settings) -> TestMessage:
    settings.RETRY_AFTER = (300, 900)
    finish(case)
    message = sent(case, outcome=SendOutcome.DEFERRED, code=450, reply=GREYLISTED)
    assert message.next_try_at
    return message


def page(owner: Client, case: Case) -> str:
    section = reverse("wizard:section", args=[case.reference, "spam-folder"])
    return owner.get(section).content.decode()


def test_the_page_says_when_we_try_again(owner: Client, case: Case, waiting: TestMessage) -> None:
    text = page(owner, case)
    assert waiting.next_try_at
    assert "Your mail server asked us to wait." in text
    assert f"We try again at {waiting.next_try_at:%H:%M} UTC (try 2 of 3)." in text
    assert "Greylisted, please try again in 300 seconds" in text
    assert 'hx-trigger="every 10s"' in text


def test_it_is_looked_for_slowly_while_it_waits_and_not_for_ever(case: Case, waiting: TestMessage) -> None:
    assert read(case).pace is Pace.SLOW
    TestMessage.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert read(case).pace is Pace.QUICK
    TestMessage.objects.update(next_try_at=timezone.now() - POLLED_FOR)
    assert read(case).pace is Pace.OVER


def test_the_end_of_the_tries_is_news_for_a_page_that_polls(owner: Client, case: Case, waiting: TestMessage) -> None:
    section = reverse("wizard:section", args=[case.reference, "spam-folder"])
    before = owner.get(section)["ETag"]
    TestMessage.objects.update(next_try_at=None)
    assert owner.get(section)["ETag"] != before
    assert "We try again" not in page(owner, case)


def test_the_next_try_is_told_with_its_number(owner: Client, case: Case, waiting: TestMessage) -> None:
    TestMessage.objects.update(next_try_at=timezone.now())
    messages.requeue_due()
    assert messages.claim_message(waiting.pk)
    messages.finish_message(waiting.pk, Transmission(SendOutcome.ACCEPTED, "direct", "mx.example.org"))
    text = page(owner, case)
    assert "(try 2)" in text
    assert "We try again" not in text
    waiting.refresh_from_db()
    assert f'action="{reverse("wizard:code", args=[case.reference])}"' in text


def test_what_came_back_is_shown_and_not_looked_for(owner: Client, case: Case) -> None:
    finish(case)
    message = sent(case)
    runs.report(
        message, BounceReport("example.org", "store.example.org", UNKNOWN, "5.1.1", final=True, after_seconds=9)
    )
    text = page(owner, case)
    assert str(words.CAME_BACK) in text
    assert "Recipient address rejected: User unknown" in text
    assert f'action="{reverse("wizard:code", args=[case.reference])}"' not in text
    assert not read(case).to_be_answered


def test_a_delay_on_the_way_is_shown_and_the_code_still_asked_for(owner: Client, case: Case) -> None:
    finish(case)
    message = sent(case)
    runs.report(message, BounceReport("example.org", "", "451 4.4.1 timed out", "4.4.1", final=False, after_seconds=9))
    text = page(owner, case)
    assert "451 4.4.1 timed out" in text
    assert f'action="{reverse("wizard:code", args=[case.reference])}"' in text


def test_a_bounce_of_the_second_message_is_not_taken_for_one_of_the_first(owner: Client, case: Case) -> None:
    finish(case)
    message = sent(case)
    runs.report(
        message, ComparisonBounce("example.net", "mx.example.net", UNKNOWN, "5.1.1", final=True, after_seconds=9)
    )
    assert not read(case).came_back(Purpose.PRIMARY)
    assert read(case).came_back(Purpose.COMPARISON)
    assert read(case).to_be_answered
