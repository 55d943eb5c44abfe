"""Lists of domains and names beside the providers: one a line, `#` begins a remark."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "providers"


@cache
def listed(name: str) -> dict[str, None]:
    """The entries of a data file, in its order."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return dict.fromkeys(line for line in text.splitlines() if line and not line.startswith("#"))
