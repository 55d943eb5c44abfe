"""The written table: who gets what answer at which address. It lies in `docs/authorisation.md`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).resolve().parents[3] / "docs" / "authorisation.md"
BEGIN = "| request |"
BAR = r"\|"
"""A bar inside of a cell."""

Row = dict[str, str]
"""Visitor to outcome."""
Table = dict[str, Row]
"""Request (`GET /console/`) to row."""


def read() -> Table:
    rows = [_cells(line) for line in FILE.read_text().splitlines() if line.startswith("|")]
    if not rows:
        return {}
    head, _rule, *body = rows
    return {cells[0].strip("`"): dict(zip(head[1:], cells[1:], strict=True)) for cells in body}


def write_column(visitor: str, outcomes: Mapping[str, str], visitors: list[str]) -> None:
    """Put what one visitor really got into the table; rows that no address has any more go."""
    table = read()
    for request in set(table) - set(outcomes):
        del table[request]
    for request, outcome in outcomes.items():
        table.setdefault(request, {})[visitor] = outcome
    text = FILE.read_text()
    before = text[: text.index(BEGIN)] if BEGIN in text else text.rstrip() + "\n\n"
    lines = [f"{BEGIN} {' | '.join(visitors)} |", f"|{'---|' * (len(visitors) + 1)}"]
    lines += [
        f"| `{request}` | {' | '.join(row.get(one, '?') for one in visitors)} |"
        for request, row in sorted(table.items())
    ]
    FILE.write_text(before + "\n".join(lines) + "\n")


def _cells(line: str) -> list[str]:
    return [cell.strip().replace(BAR, "|") for cell in line.strip().strip("|").split(" | ")]
