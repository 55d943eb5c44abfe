"""Who is on file in the imported table, and who nearly is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.domain import DirectoryAnswer, Gap, Membership, NotApplicable
from diagnostics.models import DirectoryEntry
from diagnostics.services.directory import look_up, nearest
from tests.diagnostics.networks import VENDOR, target

ENTRIES = [
    ("timeclock", "acme-1", "anna@example.org", True),
    ("timeclock", "acme-1", "bert@example.org", False),
    ("timeclock", "beta-2", "carla@beta.example", True),
    ("timeclock", "beta-2", "100%_off@beta.example", True),
    ("clockify", "other-3", "dora@example.org", True),
]


@pytest.fixture
def table(db) -> None:
    DirectoryEntry.objects.bulk_create(
        DirectoryEntry(vendor=vendor, company_id=company, address=address, administrator=administrator)
        for vendor, company, address, administrator in ENTRIES
    )


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("company", "address", "expected"),
    [
        ("acme-1", "anna@example.org", DirectoryAnswer(Membership.ADMINISTRATOR)),
        ("  ACME-1 ", "Anna+codes@EXAMPLE.org", DirectoryAnswer(Membership.ADMINISTRATOR)),
        ("ACME-1", "bert@example.org", DirectoryAnswer(Membership.NOT_ADMINISTRATOR)),
        ("ACME-1", "carla@beta.example", DirectoryAnswer(Membership.OTHER_COMPANY)),
        ("NONE-9", "carla@beta.example", DirectoryAnswer(Membership.OTHER_COMPANY)),
        ("ACME-1", "zoe@example.org", DirectoryAnswer(Membership.NOT_ON_FILE)),
        ("ACME-1", "ana@example.org", DirectoryAnswer(Membership.NOT_ON_FILE, "anna@example.org")),
        ("BETA-2", "carla@betta.example", DirectoryAnswer(Membership.NOT_ON_FILE, "carla@beta.example")),
        ("ACME-1", "carlo@beta.example", DirectoryAnswer(Membership.NOT_ON_FILE)),
        ("BETA-2", "%@beta.example", DirectoryAnswer(Membership.NOT_ON_FILE)),
        ("NONE-9", "zoe@example.org", DirectoryAnswer(Membership.COMPANY_UNKNOWN)),
        ("other-3", "dora@example.org", DirectoryAnswer(Membership.COMPANY_UNKNOWN)),
        ("", "zoe@example.org", DirectoryAnswer(Membership.COMPANY_UNKNOWN)),
        ("' OR 1=1 --", "zoe@example.org", DirectoryAnswer(Membership.COMPANY_UNKNOWN)),
    ],
    ids=[
        "administrator", "other spelling", "no administrator", "elsewhere", "elsewhere, and no such company",
        "not on file", "a letter missing", "a slip in the domain", "a slip towards another company", "a sign of LIKE",
        "no such company", "another vendor's", "no company given", "SQL",
    ],
)  # fmt: skip
def test_company_and_address_are_looked_up_together(company: str, address: str, expected: DirectoryAnswer) -> None:
    assert look_up(replace(target(address), company_id=company)) == expected


@pytest.mark.usefixtures("table")
def test_a_vendor_of_whom_nothing_was_imported_accuses_nobody() -> None:
    with pytest.raises(NotApplicable) as nothing:
        look_up(replace(target(vendor=replace(VENDOR, slug="empty")), company_id="ACME-1"))
    assert nothing.value.gap is Gap.NOT_SET_UP


@pytest.mark.parametrize(
    ("typed", "on_file", "found"),
    [
        ("anna@example.org", ["anan@example.org"], "anan@example.org"),
        ("anna@example.org", ["ana@example.org", "annna@example.org"], "ana@example.org"),
        ("a.becker@example.org", ["a.bekcer@example.org"], "a.bekcer@example.org"),
        ("anna@exmaple.org", ["anna@example.org"], "anna@example.org"),
        ("anna@example.org", ["bert@example.org", "hanni@example.org", "joanna@example.org"], ""),
        ("anna@exmaple.org", ["ana@example.org"], ""),
        ("amy@example.org", ["may@example.org"], "may@example.org"),
        ("bob@example.org", ["rob@example.org", "bo@example.org", "bop@example.org"], ""),
        ("anna@example.org", [], ""),
    ],
    ids=[
        "two swapped", "one missing, the first of equals", "swapped", "in the domain", "other people",
        "on both sides of the @", "short, swapped", "short, other people", "nobody on file",
    ],
)  # fmt: skip
def test_near_is_a_slip_or_two_away(typed: str, on_file: list[str], found: str) -> None:
    assert nearest(typed, on_file) == found
