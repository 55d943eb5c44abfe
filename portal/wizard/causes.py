"""Causes and remedies in the customer's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from diagnostics.domain import Facts, Finding, RankedCause, Remedy, Severity, Strength, Who
from diagnostics.probes.test_message import NOT_SEEN, TestMessageReport
from diagnostics.remedies import filled, remedy
from portal.remedy_facts import known_facts
from portal.wizard import words
from portal.wizard.casefile import CaseFile

LONGEST_PROOF = 200
"""Characters of one line; the whole stands on the section's page."""
MOST_NAMED = 3
"""How many causes a page names at most: more are no help."""


@dataclass(frozen=True, slots=True)
class ForProvider:
    """What is different with one of the providers that handle the mail; Markdown."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownCause:
    """A cause with its remedy filled in, ready for a page."""

    tag: str
    strength: Strength
    remedy: Remedy
    proof: words.Words = ""
    """How we know, in one line; empty for a note."""
    against: tuple[words.Words, ...] = ()
    """The questions whose answers speak against it."""
    at_provider: tuple[ForProvider, ...] = ()

    @property
    def sureness(self) -> words.Words:
        return words.CONTRADICTED if self.against else words.STRENGTHS[self.strength]

    @property
    def stage(self) -> words.Words:
        return words.STAGES[self.remedy.stage]

    @property
    def who(self) -> tuple[words.Words, ...]:
        return tuple(words.WHO[one] for one in self.remedy.who)

    @property
    def for_it(self) -> bool:
        """Is IT the first who can fix it?"""
        return self.remedy.who[:1] == (Who.IT,)


def causes(file: CaseFile) -> tuple[ShownCause, ...]:
    """The ranked causes of the diagnosis, the headline first."""
    ranked = file.diagnosis.causes if file.diagnosis else ()
    shown = ((one, _shown(file, one.cause, one.strength, one.facts)) for one in ranked)
    return tuple(
        replace(cause, proof=proof_of(file, one), against=tuple(words.QUESTIONS[asked] for asked in one.against))
        for one, cause in shown
        if cause
    )


def proof_of(file: CaseFile, one: RankedCause) -> words.Words:
    """How we know, in one line: what a server said, what the customer told us, or the facts that were seen."""
    facts = {name: file.shown(fact) for name, fact in one.facts.items() if fact}
    if reply := facts.get("reply"):
        text = Truncator(" ".join(reply.split())).chars(LONGEST_PROOF)
        return _("%(host)s answered: “%(reply)s”") % {"host": facts.get("host", "") or _("The server"), "reply": text}
    report = file.evidence.get(TestMessageReport)
    if one.cause in NOT_SEEN and report:
        host = file.shown(report.transmission.host) or _("The server")
        return _("%(host)s took our message, and you have found it nowhere.") % {"host": host}
    if one.question in words.TOLD_BY_CUSTOMER:
        return _("You told us so.")
    seen = "; ".join(f"{words.FACTS[name]}: {fact}" for name, fact in facts.items() if name in words.FACTS)
    return Truncator(seen).chars(LONGEST_PROOF)


def causes_of(file: CaseFile, questions: Iterable[str]) -> tuple[ShownCause, ...]:
    """Those of the ranked causes that came of these questions, in their rank."""
    tags = {finding.tag for finding in findings(file, questions) if finding.severity is Severity.PROBLEM}
    return tuple(cause for cause in causes(file) if cause.tag in tags)


def notes_of(file: CaseFile, questions: Iterable[str]) -> tuple[ShownCause, ...]:
    """What is worth knowing, though no reason by itself for mail not to arrive."""
    noted = (
        _shown(file, one.tag, one.strength, one.facts)
        for one in findings(file, questions)
        if one.severity is Severity.NOTE and one.strength is not Strength.RULES_OUT
    )
    return tuple(note for note in noted if note)


def findings(file: CaseFile, questions: Iterable[str]) -> Iterator[Finding]:
    for question in questions:
        answer = file.diagnosis.answer(question) if file.diagnosis else None
        if answer:
            yield from answer.findings


def _shown(file: CaseFile, tag: str, strength: Strength, facts: Facts) -> ShownCause | None:
    """None for a tag of an older version that has no remedy any more."""
    known = remedy(tag, get_language() or "en")
    if known is None:
        return None
    text = filled(known, _facts(file, facts))
    parts = ((one.name, text.with_provider.get(one.slug, "")) for one in file.providers)
    return ShownCause(tag, strength, text, at_provider=tuple(ForProvider(name, part) for name, part in parts if part))


def _facts(file: CaseFile, facts: Facts) -> dict[str, str]:
    """What the remedy's words may name, tidied."""
    return {name: file.shown(fact) for name, fact in known_facts(file.case, file.evidence, facts).items()}
