"""The way to the newest cases, step by step, with looks so short that a handful of cases takes all the ways."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from diagnostics.models import Case
from portal.console import slices
from portal.console.slices import Position, Selection, newest

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "LOOK", 3)


@pytest.fixture
def cases(db) -> list[Case]:
    """Sixty cases, one every two days, newest first, some at the same moment; two articles, three providers."""
    made = [
        Case(
            reference=f"CASE{number:04}",
            article="old" if number >= 40 else "new",
            provider=("first", "second", "third")[number % 3],
            domain="example.org" if number % 10 else "example.net",
            company_id="ACME-1",
            address=f"anna{number}@example.org",
            created_at=NOW - timedelta(days=2 * (number - number % 2)),
        )
        for number in range(60)
    ]
    return sorted(Case.objects.bulk_create(made), key=lambda case: (case.created_at, case.pk), reverse=True)


SELECTIONS = {
    "everything": ([], {}),
    "one part": (["article"], {"article": "old"}),
    "two parts": (["article", "provider"], {"article": "old", "provider": "second"}),
    "two parts that never meet": (["article", "domain"], {"article": "none", "domain": "example.net"}),
    "rare": (["domain", "provider"], {"domain": "example.net", "provider": "first"}),
    "another condition": ([], {"address__startswith": "anna5"}),
    "a part and another condition": (["provider"], {"provider": "third", "address__startswith": "anna4"}),
    "nothing": (["provider"], {"provider": "nobody"}),
    "a part of none and another": (["provider", "article"], {"provider": "nobody", "article": "new"}),
}


def selection(name: str) -> Selection:
    parts, conditions = SELECTIONS[name]
    alone = tuple(Case.objects.filter(**{part: conditions[part]}) for part in parts)
    return Selection(Case.objects.filter(**conditions), alone, whole=len(parts) == len(conditions))


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_page_after_page_is_the_plain_order(cases: list[Case], name: str, count: int) -> None:
    chosen = selection(name)
    expected = list(chosen.cases.newest_first())
    after, seen = None, []
    while part := newest(chosen, count, after=after):
        seen += part
        after = Position(part[-1].created_at, part[-1].pk)
    assert seen == expected
    assert all((one.created_at, one.pk) > (other.created_at, other.pk) for one, other in pairwise(seen))


@pytest.mark.parametrize("name", SELECTIONS)
def test_an_end_in_time_is_kept(cases: list[Case], name: str) -> None:
    chosen = selection(name)
    end = cases[17].created_at
    assert newest(chosen, 100, after=Position(end)) == list(chosen.cases.filter(created_at__lt=end).newest_first())


@pytest.mark.parametrize("name", SELECTIONS)
def test_four_queries_are_the_most(cases: list[Case], name: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        newest(selection(name), 26)
    assert len(captured) <= 4


def test_the_week_of_the_database_is_the_week_of_python(db) -> None:
    """A case at the first and at the last moment of a week: both sides have to agree where it ends."""
    monday = slices.EPOCH + 2931 * slices.WEEK
    moments = [monday - timedelta(microseconds=1), monday, monday + slices.WEEK - timedelta(microseconds=1)]
    for number, at in enumerate(moments):
        Case.objects.create(reference=f"WEEK{number}", article="new", provider="first", created_at=at)
    chosen = Selection(
        Case.objects.filter(article="new", provider="first"),
        (Case.objects.filter(article="new"), Case.objects.filter(provider="first")),
        whole=True,
    )
    for place, at in enumerate(moments):
        found = newest(chosen, 9, after=Position(at + timedelta(microseconds=1)))
        assert [case.created_at for case in found] == moments[: place + 1][::-1]
