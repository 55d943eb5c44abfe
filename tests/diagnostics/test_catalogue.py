"""Every cause says what proves it and what only hints at it, and says it as the checks do."""

from __future__ import annotations

from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from diagnostics import registry
from diagnostics.domain import Stage, Who
from diagnostics.registry import Check
from diagnostics.remedies import PLACEHOLDER, remedies
from tests.diagnostics.emissions import emissions

PAGE = Path(settings.BASE_DIR) / "docs" / "causes.md"
LONGEST_LINE = 200
TAGS = pytest.mark.parametrize("tag", sorted(remedies()))


@cache
def said() -> dict[str, set[str]]:
    return emissions()


@cache
def printed(*options: str) -> str:
    output = StringIO()
    call_command("causes", *options, stdout=output)
    return output.getvalue()


@TAGS
def test_a_proof_is_told_exactly_where_a_check_proves(tag: str) -> None:
    assert bool(remedies()[tag].proof) == ("proves" in said()[tag])


@TAGS
def test_a_hint_is_told_exactly_where_a_check_hints_or_notes(tag: str) -> None:
    assert bool(remedies()[tag].hint) == (not said()[tag].isdisjoint({"hints", "notes"}))


@TAGS
def test_proof_and_hint_are_one_short_plain_line(tag: str) -> None:
    for text in filter(None, (remedies()[tag].proof, remedies()[tag].hint)):
        assert len(text) <= LONGEST_LINE
        assert text.endswith(".")
        assert not PLACEHOLDER.search(text), "nothing fills these lines"


@TAGS
def test_what_is_only_ever_noted_is_called_no_fault(tag: str) -> None:
    only_noted = "notes" in said()[tag] and said()[tag].isdisjoint({"proves", "hints"})
    assert only_noted <= remedies()[tag].hint.endswith("No fault by itself.")


@pytest.mark.parametrize("check", registry.checks(), ids=lambda check: check.name)
def test_every_tag_that_a_check_declares_is_found_in_its_source(check: Check) -> None:
    """Else the tests above would compare with nothing: `emissions` cannot follow the way that the tag goes."""
    assert {tag for tag in check.emits if not said().get(tag)} == set()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("mx.null", {"proves"}),
        ("domain.gone", {"proves", "hints"}),
        ("mx.ipv6-only", {"hints", "notes"}),
        ("placed.other-tab", {"proves"}),
        ("address.other-company", {"proves", "rules_out"}),
        ("our.host-down", {"hints", "notes"}),
        ("mailbox.full", {"proves", "hints", "notes"}),
    ],
    ids=["constant", "chosen between", "variable", "table", "looked up", "parameter", "words of a server"],
)
def test_what_checks_say_is_read_from_their_source(tag: str, expected: set[str]) -> None:
    assert said()[tag] == expected


def test_a_cause_that_is_ours_to_repair_stands_where_we_can_repair_it() -> None:
    ours = {tag: one.cause for tag, one in remedies().items() if tag.startswith("our.")}
    assert ours
    assert {tag for tag, cause in ours.items() if Who.VENDOR not in cause.who} == set()
    assert {cause.stage for cause in ours.values()} <= {Stage.SENT, Stage.HOSTS}


def test_the_page_of_causes_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == printed("--markdown"), "run: manage.py causes --markdown > docs/causes.md"


def test_every_cause_has_one_row_on_the_page_and_one_line_in_the_table() -> None:
    page, lines = printed("--markdown"), printed().splitlines()
    assert [tag for tag in remedies() if page.count(f"| `{tag}` |") != 1] == []
    assert sorted(line.split()[:2] for line in lines) == sorted([one.stage, tag] for tag, one in remedies().items())


def test_a_row_names_the_sections_of_both_articles_that_ask() -> None:
    (row,) = (line for line in printed("--markdown").splitlines() if "| `mailbox.full` |" in line)
    assert row.endswith("| timeclock: company-id, folders; verification: address, spam-folder |")
