from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnostics.models import Case
from portal.console.listing import PAGE_SIZE

URL = "/console/"


def references(response) -> list[str]:
    return [row.case.reference for row in response.context["page"].rows]


def test_a_console_without_cases_says_so(console: Client) -> None:
    assert "There is no case yet" in console.get(URL).content.decode()


def test_a_case_is_one_line_of_all_that_matters(console: Client, worked: Case) -> None:
    page = console.get(URL).content.decode()
    for expected in (worked.reference, "anna@example.org", "ACME-1", "zendesk", "4711", "Cause found", "Open"):
        assert expected in page
    assert "Your mailbox is full." in page
    assert "Proofpoint → Microsoft 365" in page


def test_a_case_under_way_says_so(console: Client, open_one) -> None:
    open_one()
    assert "Checking" in console.get(URL).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"anna", "bert", "carl"}),
        ("anna@example.org", {"anna"}),
        ("ANNA@EXAMPLE.ORG", {"anna"}),
        ("ber", {"bert"}),
        ("example.org", {"anna", "bert"}),
        ("@example.org", {"anna", "bert"}),
        ("ACME-2", {"bert"}),
        ("acme", {"anna", "bert"}),
        ("4711", {"anna"}),
        ("  4711\t", {"anna"}),
        ("471", set()),
        ("reference of carl", {"carl"}),
        ("%", set()),
        ("_nna", set()),
        ("' OR 1=1 --", set()),
        ("xample", set()),
    ],
)
def test_search(console: Client, open_one, query: str, found: set[str]) -> None:
    cases = {
        "anna": open_one("anna@example.org", company_id="ACME-1", helpdesk="zendesk", ticket="4711"),
        "bert": open_one("bert@example.org", company_id="ACME-2"),
        "carl": open_one("carl@example.net", company_id="OTHER"),
    }
    names = {case.reference: name for name, case in cases.items()}
    if query == "reference of carl":
        query = cases["carl"].reference.lower()
    assert {names[reference] for reference in references(console.get(URL, {"q": query}, follow=True))} == found


@pytest.mark.parametrize("query", ["a\x00b", "a" * 10_000], ids=["NUL", "10,000 characters"])
def test_what_cannot_be_searched_for_is_answered_beside_the_field(console: Client, open_one, query: str) -> None:
    open_one()
    response = console.get(URL, {"q": query})
    assert response.status_code == 200
    assert references(response) == []
    assert "field-error" in response.content.decode()


def test_a_search_without_a_result_says_how_to_search(console: Client, open_one) -> None:
    open_one()
    page = console.get(URL, {"q": "<b>nobody</b>"}).content.decode()
    assert "No case matches “&lt;b&gt;nobody&lt;/b&gt;”." in page
    assert "Show all cases" in page


def test_older_cases_follow_without_gap_or_repetition(console: Client, open_one) -> None:
    same_time = timezone.now()
    opened = [open_one() for _ in range(2 * PAGE_SIZE + 1)]
    Case.objects.filter(pk__in=[case.pk for case in opened[:40]]).update(created_at=same_time)
    expected = list(Case.objects.newest_first().values_list("reference", flat=True))
    seen, url = [], URL
    while url:
        response = console.get(url)
        seen += references(response)
        url = response.context["next_url"]
    assert seen == expected


def test_a_new_case_does_not_shift_the_next_page(console: Client, open_one) -> None:
    for _ in range(PAGE_SIZE + 2):
        open_one()
    first = console.get(URL)
    open_one()
    second = console.get(first.context["next_url"])
    assert not set(references(first)) & set(references(second))
    assert len(references(second)) == 2


def test_the_search_goes_on_over_pages(console: Client, open_one) -> None:
    for _ in range(PAGE_SIZE + 1):
        open_one(company_id="ACME & Sons")
        open_one(company_id="OTHER")
    first = console.get(URL, {"q": "acme & sons"})
    second = console.get(first.context["next_url"])
    assert [row.case.company_id for row in second.context["page"].rows] == ["ACME & Sons"]


@pytest.mark.parametrize(
    "spoil", ["", "x", "A" * 5000, "\x00", "ünïcode"], ids=["cut", "added", "long", "NUL", "words"]
)
def test_a_tampered_cursor_shows_the_first_page_with_a_note(console: Client, open_one, spoil: str) -> None:
    for _ in range(PAGE_SIZE + 1):
        open_one()
    first = console.get(URL)
    cursor = first.context["page"].cursor
    response = console.get(URL, {"after": cursor + spoil if spoil else cursor[1:]})
    assert references(response) == references(first)
    assert "damaged" in response.content.decode()


def test_thirty_cases_take_no_more_queries_than_three(console: Client, open_one, run_probes) -> None:
    def queries_with(count: int) -> int:
        for _ in range(count):
            run_probes(open_one())
        with CaptureQueriesContext(connection) as captured:
            assert console.get(URL).status_code == 200
        return len(captured)

    assert queries_with(3) == queries_with(27) <= 8


def test_the_newest_case_comes_first(console: Client, open_one) -> None:
    older, newer = open_one(), open_one()
    Case.objects.filter(pk=older.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert references(console.get(URL)) == [newer.reference, older.reference]
