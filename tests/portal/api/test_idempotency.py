"""The same POST again is answered as the first time and changes nothing, whatever happened in between."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from diagnostics.models import ApiRequest, Case, CaseLink
from diagnostics.services import api_requests
from diagnostics.services.api_requests import Answer, StillRunning, TakenOver, once
from tests.portal.api.conftest import CASE, Api, MakeApi, opened, problem_of

LIMIT = 30
"""Seconds that one thread waits for another."""


def test_a_repeated_request_is_answered_as_the_first_time(api: Api) -> None:
    first = api.post("/cases", CASE, idempotency_key="one")
    again = api.post("/cases", CASE, idempotency_key="one")
    assert first.json() == again.json()
    assert first.headers["Location"] == again.headers["Location"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert (Case.objects.count(), CaseLink.objects.count()) == (1, 2)


@pytest.mark.parametrize("path", ["/cases", "/links", "/cases/{}/links", "/cases/{}/runs"])
def test_every_post_needs_a_key(api: Api, path: str) -> None:
    case = opened(api)
    response = api.post(path.format(case.reference), CASE, idempotency_key=None)
    if "kind" not in path and response.status_code == 422:
        response = api.post(path.format(case.reference), {"kind": "it"}, idempotency_key=None)
    assert (response.status_code, problem_of(response)) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["with space", "x" * 256, "\u00e9"])
def test_a_key_that_is_not_usable(api: Api, key: str) -> None:
    response = api.post("/cases", CASE, idempotency_key=key)
    assert (response.status_code, problem_of(response)) == (422, "not-valid")
    assert response.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_a_key_is_for_one_request_of_one_client(api: Api, make_api: MakeApi) -> None:
    api.post("/cases", CASE, idempotency_key="one")
    for path, body in [("/cases", CASE | {"company": "other"}), ("/links", CASE)]:
        response = api.post(path, body, idempotency_key="one")
        assert (response.status_code, problem_of(response)) == (422, "idempotency-key-reused")
    assert make_api().post("/cases", CASE, idempotency_key="one").status_code == 201


def test_after_an_error_the_same_key_may_be_tried_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("portal.api.cases.shown_case", fail)
        assert api.post("/cases", CASE, idempotency_key="one").status_code == 500
    assert not ApiRequest.objects.exists()
    assert api.post("/cases", CASE, idempotency_key="one").status_code == 201
    assert Case.objects.count() == 1


def test_a_request_that_is_being_worked_on_is_not_begun_again(api: Api) -> None:
    api.post("/cases", CASE, idempotency_key="one")
    ApiRequest.objects.update(status=None, taken_at=timezone.now())
    response = api.post("/cases", CASE, idempotency_key="one")
    assert (response.status_code, problem_of(response)) == (409, "request-still-running")
    assert int(response.headers["Retry-After"]) > 0


def test_a_request_whose_process_was_lost_is_taken_over(api: Api) -> None:
    """A process that was lost has committed nothing: what it did ends with its transaction."""
    api.post("/cases", CASE, idempotency_key="one")
    Case.objects.all().delete()
    ApiRequest.objects.update(status=None, taken_at=timezone.now() - api_requests.STALE_AFTER)
    response = api.post("/cases", CASE, idempotency_key="one")
    assert response.status_code == 201
    assert (Case.objects.count(), ApiRequest.objects.get().attempt) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_after_being_taken_over_keeps_nothing(make_api: MakeApi) -> None:
    api = make_api()
    case = opened(api)
    links = case.links.count()

    def other() -> None:
        try:
            ApiRequest.objects.filter(idempotency_key="one").update(taken_at=timezone.now() - api_requests.STALE_AFTER)
            once(api.client, "one", "same", lambda: Answer(201, "second"))
        finally:
            connection.close()

    def slow() -> Answer:
        CaseLink.objects.create(case=case, kind="it", token_hash="x", expires_at=timezone.now())
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(LIMIT)
        return Answer(201, "first")

    with pytest.raises(TakenOver):
        once(api.client, "one", "same", slow)
    assert case.links.count() == links
    assert once(api.client, "one", "same", slow) == Answer(201, "second", {}, replayed=True)


def test_after_a_day_a_key_is_forgotten(api: Api) -> None:
    api.post("/cases", CASE, idempotency_key="one")
    ApiRequest.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert api.post("/links", CASE, idempotency_key="one").status_code == 201
    ApiRequest.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert api_requests.forget_old() == 1


def test_what_was_answered_is_kept_sealed(api: Api) -> None:
    response = api.post("/links", CASE)
    assert response.json()["url"] not in ApiRequest.objects.get().body


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_is_done_once(make_api: MakeApi) -> None:
    api = make_api()
    at_once = threading.Barrier(4, timeout=LIMIT)
    answers: list[Any] = []

    def ask() -> None:
        try:
            at_once.wait()
            answers.append(api.post("/cases", CASE, idempotency_key="one"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(answers) == 4
    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert {problem_of(answer) for answer in answers if answer not in done} <= {"request-still-running"}
    assert len({answer.content for answer in done}) == 1
    assert (Case.objects.count(), CaseLink.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_begun_while_another_is_at_it(make_api: MakeApi) -> None:
    api = make_api()
    begun, may_end = threading.Event(), threading.Event()
    answers: list[Answer] = []

    def work() -> Answer:
        begun.set()
        assert may_end.wait(LIMIT)
        return Answer(201, "done")

    def ask() -> None:
        try:
            answers.append(once(api.client, "one", "same", work))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        assert begun.wait(LIMIT)
        with pytest.raises(StillRunning):
            once(api.client, "one", "same", work)
    finally:
        may_end.set()
        thread.join(LIMIT)
    assert [answer.body for answer in answers] == ["done"]
