"""The sentences by which mailers are understood, from `wording.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources


def any_of(name: str, *, before: str = "", flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """An expression for any sentence of one list, each behind `before`; case does not count."""
    sentences = "|".join(map(_with_any_blanks, _lists()[name]))
    return re.compile(f"{before}(?:{sentences})", re.IGNORECASE | flags)


def _with_any_blanks(sentence: str) -> str:
    return _BLANK.sub(lambda found: found[1] or (r"\s*" if found[2] else r"\s+"), sentence)


@cache
def _lists() -> dict[str, list[str]]:
    return tomllib.loads((resources.files("diagnostics.replies") / "wording.toml").read_text("utf-8"))


# Escapes and character classes stay as they are.
_BLANK = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])| (\?)?")
