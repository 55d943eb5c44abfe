"""The rules, read from `rules/*.toml` in the order of file names and of their places in the files; the first wins.

A rule looks so::

    [[rule]]
    name = "quota-exceeded"            # unique
    reason = "mailbox_full"
    says = ["mailbox (is|) full"]      # any of these phrases
    also = ["..."]                     # and any of these, where given
    unless = ["..."]                   # and none of these, where given
    codes = [452, 552]                 # and one of these reply codes, where given
    statuses = ["5.2.2", "*.2.2"]      # and one of these enhanced status codes, where given
    example = "552 5.2.2 mailbox full" # a reply that this very rule decides

`phrases` says how a phrase is written; each needs a whole word by which it is found.
A rule without phrases goes by its codes and statuses alone.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import chain
from typing import NamedTuple

from diagnostics.replies.phrases import LETTERS_OF_A_BEGINNING, Phrase, parse
from diagnostics.replies.reading import Reading
from diagnostics.replies.reasons import Reason


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of which one is enough, by a word that occurs wherever the phrase does."""

    by_word: dict[str, list[Phrase]]
    in_other_scripts: list[Phrase]

    @classmethod
    def of(cls, phrases: Iterable[Phrase]) -> Phrases:
        """The phrases under their telling words; ValueError where one has none."""
        by_word: dict[str, list[Phrase]] = {}
        in_other_scripts = []
        for phrase in phrases:
            if phrase.foreign:
                in_other_scripts.append(phrase)
                continue
            for word in phrase.telling_words(_general_commonness)[0]:
                by_word.setdefault(word, []).append(phrase)
        return cls(by_word, in_other_scripts)

    def __bool__(self) -> bool:
        return bool(self.by_word or self.in_other_scripts)

    def any_occurs_in(self, reading: Reading, words: set[str]) -> bool:
        """Whether one of them occurs; `words` are those of the reading, and their beginnings."""
        for word in self.by_word.keys() & words:
            for phrase in self.by_word[word]:
                if phrase.occurs_in(reading):
                    return True
        return reading.foreign and any(phrase.occurs_in(reading) for phrase in self.in_other_scripts)


@dataclass(frozen=True)
class Rule:
    """One row of the rule files."""

    name: str
    reason: Reason
    example: str
    says: tuple[Phrase, ...]
    also: Phrases
    unless: Phrases
    codes: frozenset[int] = frozenset()
    statuses: frozenset[str] = frozenset()

    def allows(self, reading: Reading, words: set[str]) -> bool:
        """Whether everything but `says` holds for this reply."""
        if self.codes and reading.code not in self.codes:
            return False
        if self.statuses and not self.statuses.intersection(_status_forms(reading)):
            return False
        if self.also and not self.also.any_occurs_in(reading, words):
            return False
        return not self.unless.any_occurs_in(reading, words)


class _Entry(NamedTuple):
    """A way to come upon a rule: one phrase of it, or nothing to look for where the rule goes by its codes alone."""

    rule: Rule
    plain: str
    search: Callable[[str], object] | None
    needed: frozenset[str]
    """One of these words must occur; cheaper to see than the whole phrase."""

    @classmethod
    def of(cls, rule: Rule, phrase: Phrase | None, needed: frozenset[str]) -> _Entry:
        if phrase is None:
            return cls(rule, "", None, needed)
        return cls(rule, phrase.plain, phrase.expression and phrase.expression.search, needed)


@dataclass(frozen=True)
class RuleSet:
    """All rules, indexed by one telling word of each phrase, so that a reply is compared with few of them."""

    rules: tuple[Rule, ...]
    _entries: list[_Entry] = field(repr=False)
    _places: dict[str, list[int]] = field(repr=False)
    """For each telling word the places of its entries; a smaller place goes first."""
    _telling: frozenset[str] = field(repr=False)
    _beginnings: frozenset[str] = field(repr=False)
    _in_other_scripts: list[int] = field(repr=False)

    def first_match(self, reading: Reading) -> Rule | None:
        """The first rule that holds, or None."""
        words = words_of(reading, self._beginnings)
        places = list(chain.from_iterable(map(self._places.__getitem__, words & self._telling)))
        if reading.foreign:
            places += self._in_other_scripts
        places.sort()
        entries = self._entries
        ruled_out: Rule | None = None
        for place in places:
            rule, plain, search, needed = entries[place]
            if rule is ruled_out or needed.isdisjoint(words):
                continue
            if search(reading.words) if search else plain in reading.words:
                if rule.allows(reading, words):
                    return rule
                ruled_out = rule
        return None


@cache
def ruleset() -> RuleSet:
    """The rules of this package, read once."""
    folder = resources.files("diagnostics.replies") / "rules"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    rows = [row for file in files for row in tomllib.loads(file.read_text("utf-8"))["rule"]]
    return _index(tuple(condition(**row) for row in rows))


def _index(rules: tuple[Rule, ...]) -> RuleSet:
    frequency = Counter(word for rule in rules for phrase in rule.says for word in set(phrase.all_words()))

    def commonness(word: str) -> int:
        return frequency[word] + _general_commonness(word)

    entries: list[_Entry] = []
    places: dict[str, list[int]] = {}
    in_other_scripts: list[int] = []
    for rule in rules:
        for phrase in rule.says or (None,):
            if phrase is None:
                telling = needed = rule.statuses or frozenset(f"={code}" for code in rule.codes)
            elif phrase.foreign:
                telling, needed = frozenset(), _ALWAYS_THERE
                in_other_scripts.append(len(entries))
            else:
                telling, *others = phrase.telling_words(commonness)
                needed = others[0] if others else telling
            for word in telling:
                places.setdefault(word, []).append(len(entries))
            entries.append(_Entry.of(rule, phrase, needed))
    words = frozenset(places).union(*(entry.needed for entry in entries))
    words = words.union(*(phrases.by_word for rule in rules for phrases in (rule.also, rule.unless)))
    beginnings = frozenset(word[:-1] for word in words if word.endswith("*"))
    return RuleSet(rules, entries, places, frozenset(places), beginnings, in_other_scripts)


def _general_commonness(word: str) -> int:
    return _VERY_COMMON if word in _COMMON else 0


_ANY_TEXT = "any text"
_ALWAYS_THERE = frozenset({_ANY_TEXT})
_VERY_COMMON = 1000
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """a address been by denied domain email error for from has have host http https in ip is mail message not of on
        please rejected see server smtp support the this to user your you""",
    )
)


def condition(
    *,
    name: str,
    reason: str,
    example: str,
    says: list[str] | None = None,
    also: list[str] | None = None,
    unless: list[str] | None = None,
    codes: list[int] | None = None,
    statuses: list[str] | None = None,
) -> Rule:
    """One row of a rule file as a rule; ValueError where it has no condition or a phrase cannot be read."""
    if not (says or codes or statuses):
        raise ValueError(f"rule {name} has no condition")
    return Rule(
        name=name,
        reason=Reason(reason),
        example=example,
        says=_phrases(says),
        also=Phrases.of(_phrases(also)),
        unless=Phrases.of(_phrases(unless)),
        codes=frozenset(codes or ()),
        statuses=frozenset(statuses or ()),
    )


def _phrases(patterns: list[str] | None) -> tuple[Phrase, ...]:
    return tuple(parse(pattern) for pattern in patterns or ())


def words_of(reading: Reading, beginnings: frozenset[str] | None = None) -> set[str]:
    """All words that phrases may be found by: those of the reply, their beginnings (or those given), its codes."""
    words = reading.words.split()
    found = set(words)
    if beginnings is None:
        found.update([word[:LETTERS_OF_A_BEGINNING] + "*" for word in words])
    else:
        found.update([letters + "*" for word in words if (letters := word[:LETTERS_OF_A_BEGINNING]) in beginnings])
    found.add(_ANY_TEXT)
    if reading.code is not None:
        found.add(f"={reading.code}")
    if reading.enhanced:
        found.update(_status_forms(reading))
    return found


def _status_forms(reading: Reading) -> tuple[str, ...]:
    """An enhanced status code as rules may name it: whole, or with any class (`*.2.2`)."""
    status = reading.enhanced
    return (status, f"*{status[1:]}") if status else ()
