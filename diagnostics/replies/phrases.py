"""The phrases of the rule files: rows of words with choices, beginnings and gaps, made into expressions.

A phrase is a row of words as `reading` leaves them: lower case, no accents, no punctuation, so `doesn t` for "doesn't".
`(a|b c|)` is a choice (not nested), `word*` a beginning, `..` a gap of up to four words, `...` of up to fifteen.
A phrase in another script than the Latin one is found anywhere in the text, inside longer words too.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from sys import intern

from diagnostics.replies.reading import Reading

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: for each place of the row, the rows of words that may stand there."""

    places: tuple[tuple[Row, ...], ...]
    foreign: bool
    plain: str
    expression: re.Pattern[str] | None

    def occurs_in(self, reading: Reading) -> bool:
        """Whether the reply says this."""
        if self.expression is None:
            return self.plain in reading.words
        return self.expression.search(reading.words) is not None

    def telling_words(self, commonness: Callable[[str], int]) -> list[frozenset[str]]:
        """Sets of words (or beginnings); of each set at least one occurs wherever the phrase does. Most telling first.

        Raises ValueError where every place may be left empty or filled by a very short beginning.
        """
        sets = [frozenset(words) for place in self.places if (words := _needed_words(place, commonness))]
        if not sets:
            raise ValueError(f"no whole word to find the phrase by: {self.places}")
        return sorted(sets, key=lambda words: sum(map(commonness, words)))

    def all_words(self) -> Iterator[str]:
        """Every word the phrase can hold."""
        return (word for place in self.places for row in place for word in row)


LETTERS_OF_A_BEGINNING = 4
"""Words that begin alike are looked up by this many letters and an asterisk."""


def parse(pattern: str) -> Phrase:
    """Read a phrase as the rule files write it; ValueError where brackets do not fit."""
    if _PLACE.sub("", pattern).strip():
        raise ValueError(f"phrase with a choice inside a choice, or a bracket too many: {pattern!r}")
    places: list[tuple[Row, ...]] = []
    for choice, word in _PLACE.findall(pattern):
        rows = choice.split("|") if choice else [word]
        places.append(tuple(dict.fromkeys(tuple(map(intern, row.split())) for row in rows)))
    foreign = not pattern.isascii()
    plain = f" {pattern} "
    if not foreign and _PLAIN.fullmatch(pattern):
        return Phrase(tuple(places), foreign, plain, None)
    written = "".join(_written_place(place, foreign) for place in places)
    return Phrase(tuple(places), foreign, plain, re.compile(written if foreign else f" {written}"))


_PLACE = re.compile(r"\(([^()]*)\)|([^\s()|]+)")
_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_GAPS = {"..": 4, "...": 15}
_LETTERS_A_WORD = 5


def _needed_words(place: tuple[Row, ...], commonness: Callable[[str], int]) -> set[str]:
    words: set[str] = set()
    for row in place:
        keys = [key for word in row if (key := _key(word))]
        if not keys:
            return set()
        words.add(min(keys, key=commonness))
    return words


def _key(word: str) -> str | None:
    if word.isalnum():
        return word
    if word.endswith("*") and len(word) > LETTERS_OF_A_BEGINNING:
        return word[:LETTERS_OF_A_BEGINNING] + "*"
    return None


def _written_place(place: tuple[Row, ...], foreign: bool) -> str:
    rows = ["".join(_written_word(word, foreign) for word in row) for row in place]
    return rows[0] if len(rows) == 1 else f"(?:{'|'.join(rows)})"


def _written_word(word: str, foreign: bool) -> str:
    if word in _GAPS:
        return rf".{{0,{_GAPS[word] * _LETTERS_A_WORD}}}?" if foreign else rf"(?:[^ ]+ ){{0,{_GAPS[word]}}}?"
    if foreign:
        return re.escape(word.rstrip("*")) + "[^ ]{0,12}? ?"
    return re.escape(word[:-1]) + "[^ ]* " if word.endswith("*") else re.escape(word) + " "
