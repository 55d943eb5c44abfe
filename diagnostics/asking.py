"""What to ask the customer next: one question, and only one whose answer would change the diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, get_type_hints

from diagnostics.domain import Answer, Cause, Diagnosis, Evidence, Seen, Vantage, Verdict
from diagnostics.probes.customer_answers import (
    AskedWhenAnswer,
    ClockAnswer,
    CodeArrival,
    CodeArrivalAnswer,
    CodePlaceAnswer,
    CodeUsedAnswer,
    ColleaguesAnswer,
    MailboxKindAnswer,
    OftenAnswer,
    OnAccountAnswer,
)
from diagnostics.registry import checks
from diagnostics.verdicts import diagnose

When = Callable[[Evidence], bool]
Said = dict[str, Answer]
"""What checks say, by their names."""


@dataclass(frozen=True, slots=True)
class CustomerQuestion:
    """`kind` is the observation that an answer becomes; its one field is an enum, whose members are the choices.

    `makes_sense` says whether the question fits what has been said before.
    """

    slug: str
    kind: type[Any]
    makes_sense: When

    @property
    def choices(self) -> tuple[StrEnum, ...]:
        return tuple(_field_type(self.kind))

    def observation(self, choice: str) -> object:
        """The answer as an observation; raises ValueError for a text that is no choice."""
        answer: object = self.kind(_field_type(self.kind)(choice))
        return answer


def next_question(evidence: Evidence, causes: Mapping[str, Cause], *, tier: int = 0) -> CustomerQuestion | None:
    """The first question, in the order of the list, that was not asked yet and could change verdict or first cause.

    None once a cause is proved: nothing that the customer could add would lead further.
    """
    said: Said = {}
    now = diagnose(evidence, causes=causes, tier=tier, public_answers=said)
    if now.verdict is Verdict.CAUSE_FOUND:
        return None
    return next((one for one in _open(evidence) if _matters(one, evidence, causes, tier, _gist(now), said)), None)


def answered(evidence: Evidence) -> Iterator[tuple[CustomerQuestion, StrEnum]]:
    """The questions that have an answer, each with the choice that was made last."""
    for one in QUESTIONS:
        given = evidence.get(one.kind)
        if given is not None:
            yield one, given.answer


def question(slug: str) -> CustomerQuestion | None:
    return next((one for one in QUESTIONS if one.slug == slug), None)


def _came(*how: CodeArrival) -> When:
    def said(evidence: Evidence) -> bool:
        given = evidence.get(CodeArrivalAnswer)
        return given is not None and given.answer in how

    return said


def _always(evidence: Evidence) -> bool:
    return True


QUESTIONS = (
    CustomerQuestion("code", CodeArrivalAnswer, _always),
    CustomerQuestion("place", CodePlaceAnswer, _came(CodeArrival.ELSEWHERE)),
    CustomerQuestion("used", CodeUsedAnswer, _came(CodeArrival.REFUSED)),
    CustomerQuestion("clock", ClockAnswer, _came(CodeArrival.REFUSED)),
    CustomerQuestion("often", OftenAnswer, _came(CodeArrival.NOTHING, CodeArrival.LATE)),
    CustomerQuestion("when", AskedWhenAnswer, _came(CodeArrival.NOTHING, CodeArrival.UNSURE)),
    CustomerQuestion("account", OnAccountAnswer, _came(CodeArrival.NOTHING, CodeArrival.UNSURE)),
    CustomerQuestion("mailbox", MailboxKindAnswer, _came(CodeArrival.NOTHING, CodeArrival.UNSURE)),
    CustomerQuestion("colleagues", ColleaguesAnswer, _came(CodeArrival.NOTHING, CodeArrival.UNSURE)),
)
"""In the order in which they are asked."""


def _open(evidence: Evidence) -> Iterable[CustomerQuestion]:
    return (one for one in QUESTIONS if evidence.latest(one.kind) is None and one.makes_sense(evidence))


def _matters(
    one: CustomerQuestion,
    evidence: Evidence,
    causes: Mapping[str, Cause],
    tier: int,
    gist: tuple[object, ...],
    said: Said,
) -> bool:
    """Whether an answer changes the diagnosis, or opens a question whose answer does.

    `said` is what checks say of the evidence: those that are not handed the answer are not asked again.
    """
    elsewhere = _of_others(said, one.kind)
    for choice in one.choices:
        then = _with(evidence, one.kind(choice))
        said_then = dict(elsewhere)
        if _gist(diagnose(then, causes=causes, tier=tier, public_answers=said_then)) != gist:
            return True
        if one.kind is CodeArrivalAnswer and any(
            _matters(next_, then, causes, tier, gist, said_then) for next_ in _open(then)
        ):
            return True
    return False


def _of_others(said: Said, kind: type[object]) -> Said:
    """What the checks said that are not handed this type of observation."""
    handed = {check.name for check in checks() if kind in check.handed}
    return {name: answer for name, answer in said.items() if name not in handed}


def _gist(diagnosis: Diagnosis) -> tuple[object, ...]:
    first = diagnosis.causes[0] if diagnosis.causes else None
    return diagnosis.verdict, first and (first.cause, first.strength)


def _with(evidence: Evidence, observation: object) -> Evidence:
    supposed = Seen(type(observation), Vantage.CUSTOMER, datetime.now(UTC), observation)
    return Evidence((*evidence, supposed))


def _field_type(kind: type[object]) -> type[StrEnum]:
    field_type: type[StrEnum] = get_type_hints(kind)["answer"]
    return field_type
