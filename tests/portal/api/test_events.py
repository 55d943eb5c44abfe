"""The list of events: in order, complete, also where one is committed late."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.dispatch import publish_events
from diagnostics.models import CaseEvent
from diagnostics.services.cases import mint_link
from portal.api.cursors import cursor as made
from tests.portal.api.conftest import CANNED, CASE, Api, MakeApi, finish, opened, problem_of

pytestmark = pytest.mark.django_db


def page_of(api: Api, query: str = "") -> Any:
    publish_events()
    return api.get(f"/events{query}").json()


def kinds(api: Api, path: str = "/events") -> list[tuple[str, str, int | None]]:
    publish_events()
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
    page = page_of(testing)
    assert len(page["items"]) == 2
    assert "mailbox.full" not in str(page)


def test_pages_are_read_on_and_on(api: Api) -> None:
    cases = [opened(api, CASE | {"address": f"anna{n}@example.org"}).reference for n in range(5)]
    found, cursor, more = [], "", True
    while more:
        page = page_of(api, f"?limit=2{cursor}")
        found += [one["case"] for one in page["items"]]
        cursor, more = f"&cursor={page['next_cursor']}", page["has_more"]
    assert found == cases
    nothing_new = page_of(api, f"?limit=2{cursor}")
    assert (nothing_new["items"], f"&cursor={nothing_new['next_cursor']}") == ([], cursor)
    opened(api, CASE | {"address": "new@example.org"})
    assert len(page_of(api, f"?limit=2{cursor}")["items"]) == 1


def test_an_event_that_is_committed_late_with_a_lower_number_is_not_skipped(api: Api) -> None:
    slow, quick = (opened(api, CASE | {"address": f"anna{n}@example.org"}) for n in range(2))
    first = CaseEvent.objects.get(case=slow)
    CaseEvent.objects.filter(pk=first.pk).delete()  # not there yet, as far as anybody can see
    before = page_of(api)
    assert [one["case"] for one in before["items"]] == [quick.reference]
    first.save(force_insert=True)
    after = page_of(api, f"?cursor={before['next_cursor']}")
    assert [one["id"] for one in after["items"]] == [first.pk]
    assert first.pk < before["items"][0]["id"]


def test_what_is_not_published_is_not_shown(api: Api) -> None:
    case = opened(api)
    for path in ("/events", f"/cases/{case.reference}/events"):
        page = api.get(path).json()
        assert (page["items"], page["next_cursor"], page["has_more"]) == ([], None, False)


def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    for n in range(2):
        opened(api, CASE | {"address": f"anna{n}@example.org"})
    cursor = api.get("/cases?limit=1").json()["next_cursor"]
    assert problem_of(api.get(f"/events?cursor={cursor}")) == "not-valid"
    assert problem_of(api.get(f"/events?cursor={made('e', 1, 2)}")) == "not-valid"
    assert api.get(f"/events?cursor={made('e', 1)}").status_code == 200


def test_a_client_hears_of_its_own_cases_only(make_api: MakeApi) -> None:
    mine, other, testing = make_api(vendor="timeclock"), make_api(vendor="clockify"), make_api(is_test=True)
    case = opened(mine, CASE | {"article": "timeclock"})
    mint_link(case)
    assert len(kinds(mine)) == 1
    assert kinds(other) == []
    assert kinds(testing) == []
    assert problem_of(other.get(f"/cases/{case.reference}/events")) == "not-found"
