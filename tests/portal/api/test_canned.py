"""Test keys: recorded evidence, the real checks, no probe and no mail."""

from __future__ import annotations

import json

import pytest
from django.core import mail

from diagnostics import dispatch, probing, tasks
from diagnostics.articles import article
from diagnostics.canned import FOLDER, Canned, canned
from diagnostics.domain import Address, Stage, Verdict
from diagnostics.models import Case, MessageState, Purpose
from diagnostics.services.api_keys import Scope
from diagnostics.services.deep_links import live_link, open_linked_case
from diagnostics.services.messages import request_message
from tests.diagnostics.taking import claim_group
from tests.portal.api.conftest import CANNED, CASE, Api, MakeApi, finish, opened, problem_of


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the network was asked for")

    for module in (probing, tasks):
        monkeypatch.setattr(module, "configured_network", refuse)
    monkeypatch.setattr(tasks, "sender", refuse)


def work(case: Case) -> None:
    """The worker's own task, for each group."""
    for group in case.runs.order_by("-number")[0].groups.order_by("pk"):
        tasks.run_groups([group.pk])


@pytest.mark.django_db
@pytest.mark.parametrize("recording", canned().values(), ids=lambda one: one.slug)
def test_the_real_checks_come_to_the_diagnosis_that_the_list_promises(testing: Api, recording: Canned) -> None:
    case = opened(testing, CASE | {"address": recording.address})
    finish(case)
    found = testing.get(f"/cases/{case.reference}/diagnosis").json()
    assert (found["state"], found["verdict"]) == ("finished", recording.verdict)
    assert [one["cause"] for one in found["causes"][:1]] == ([recording.cause] if recording.cause else [])


def test_the_recordings_show_every_verdict_and_most_stages() -> None:
    assert {one.verdict for one in canned().values()} == set(Verdict)
    assert len({one.stage for one in canned().values()} & set(Stage)) >= 6
    assert all(one.domain.endswith(".test") for one in canned().values())


def test_the_recordings_tell_of_no_real_place() -> None:
    for path in FOLDER.glob("*.json"):
        text = json.dumps(json.loads(path.read_text()))
        assert "127.0.0.1" not in text
        assert "localhost" not in text


@pytest.mark.django_db(transaction=True)
def test_a_worker_plays_the_recording_and_nobody_is_asked(make_api: MakeApi, no_network: None) -> None:
    testing = make_api(is_test=True)
    case = opened(testing, CANNED)
    assert testing.get(f"/cases/{case.reference}").json()["state"] == "checking"
    work(case)
    assert testing.get(f"/cases/{case.reference}").json()["state"] == "open"
    dispatch.publish_events()
    assert [one["kind"] for one in testing.get("/events").json()["items"]] == ["case.created", "run.finished"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("purpose", "address", "state"),
    [
        (Purpose.PRIMARY, "anna@mailbox-full.test", MessageState.DEFERRED),
        (Purpose.COMPARISON, "anna@example.org", MessageState.UNREACHABLE),
    ],
)
def test_no_test_message_leaves_us(
    make_api: MakeApi, no_network: None, purpose: Purpose, address: str, state: MessageState
) -> None:
    case = opened(make_api(is_test=True), CANNED)
    work(case)
    local_part, _, domain = address.partition("@")
    message = request_message(case, purpose=purpose, address=Address(local_part, domain), source="192.0.2.1")
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert message.state in (state, MessageState.QUEUED)  # put off: to be handed over again
    assert mail.outbox == []


def test_a_test_key_knows_no_other_domain(testing: Api) -> None:
    for path in ("/cases", "/links"):
        response = testing.post(path, CASE)
        assert (response.status_code, problem_of(response)) == (422, "not-a-test-domain")
        assert testing.get(response.json()["test_domains"]).status_code == 200
    assert not Case.objects.exists()


def test_another_key_is_not_served_from_recordings(api: Api) -> None:
    from diagnostics.services.canned import play

    case = opened(api, CANNED)
    claim = claim_group(case.runs.get().groups.get(name="dns").pk)
    assert claim is not None
    assert not play(claim)


def test_the_list_needs_no_key(db: None, client) -> None:
    items = client.get("/api/v1/test-domains").json()["items"]
    assert [one["domain"] for one in items] == list(canned())


def test_the_case_of_a_test_link_is_played_too(testing: Api) -> None:
    response = testing.post("/links", CANNED)
    link = live_link(response.json()["url"].rstrip("/").rpartition("/")[2])
    verification = article("verification")
    assert link is not None
    assert verification is not None
    case = open_linked_case(link, article=verification, source="192.0.2.1", language="en")
    finish(case)
    assert testing.get(f"/cases/{case.reference}/diagnosis").json()["verdict"] == "cause_found"


def test_what_the_records_say_takes_a_key_that_vouches(make_api: MakeApi) -> None:
    body = CASE | {"address": "anna@suppressed-after-bounce.test"}
    api = make_api(Scope.CASE_WRITE, Scope.DIAGNOSIS_READ, is_test=True)
    case = opened(api, body)
    finish(case)
    assert "suppressed.bounce" not in api.get(f"/cases/{case.reference}/diagnosis").content.decode()
