"""The table of words in docs/architecture.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnostics import tasks
from diagnostics.domain import ProbeGroup

ROOT = Path(__file__).resolve().parents[1]
WORDS = {
    word: (meaning, where)
    for word, meaning, where in re.findall(
        r"^\| (.+) \| (.+) \| (.+) \|$",
        (ROOT / "docs" / "architecture.md").read_text().partition("## Words")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
    if word != "word"
}


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("word", WORDS)
def test_what_a_word_means_stands_where_the_table_says(word: str) -> None:
    places = quoted(WORDS[word][1])
    assert places
    for place in places:
        found = [folder / place for folder in (ROOT, ROOT / "diagnostics") if (folder / place).exists()]
        assert len(found) == 1, place
        assert found[0].is_dir() == place.endswith("/"), place


def test_the_groups_are_all_there_and_one_task_carries_them() -> None:
    *groups, task = quoted(WORDS["Group"][0])
    assert groups == [group.value for group in ProbeGroup]
    assert hasattr(tasks, task)
