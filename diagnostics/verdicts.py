"""Findings to one diagnosis: which causes, how sure, and what is still open.

Pure, so an old run can be judged again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from diagnostics.domain import (
    Answer,
    Cause,
    Diagnosis,
    Evidence,
    Finding,
    Gap,
    NotApplicable,
    NotAsked,
    RankedCause,
    Severity,
    Stage,
    Status,
    Strength,
    Unobserved,
    Verdict,
)
from diagnostics.registry import Check, StillPending, arguments, checks, tier_of

logger = logging.getLogger(__name__)

WORST_FIRST = (
    Status.PROBLEM,
    Status.CHECKING,
    Status.COULD_NOT_CHECK,
    Status.FINE,
    Status.NOT_CHECKED,
    Status.DOES_NOT_APPLY,
)
"""What several answers together are shown as. One fine answer does not cover one that could not be checked."""
_RANKS = {status: rank for rank, status in enumerate(WORST_FIRST)}

AGENTS = 2
"""The tier that sees everything."""


def diagnose(
    evidence: Evidence,
    *,
    causes: Mapping[str, Cause],
    pending: frozenset[type[object]] = frozenset(),
    tier: int = AGENTS,
    public_answers: dict[str, Answer] | None = None,
) -> Diagnosis:
    """Judge all evidence by every check. `causes` by tag; `pending` are observation types that probes are still at.

    What may not be shown at `tier` is not judged either: neither an answer nor its absence gives it away.
    `public_answers` are kept from one diagnosis of this evidence to the next of another tier: what a check says that
    looks at nothing private is the same for everybody, and is asked once.
    """
    evidence = Evidence(seen for seen in evidence if tier_of(seen.kind) <= tier)
    pending = frozenset(kind for kind in pending if tier_of(kind) <= tier)
    known = {} if public_answers is None else public_answers
    by_question: dict[str, list[Answer]] = {}
    deciding: set[str] = set()
    for check in checks():
        if check.decides:
            deciding.add(check.question)
        if check.tier > tier:
            continue
        answer = known.get(check.name)
        if answer is None:
            answer = _answer(check, evidence, pending)
            if check.public:
                known[check.name] = answer
        by_question.setdefault(check.question, []).append(answer)
    answers = tuple(_together(question, parts) for question, parts in by_question.items())
    ranked = _ranked(answers, causes)
    return Diagnosis(_verdict(ranked, (one for one in answers if one.question in deciding)), ranked, answers)


def status_of(diagnosis: Diagnosis | None, questions: Iterable[str]) -> Status:
    """One status for everything that a section asks; checking while there is no diagnosis yet.

    A problem, or anything that is still open, shows from any question; else the first question that
    applies, the section's main one, says: that the mail host is fine does not make "is it in the inbox?" fine.
    """
    if diagnosis is None:
        return Status.CHECKING
    statuses = [answer.status for question in questions if (answer := diagnosis.answer(question))]
    loud = next((status for status in WORST_FIRST[:3] if status in statuses), None)
    applying = (status for status in statuses if status is not Status.DOES_NOT_APPLY)
    return loud or next(applying, statuses[0] if statuses else Status.NOT_CHECKED)


def _answer(check: Check, evidence: Evidence, pending: frozenset[type[object]]) -> Answer:
    if not pending.isdisjoint(check.looks_at):
        return Answer(check.question, Status.CHECKING)
    if any(evidence.latest(kind) is None for kind in check.waits_for):
        return Answer(check.question, Status.NOT_CHECKED)
    try:
        findings = tuple(check.judge(*arguments(check, evidence, pending)))
        if unknown := {finding.tag for finding in findings} - check.emits:
            raise ValueError(f"emitted tags that it did not declare: {sorted(unknown)}")
    except StillPending:
        return Answer(check.question, Status.CHECKING)
    except NotApplicable as nothing:
        return Answer(check.question, Status.DOES_NOT_APPLY, gap=nothing.gap)
    except NotAsked:
        return Answer(check.question, Status.NOT_CHECKED)
    except Unobserved as nothing:
        return Answer(check.question, Status.COULD_NOT_CHECK, gap=_root_gap(check, evidence) or nothing.gap)
    except Exception:
        # The plug-in boundary, as for probes: one faulty check must not take every other answer with it. Logged;
        # shown as "could not check".
        logger.exception("check %s failed", check.name)
        return Answer(check.question, Status.COULD_NOT_CHECK, gap=Gap.FAULT)
    return Answer(check.question, _status(findings), findings)


def _root_gap(check: Check, evidence: Evidence) -> Gap | None:
    """The reason nearest to the network: what an observation is missing, not that it is."""
    gaps = [seen.gap for kind in check.reads if (seen := evidence.latest(kind)) and seen.gap]
    return next((gap for gap in gaps if gap is not Gap.NEEDS_MISSING), gaps[0] if gaps else None)


def _status(findings: Iterable[Finding]) -> Status:
    problem = any(f.severity is Severity.PROBLEM and f.strength is not Strength.RULES_OUT for f in findings)
    return Status.PROBLEM if problem else Status.FINE


def _together(question: str, parts: list[Answer]) -> Answer:
    if len(parts) == 1:
        return parts[0]
    status = min((part.status for part in parts), key=_RANKS.__getitem__)
    gap = next((part.gap for part in parts if part.status is status and part.gap), None)
    return Answer(question, status, tuple(finding for part in parts for finding in part.findings), gap)


def _ranked(answers: Iterable[Answer], causes: Mapping[str, Cause]) -> tuple[RankedCause, ...]:
    """Proofs before contradicted proofs before hints; within each the first stage of the mail's way first.

    A hint that is ruled out does not appear; a proof does, with what speaks against it.
    """
    found = [(answer.question, finding) for answer in answers for finding in answer.findings]
    against: dict[str, dict[str, None]] = {}
    for question, finding in found:
        if finding.strength is Strength.RULES_OUT:
            against.setdefault(finding.tag, {})[question] = None
    best: dict[str, RankedCause] = {}
    for question, finding in found:
        if finding.severity is not Severity.PROBLEM or finding.strength is Strength.RULES_OUT:
            continue
        if finding.tag in against and finding.strength is not Strength.PROVES:
            continue
        known = best.get(finding.tag)
        if known is None or (known.strength is Strength.HINTS and finding.strength is Strength.PROVES):
            cause = causes[finding.tag]
            best[finding.tag] = RankedCause(
                cause=finding.tag,
                strength=finding.strength,
                stage=cause.stage,
                who=cause.who,
                facts=finding.facts,
                question=question,
                against=tuple(against.get(finding.tag, ())),
            )
    stages = list(Stage)
    return tuple(
        sorted(best.values(), key=lambda one: (not one.sure, one.strength is Strength.HINTS, stages.index(one.stage)))
    )


def _verdict(ranked: tuple[RankedCause, ...], answers: Iterable[Answer]) -> Verdict:
    if ranked:
        return Verdict.CAUSE_FOUND if ranked[0].sure else Verdict.LIKELY_CAUSE
    if any(answer.status is Status.COULD_NOT_CHECK for answer in answers):
        return Verdict.INCONCLUSIVE
    return Verdict.NOTHING_FOUND
