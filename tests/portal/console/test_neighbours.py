from django.db import connection
from django.test.utils import CaptureQueriesContext

from diagnostics.models import Case
from portal.console.neighbours import MOST, Neighbours, neighbours_of


def told(found: Neighbours) -> dict[str, list[Case]]:
    kinds = {"address": found.address, "domain": found.domain, "company": found.company}
    return {kind: [row.case for row in rows] for kind, rows in kinds.items()}


def test_a_case_alone_has_none(open_one) -> None:
    assert not neighbours_of(open_one("anna@example.org", company_id="ACME-1"))


def test_each_other_case_is_told_once_under_the_nearest_kind(open_one) -> None:
    case = open_one("anna@example.org", company_id="ACME-1")
    again = open_one("Anna@example.org", company_id="ACME-1")
    colleague = open_one("bert@example.org", company_id="ACME-1")
    same_company = open_one("carl@example.net", company_id="acme-1")
    open_one("dora@example.com", company_id="ACME-11")
    assert told(neighbours_of(case)) == {"address": [again], "domain": [colleague], "company": [same_company]}


def test_five_of_a_kind_are_enough_newest_first(open_one) -> None:
    case = open_one("anna@example.org")
    others = [open_one() for _ in range(MOST + 2)]
    assert told(neighbours_of(case))["domain"] == others[::-1][:MOST]
    assert told(neighbours_of(case, limit=2))["domain"] == others[::-1][:2]


def test_another_vendors_cases_are_not_told(open_one) -> None:
    case, other = open_one("anna@example.org"), open_one("bert@example.org")
    Case.objects.filter(pk=other.pk).update(vendor="another")
    assert not neighbours_of(case)


def test_many_take_no_more_queries_than_few(open_one) -> None:
    case = open_one("anna@example.org")
    for expected in (0, 12):
        for number in range(expected):
            open_one()
            open_one(f"carl{number}@example.net")
            Case.objects.filter(pk=open_one().pk).update(address="anna@example.org")
        with CaptureQueriesContext(connection) as captured:
            neighbours_of(case)
        assert len(captured) == 3
