"""Agents see what sending services have on their lists, and have an entry taken off once, with their name beside it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics import tasks
from diagnostics.domain import ProbeGroup, Seen, Suppression, SuppressionAnswer, SuppressionReason, Vantage
from diagnostics.models import Case, SuppressionRelease
from diagnostics.services import suppressions
from diagnostics.services.runs import finish_group, record
from tests.diagnostics.sending.service import Reply, Service
from tests.diagnostics.taking import claim_group

BOUNCE = Suppression(
    "postmark", SuppressionReason.BOUNCE, datetime(2026, 3, 1, tzinfo=UTC), "HardBounce", removable=True
)
COMPLAINT = Suppression("postmark", SuppressionReason.COMPLAINT, text="SpamComplaint<script>")

Looked = Callable[..., Case]


@pytest.fixture
def looked(open_one) -> Looked:
    """A case whose look at the lists of sending services had this answer."""

    def looked(*entries: Suppression, silent: tuple[str, ...] = (), address: str = "anna@example.org") -> Case:
        case = open_one(address)
        claim = claim_group(case.runs.get().groups.get(name=ProbeGroup.RECORDS).pk)
        assert claim
        answer = SuppressionAnswer(entries, ("postmark", "mailgun"), silent)
        assert record(claim, [Seen(SuppressionAnswer, Vantage.SERVER, timezone.now(), answer)])
        finish_group(claim)
        return case

    return looked


def page(console: Client, case: Case) -> str:
    return console.get(f"/console/cases/{case.reference}/").content.decode()


def release(console: Client, case: Case, **said: str) -> str:
    form = {"service": "postmark", "reason": "bounce", "confirmed": "on", **said}
    return console.post(f"/console/cases/{case.reference}/release/", form, follow=True).content.decode()


def test_an_entry_has_a_button_and_what_to_make_sure_of(console: Client, looked: Looked) -> None:
    shown = page(console, looked(BOUNCE))
    assert "Postmark: an earlier message came back" in shown
    assert "2026-03-01" in shown
    assert "the mailbox exists, is spelled right and has room" in shown
    assert ">Release</button>" in shown


def test_a_complaint_that_cannot_be_lifted_has_none(console: Client, looked: Looked) -> None:
    shown = page(console, looked(COMPLAINT))
    assert "does not let us release this entry" in shown
    assert ">Release</button>" not in shown
    assert "<script>" not in shown.partition('id="suppression"')[2].partition("</section>")[0]


def test_a_silent_service_is_not_shown_as_clear(console: Client, looked: Looked) -> None:
    assert "Mailgun gave no usable answer" in page(console, looked(silent=("mailgun",)))


def test_without_entries_there_is_no_panel(console: Client, looked: Looked) -> None:
    assert 'id="suppression"' not in page(console, looked())


def test_a_release_is_kept_with_who_asked_for_it(console: Client, looked: Looked) -> None:
    case = looked(BOUNCE)
    shown = release(console, case)
    (kept,) = case.suppression_releases.all()
    assert (kept.service, kept.reason, kept.asked_by, kept.outcome) == ("postmark", "bounce", "agent-one", "")
    assert "Waiting to be released." in shown
    assert "Release asked for: Postmark" in shown
    assert suppressions.waiting() == [kept.pk]


def test_an_entry_is_released_once_a_day_whatever_the_case(console: Client, looked: Looked) -> None:
    case = looked(BOUNCE)
    other = looked(BOUNCE, address="Anna@example.org")
    release(console, case)
    for one in (case, other):
        assert "mend the cause first" in release(console, one)
    assert SuppressionRelease.objects.count() == 1
    assert ">Release</button>" not in page(console, other)


@pytest.mark.parametrize(
    "said",
    [
        {"confirmed": ""},
        {"reason": "complaint"},
        {"service": "sendgrid"},
        {"reason": "nonsense"},
        {"service": "x" * 99},
    ],
    ids=["not confirmed", "another reason", "another service", "no reason", "no service"],
)
def test_what_was_not_confirmed_or_is_not_listed_is_not_released(console, looked, said) -> None:
    assert "Nothing was released" in release(console, looked(BOUNCE, COMPLAINT), **said)
    assert not SuppressionRelease.objects.exists()


def test_only_agents_release(client: Client, looked: Looked) -> None:
    case = looked(BOUNCE)
    response = client.post(f"/console/cases/{case.reference}/release/", {"service": "postmark", "reason": "bounce"})
    assert response.status_code == 302
    assert "/sign-in/" in response.headers["Location"]
    assert not SuppressionRelease.objects.exists()


# --- the worker ---


@pytest.fixture
def asked(looked: Looked) -> Case:
    case = looked(BOUNCE)
    suppressions.request_release(case, service="postmark", reason=SuppressionReason.BOUNCE, asked_by="agent-one")
    return case


@contextmanager
def postmark(settings, reply: Reply) -> Iterator[Service]:
    with Service({("POST", "/message-streams/outbound/suppressions/delete"): reply}) as service:
        settings.SENDING_SERVICES = ["postmark"]
        settings.POSTMARK_URL, settings.POSTMARK_SERVER_TOKEN = service.url, "token"
        yield service


@pytest.mark.django_db(transaction=True)
def test_a_worker_asks_the_service_once(console: Client, asked: Case, settings) -> None:
    pk = asked.suppression_releases.get().pk
    deleted = {"Suppressions": [{"EmailAddress": asked.address, "Status": "Deleted", "Message": None}]}
    with postmark(settings, Reply(200, deleted)) as service:
        for _ in range(2):
            tasks.release_suppression(pk)
    assert [json.loads(request.body) for request in service.requests] == [
        {"Suppressions": [{"EmailAddress": asked.address}]}
    ]
    assert asked.suppression_releases.get().outcome == "released"
    shown = page(console, asked)
    assert "the service sends to this address again" in shown
    assert "have the customer send a test message" in shown


@pytest.mark.django_db(transaction=True)
def test_a_silent_service_leaves_it_open(console: Client, asked: Case, settings) -> None:
    with postmark(settings, Reply(503, {})):
        tasks.release_suppression(asked.suppression_releases.get().pk)
    assert asked.suppression_releases.get().outcome == "silent"
    assert "may be released or not" in page(console, asked)


def test_a_worker_that_was_lost_leaves_an_unknown_outcome(asked: Case) -> None:
    release = asked.suppression_releases.get()
    assert suppressions.claim_release(release.pk)
    assert suppressions.give_up_lost() == 0
    SuppressionRelease.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    assert suppressions.give_up_lost() == 1
    assert suppressions.claim_release(release.pk) is None, "it is never asked for again by itself"
