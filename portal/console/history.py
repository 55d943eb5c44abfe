"""Runs, test messages, reports and releases of a case as parts of its story, which `case.timeline` tells."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from diagnostics import registry
from diagnostics.codec import Unreadable
from diagnostics.domain import Answer, RankedCause, Seen, Status
from diagnostics.models import Case, Group, MessageState, ObservationRecord, Run, SuppressionRelease, TestMessage
from diagnostics.remedies import filled, remedy
from diagnostics.services.runs import diagnosis_of, seen_of
from portal.console.values import Field, fields_of, visible
from portal.console.words import (
    GAPS,
    GROUPS,
    MESSAGE_STATUSES,
    RELEASE_OUTCOMES,
    REPORTS,
    STAGES,
    STATUSES,
    STRENGTHS,
    SUPPRESSION_REASONS,
    VANTAGES,
    WHO,
    Tag,
    service_name,
    verdict_tag,
    word,
)
from portal.question_words import question_text


@dataclass(frozen=True, slots=True)
class Observation:
    """What one probe saw or somebody reported. `title` is the question that the probe asks, or what the report is."""

    kind: str
    title: str
    seen: Seen
    fields: tuple[Field, ...]
    raw: str

    @property
    def vantage(self) -> str:
        return word(VANTAGES, self.seen.vantage)

    @property
    def gap(self) -> str:
        return word(GAPS, self.seen.gap) if self.seen.gap else ""

    @property
    def detail(self) -> str:
        return visible(self.seen.detail)


@dataclass(frozen=True, slots=True)
class GroupStory:
    """`carried`: not asked in this run; what it saw before was carried over, with its own time."""

    group: Group
    observations: tuple[Observation, ...]
    carried: bool = False

    @property
    def name(self) -> str:
        return word(GROUPS, self.group.name)


@dataclass(frozen=True, slots=True)
class ShownCause:
    """A cause and its sentence for people; `headline` is empty where no remedy is known any more.

    `proof` and `hint` say what would prove it and what only hints at it, whichever it was here.
    """

    cause: RankedCause
    headline: str = ""
    proof: str = ""
    hint: str = ""

    @property
    def strength(self) -> str:
        return word(STRENGTHS, self.cause.strength)

    @property
    def stage(self) -> str:
        return word(STAGES, self.cause.stage)

    @property
    def who(self) -> str:
        return ", ".join(word(WHO, one) for one in self.cause.who)


WEIGHTS = (
    Status.PROBLEM,
    Status.COULD_NOT_CHECK,
    Status.CHECKING,
    Status.FINE,
    Status.NOT_CHECKED,
    Status.DOES_NOT_APPLY,
)


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """What came of one question, and the tags of its findings."""

    answer: Answer

    @property
    def question(self) -> str:
        return question_text(self.answer.question)

    @property
    def status(self) -> str:
        return word(STATUSES, self.answer.status)

    @property
    def gap(self) -> str:
        return word(GAPS, self.answer.gap) if self.answer.gap else ""

    @property
    def tags(self) -> str:
        return ", ".join(f"{finding.tag} ({word(STRENGTHS, finding.strength)})" for finding in self.answer.findings)


@dataclass(frozen=True, slots=True)
class RunStory:
    """One run. `unreadable`: its diagnosis was written by a version that this one cannot read."""

    template: ClassVar[str] = "console/story/run.html"
    at: datetime
    run: Run
    groups: tuple[GroupStory, ...]
    causes: tuple[ShownCause, ...]
    answers: tuple[ShownAnswer, ...]
    raw: str
    latest: bool = False
    unreadable: bool = False

    @property
    def verdict(self) -> Tag:
        return verdict_tag(self.run)


@dataclass(frozen=True, slots=True)
class MessageStory:
    template: ClassVar[str] = "console/story/message.html"
    at: datetime
    message: TestMessage

    @property
    def tag(self) -> Tag:
        status = MESSAGE_STATUSES.get(self.message.state, Status.NOT_CHECKED)
        return Tag(status, MessageState(self.message.state).label)


@dataclass(frozen=True, slots=True)
class ReportStory:
    """Something that no probe found: a hand-over, or the customer's answer."""

    template: ClassVar[str] = "console/story/report.html"
    at: datetime
    run_number: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class OpenedStory:
    template: ClassVar[str] = "console/story/opened.html"
    at: datetime
    case: Case


@dataclass(frozen=True, slots=True)
class ReleaseStory:
    """An agent had the address taken off a sending service's list."""

    template: ClassVar[str] = "console/story/release.html"
    at: datetime
    release: SuppressionRelease

    @property
    def service(self) -> str:
        return service_name(self.release.service)

    @property
    def reason(self) -> str:
        return word(SUPPRESSION_REASONS, self.release.reason)

    @property
    def outcome(self) -> str:
        return word(RELEASE_OUTCOMES, self.release.outcome)

    @property
    def detail(self) -> str:
        return visible(self.release.detail)


def run_story(
    run: Run, groups: Iterable[Group], records: Iterable[ObservationRecord], language: str, *, latest: bool
) -> RunStory:
    """The run with those of the groups and records that are its own."""
    try:
        diagnosis, unreadable = diagnosis_of(run), False
    except Unreadable:
        diagnosis, unreadable = None, True
    return RunStory(
        at=run.created_at,
        run=run,
        groups=tuple(_group_story(run, group, records) for group in groups if group.run_id == run.pk),
        causes=tuple(_shown(cause, language) for cause in diagnosis.causes) if diagnosis else (),
        answers=tuple(map(ShownAnswer, sorted(diagnosis.answers, key=_weight))) if diagnosis else (),
        raw=_json(run.diagnosis),
        latest=latest,
        unreadable=unreadable,
    )


def _group_story(run: Run, group: Group, records: Iterable[ObservationRecord]) -> GroupStory:
    mine = tuple(shown_observation(record) for record in records if record.group_id == group.pk)
    return GroupStory(group, mine, carried=group.created_at < run.created_at)


def shown_observation(record: ObservationRecord) -> Observation:
    seen = seen_of(record)
    probe = registry.probe_for(seen.kind)
    return Observation(
        kind=record.kind,
        title=registry.describe(probe) if probe else word(REPORTS, record.kind),
        seen=seen,
        fields=fields_of(seen.observation) if seen.observation is not None else (),
        raw=_json(record.data),
    )


def _shown(cause: RankedCause, language: str) -> ShownCause:
    known = remedy(cause.cause, language)
    if known is None:
        return ShownCause(cause)
    return ShownCause(cause, visible(filled(known, cause.facts).headline), known.proof, known.hint)


def _json(data: object) -> str:
    """Escaped to ASCII: nothing in it is invisible or runs the other way."""
    return "" if data is None else json.dumps(data, indent=1, sort_keys=True)


def _weight(answer: Answer) -> int:
    """What wants to be read comes first; else in the order in which questions are asked."""
    return WEIGHTS.index(answer.status)
