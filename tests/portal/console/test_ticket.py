import pytest
from django.conf import settings
from django.test import Client


def url(ticket: str, helpdesk: str = "zendesk") -> str:
    return f"/console/tickets/{helpdesk}/{ticket}/"


def test_a_ticket_with_one_case_leads_to_it(console: Client, open_one) -> None:
    case = open_one(helpdesk="zendesk", ticket="4711")
    open_one(helpdesk="freshdesk", ticket="4711")
    response = console.get(url("4711"))
    assert response.status_code == 302
    assert response["Location"] == f"/console/cases/{case.reference}/"


def test_a_ticket_with_several_cases_lists_them_newest_first(console: Client, open_one) -> None:
    older, newer = (open_one(helpdesk="zendesk", ticket="4711") for _ in range(2))
    response = console.get(url("4711"))
    assert [row.case for row in response.context["page"].rows] == [newer, older]


def test_a_ticket_without_a_case_offers_a_link_for_the_customer(console: Client) -> None:
    page = console.get(url("HELP-12%2342")).content.decode()
    assert "no case for this ticket yet" in page
    assert f"{settings.PORTAL_URL}/go/timeclock/?hd=zendesk&amp;t=HELP-12%2342" in page


@pytest.mark.parametrize(
    ("helpdesk", "ticket"),
    [
        ("Zendesk", "1"),
        ("z" * 21, "1"),
        ("zendesk", "1" * 65),
        ("zendesk", "1%0A"),
        ("zendesk", "a b"),
        ("zendesk", "%00"),
    ],
    ids=["capitals", "long name", "long ticket", "line end", "space", "NUL"],
)
def test_a_malformed_ticket_is_not_found(console: Client, helpdesk: str, ticket: str) -> None:
    assert console.get(url(ticket, helpdesk)).status_code == 404
