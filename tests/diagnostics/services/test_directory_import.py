"""`manage.py import_directory`: a list of administrators comes in whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from time import monotonic

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.models import DirectoryEntry
from diagnostics.services.directory_csv import BadFile, BadLine, Entry, read_entries
from diagnostics.services.directory_import import Import, import_entries

HEADER = "company_id,address,administrator\n"
THREE = HEADER + "ACME-1,anna@example.org,yes\nACME-1,bert@example.org,no\nBeta 2,carla@example.net,1\n"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str | bytes) -> Path:
        path = tmp_path / "list.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def run(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_directory", str(path), "--vendor", "timeclock", *options, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def refused(path: Path, *options: str) -> tuple[str, int, list[str]]:
    """What the command says in the end, its exit status, and what it says about lines."""
    err = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("import_directory", str(path), "--vendor", "timeclock", *options, stdout=StringIO(), stderr=err)
    return str(failed.value), failed.value.returncode, err.getvalue().splitlines()


def on_file() -> set[tuple[str, str, bool]]:
    return set(DirectoryEntry.objects.filter(vendor="timeclock").values_list("company_id", "address", "administrator"))


ALL_THREE = {
    ("acme-1", "anna@example.org", True),
    ("acme-1", "bert@example.org", False),
    ("beta 2", "carla@example.net", True),
}


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        THREE,
        "\ufeff" + THREE,
        THREE.replace("\n", "\r\n"),
        THREE.replace(",", ";"),
        THREE.replace("ACME-1", '"ACME-1"').replace("yes", '"yes"'),
        THREE.replace("yes", " TRUE ").replace(",no", ",False").replace(",1", ",Yes"),
        THREE.replace("anna@example.org", " Anna+Codes@EXAMPLE.ORG "),
        THREE.replace("\n", "\n\n"),
        'Administrator;"Remark, or none";ADDRESS; Company_ID \n'
        'yes;"x;y";anna@example.org;ACME-1\n0;"two\nlines";bert@example.org; acme-1\ntrue;;carla@example.net;Beta 2\n',
    ],
    ids=[
        "plain", "byte order mark", "CRLF", "semicolons", "quoted", "other words for yes", "other spelling",
        "empty lines", "another order, more columns, a line end inside",
    ],
)  # fmt: skip
def test_lists_as_programs_write_them_are_read(db, write: Write, text: str) -> None:
    assert run(write(text)) == "3 added, 0 changed, 0 unchanged, 0 removed"
    assert on_file() == ALL_THREE


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ACME-1,anna", "has 2 columns"),
        ("ACME-1,anna,yes", "address: not a usable e-mail address (no_at)"),
        (",anna@example.org,yes", "company_id: between 1 and 64 printable characters"),
        ("A\x00CME,anna@example.org,yes", "company_id"),
        ("A" * 65 + ",anna@example.org,yes", "company_id"),
        ("ACME-1,anna@example.org,perhaps", "administrator: must be yes or no"),
        ("ACME-1,anna@example.org,", "administrator: must be yes or no"),
        ('ACME-1,"anna@example.org"x,yes', "not readable as CSV"),
        ("ACME-1," + "a" * 140_000 + ",yes", "not readable as CSV"),
    ],
    ids=lambda value: value if value.isprintable() and len(value) < 60 else "broken",
)
def test_a_bad_line_is_told_with_its_number_and_reason(line: str, reason: str) -> None:
    found = [one for one in read_entries([HEADER, "X-9,zoe@example.org,no\n", line + "\n"]) if isinstance(one, BadLine)]
    assert [(one.line, reason in one.reason) for one in found][:1] == [(3, True)]
    assert "anna" not in found[0].reason


def test_the_line_of_an_entry_is_counted_over_line_ends_inside_quotes() -> None:
    lines = [HEADER, '"AC\n', 'ME",anna@example.org,yes\n', "ACME-1,anna,yes\n"]
    assert [one.line for one in read_entries(lines)] == [2, 4]


def test_bytes_that_are_not_utf_8_are_a_bad_line(db, write: Write) -> None:
    path = write(THREE.encode() + "Gämma,emil@example.org,yes\n".encode("latin-1"))
    assert refused(path)[1:] == (65, ["line 5: is not UTF-8"])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "lacks company_id, address, administrator"),
        ("company_id,address\nACME-1,anna@example.org\n", "lacks administrator"),
        ("company_id,address,administrator,Address\n", "names address twice"),
        ("ACME-1,anna@example.org,yes\n", "the header lacks"),
        ('"company_id,address\n', "the header"),
    ],
    ids=["empty file", "column missing", "column twice", "no header", "open quote"],
)
def test_without_a_usable_header_nothing_is_read(db, write: Write, text: str, complaint: str) -> None:
    said, status, _ = refused(write(text))
    assert complaint in said
    assert status == 65


@given(st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from('",;\n\r\x00'), max_size=60), max_size=12))
def test_no_text_makes_the_reader_fail_in_another_way(lines: list[str]) -> None:
    for start in ([], [HEADER]):
        try:
            found = list(read_entries([*start, *lines]))
        except BadFile:
            continue
        assert all(isinstance(one, Entry | BadLine) for one in found)


# --- importing ------------------------------------------------------------------------------------------------------


def test_the_same_list_twice_changes_nothing(db, write: Write) -> None:
    run(write(THREE))
    before = list(DirectoryEntry.objects.order_by("pk").values())
    assert run(write(THREE)) == "0 added, 0 changed, 3 unchanged, 0 removed"
    assert list(DirectoryEntry.objects.order_by("pk").values()) == before


def test_a_longer_list_adds_and_changes_and_leaves_the_rest(db, write: Write) -> None:
    run(write(THREE))
    more = HEADER + "acme-1,BERT@example.org,yes\nACME-1,dora@example.org,no\n"
    assert run(write(more)) == "1 added, 1 changed, 0 unchanged, 0 removed"
    assert on_file() == {
        *ALL_THREE - {("acme-1", "bert@example.org", False)},
        ("acme-1", "bert@example.org", True),
        ("acme-1", "dora@example.org", False),
    }


def test_a_dry_run_says_the_same_and_changes_nothing(db, write: Write) -> None:
    run(write(THREE))
    before = on_file()
    shorter = HEADER + "ACME-1,anna@example.org,no\nACME-1,bert@example.org,no\nACME-1,dora@example.org,no\n"
    said = "1 added, 1 changed, 1 unchanged, 1 removed"
    assert run(write(shorter), "--replace", "--dry-run") == f"would be: {said}"
    assert on_file() == before
    assert run(write(shorter), "--replace") == said
    assert len(on_file()) == 3


def test_replace_leaves_other_vendors_alone(db, write: Write) -> None:
    DirectoryEntry.objects.create(vendor="clockify", company_id="x", address="x@example.org", administrator=True)
    run(write(THREE))
    run(write(HEADER + "ACME-1,anna@example.org,yes\nACME-1,bert@example.org,no\n"), "--replace")
    assert on_file() == ALL_THREE - {("beta 2", "carla@example.net", True)}
    assert DirectoryEntry.objects.filter(vendor="clockify").count() == 1


def test_more_than_half_is_removed_by_force_only(db, write: Write) -> None:
    run(write(THREE))
    path = write(HEADER + "ACME-1,anna@example.org,yes\n")
    said, status, _ = refused(path, "--replace")
    assert "would remove 2 of 3 entries" in said
    assert status == 65
    assert on_file() == ALL_THREE
    assert run(path, "--replace", "--force") == "0 added, 0 changed, 1 unchanged, 2 removed"


def test_an_empty_list_removes_nobody_by_mistake(db, write: Write) -> None:
    run(write(THREE))
    assert "would remove 3 of 3" in refused(write(HEADER), "--replace")[0]
    assert run(write(HEADER)) == "0 added, 0 changed, 0 unchanged, 0 removed"
    assert on_file() == ALL_THREE


def test_one_bad_line_keeps_all_others_out_unless_it_is_left_out(db, write: Write) -> None:
    path = write(THREE + "ACME-1,nobody,yes\n")
    assert refused(path)[1:] == (65, ["line 5: address: not a usable e-mail address (no_at)"])
    assert on_file() == set()
    assert run(path, "--skip-bad").startswith("3 added")
    assert on_file() == ALL_THREE


def test_whoever_is_on_a_bad_line_is_not_removed(db, write: Write) -> None:
    run(write(THREE))
    path = write(THREE.replace(",no\n", ",perhaps\n"))
    assert "needs a list without bad lines" in refused(path, "--replace", "--skip-bad")[0]
    assert on_file() == ALL_THREE


def test_fifty_bad_lines_are_listed_and_the_others_counted(db, write: Write) -> None:
    _, _, lines = refused(write(HEADER + "x,y,z\n" * 60))
    assert [line.partition(":")[0] for line in lines[:50]] == [f"line {number}" for number in range(2, 52)]
    assert lines[50:] == ["… and 10 more"]


def test_two_lines_that_contradict_each_other_are_told_and_the_first_counts(db, write: Write) -> None:
    path = write(THREE + "acme-1,Anna+x@example.org,no\nACME-1,anna@example.org,yes\n")
    assert refused(path)[2] == ["line 5: administrator: line 2 says otherwise"]
    run(path, "--skip-bad")
    assert on_file() == ALL_THREE


def test_what_looks_like_sql_or_copy_is_a_name_like_any_other(db, write: Write) -> None:
    names = ["'); drop table diagnostics_case; --", "\\n\\.", "\\.", "=1+1", "null"]
    run(write(HEADER + "".join(f'"{name}",anna@example.org,yes\n' for name in names)))
    assert {company for company, _, _ in on_file()} == set(names)


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("list.csv", "--vendor", "nobody"), 64, "there is no vendor 'nobody', only "),
        (("missing.csv", "--vendor", "timeclock"), 66, "missing.csv: cannot be read (No such file or directory)"),
        ((".", "--vendor", "timeclock"), 66, "cannot be read (Is a directory)"),
    ],
    ids=["vendor", "file", "folder"],
)
def test_what_cannot_be_asked_for_ends_with_a_sentence(db, arguments, status: int, complaint: str) -> None:
    with pytest.raises(CommandError) as failed:
        call_command("import_directory", *arguments)
    assert complaint in str(failed.value)
    assert failed.value.returncode == status


@pytest.mark.slow
def test_a_hundred_thousand_lines_take_seconds(db, write: Write) -> None:
    path = write(HEADER + "".join(f"company-{n % 9000},user{n}@example.org,{n % 2}\n" for n in range(100_000)))
    began = monotonic()
    assert run(path).startswith("100000 added")
    assert monotonic() - began < 60


def test_a_list_is_never_held_in_memory() -> None:
    """The reader asks for the next line only when the one before has been handed on."""
    asked = 0

    def lines() -> Iterator[str]:
        nonlocal asked
        yield HEADER
        for number in range(1000):
            asked += 1
            yield f"ACME-1,user{number}@example.org,yes\n"

    for handed_on, _ in enumerate(read_entries(lines()), start=1):
        assert asked <= handed_on


def test_the_import_reports_to_other_callers_too(db) -> None:
    outcome = import_entries([Entry(2, "acme-1", "anna@example.org", True)], Import("timeclock"))
    assert (outcome.added, outcome.bad, outcome.refused) == (1, (), "")
