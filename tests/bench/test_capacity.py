"""docs/capacity.md is what `_capacity` prints, and both count the polls of open pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.bench import _capacity
from tests.bench._capacity import CHANGED, POLLED, TAKEN, Measured, newest, told

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "capacity.md").read_text()
CASES = 1_000_000


@pytest.fixture
def measured() -> Measured:
    """The figures of the document's first table."""
    table = DOCUMENT.partition("| measured | |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (.+) \| ([0-9.,]+) ?(\S*) \|$", table, re.MULTILINE)
    return {name: (float(value.replace(",", "")), unit) for name, value, unit in rows}


def rows(measured: Measured) -> dict[str, str]:
    """The results of the second table."""
    return {line.split(" | ")[0][2:]: line.split("**")[1] for line in told(measured, CASES) if "**" in line}


def test_the_document_says_what_follows_from_its_figures(measured: Measured) -> None:
    assert "\n".join(told(measured, CASES)) in DOCUMENT


def test_polls_are_counted_where_they_cost_something(measured: Measured) -> None:
    before = rows(measured)
    after = rows({**measured, POLLED: (10 * measured[POLLED][0], "ms"), CHANGED: (10 * measured[CHANGED][0], "µs")})
    assert {name for name in before if after[name] != before[name]} == {
        *("cores for web", "cores for PostgreSQL", "cores in all, rounded up", "web processes"),
        "machines with 4 cores, if none is ever away",
    }


def test_the_newest_of_each_figure_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_capacity, "KEPT", tmp_path)
    for number, benchmarks in enumerate(("cases web one_case backlog", "cases")):
        figures = {
            benchmark: [{"name": name, "value": number, "unit": "ms"} for name in TAKEN[benchmark]]
            for benchmark in benchmarks.split()
        }
        (tmp_path / f"2026-03-0{number + 1}.json").write_text(json.dumps({"figures": figures}))
    found = newest()
    assert (found["CPU of a case, worker"], found[POLLED]) == ((1, "ms"), (0, "ms"))
    (tmp_path / "2026-03-01.json").unlink()
    with pytest.raises(SystemExit, match="and its polls"):
        newest()
