"""The list of events: in order, complete, also where transactions end in another order than they began."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from diagnostics.models import CaseEvent, CaseEventKind
from diagnostics.services.case_events import announce
from diagnostics.services.cases import mint_link
from tests.portal.api.conftest import CANNED, CASE, Api, MakeApi, finish, opened, problem_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]
"""Serial: a test beside it, in another database of the same server, would hold events back with its transaction."""
LIMIT = 30
"""Seconds that one thread waits for the other."""


def kinds(api: Api, path: str = "/events") -> list[tuple[str, str, int | None]]:
    return [(one["case"], one["kind"], one["run"]) for one in api.get(path).json()["items"]]


def test_events_tell_what_happened_oldest_first(testing: Api) -> None:
    case, other = opened(testing, CANNED), opened(testing, CANNED)
    finish(case)
    created, done = (case.reference, "case.created", None), (case.reference, "run.finished", 1)
    assert kinds(testing) == [created, (other.reference, "case.created", None), done]
    assert kinds(testing, f"/cases/{case.reference}/events") == [created, done]


def test_an_event_does_not_tell_what_the_vendors_records_say(testing: Api) -> None:
    case = opened(testing, CANNED)
    finish(case)
    assert CaseEvent.objects.get(kind="run.finished").data["verdict"]
    assert "mailbox.full" not in testing.get("/events").content.decode()


def test_pages_are_read_on_and_on(api: Api) -> None:
    cases = [opened(api, CASE | {"address": f"anna{n}@example.org"}).reference for n in range(5)]
    found, cursor, more = [], "", True
    while more:
        page = api.get(f"/events?limit=2{cursor}").json()
        found += [one["case"] for one in page["items"]]
        cursor, more = f"&cursor={page['next_cursor']}", page["has_more"]
    assert found == cases
    nothing_new = api.get(f"/events?limit=2{cursor}").json()
    assert (nothing_new["items"], f"&cursor={nothing_new['next_cursor']}") == ([], cursor)
    opened(api, CASE | {"address": "new@example.org"})
    assert len(api.get(f"/events?limit=2{cursor}").json()["items"]) == 1


def test_an_event_that_is_committed_later_with_a_lower_number_is_not_skipped(api: Api) -> None:
    case = opened(api)
    start = api.get("/events").json()["next_cursor"]
    written, may_commit = threading.Event(), threading.Event()
    slow: list[int] = []

    def slow_writer() -> None:
        try:
            with transaction.atomic():
                slow.append(announce(case, CaseEventKind.RUN_FINISHED, run=1).pk)
                written.set()
                assert may_commit.wait(LIMIT)
        finally:
            connection.close()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    try:
        assert written.wait(LIMIT)
        quick = announce(case, CaseEventKind.RUN_FINISHED, run=2)
        assert quick.pk > slow[0]
        meanwhile = api.get(f"/events?cursor={start}").json()
        assert meanwhile["items"] == []
    finally:
        may_commit.set()
        thread.join(LIMIT)
    after = api.get(f"/events?cursor={meanwhile['next_cursor']}").json()
    assert [one["run"] for one in after["items"]] == [1, 2]


def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    for n in range(2):
        opened(api, CASE | {"address": f"anna{n}@example.org"})
    cursor = api.get("/cases?limit=1").json()["next_cursor"]
    assert problem_of(api.get(f"/events?cursor={cursor}")) == "not-valid"


def test_a_client_hears_of_its_own_cases_only(make_api: MakeApi) -> None:
    mine, other, testing = make_api(vendor="timeclock"), make_api(vendor="clockify"), make_api(is_test=True)
    case = opened(mine, CASE | {"article": "timeclock"})
    mint_link(case)
    assert len(kinds(mine)) == 1
    assert kinds(other) == []
    assert kinds(testing) == []
    assert problem_of(other.get(f"/cases/{case.reference}/events")) == "not-found"
