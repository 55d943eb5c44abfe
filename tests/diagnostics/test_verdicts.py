from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from diagnostics import registry
from diagnostics.domain import (
    Cause,
    Diagnosis,
    Evidence,
    Finding,
    Gap,
    NotAsked,
    Seen,
    Stage,
    Status,
    Strength,
    Vantage,
    Verdict,
    Who,
    hints,
    notes,
    proves,
    rules_out,
)
from diagnostics.registry import check, reported
from diagnostics.verdicts import diagnose, status_of

CAUSES = {
    "early": Cause("early", Stage.ROUTED, (Who.IT,)),
    "late": Cause("late", Stage.PLACED, (Who.USER,)),
}


@dataclass(frozen=True)
class Fact:
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Told(Fact):
    pass


@pytest.fixture(autouse=True)
def own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.checks()
    monkeypatch.setattr(registry, "_checks", {})
    monkeypatch.setattr(registry, "_reported", {})

    @check(Fact, answers="fact", emits={"early", "late"})
    def fact(seen: Fact) -> Iterator[Finding]:
        yield from seen.findings


def seen(
    observation: object | None, kind: type[object] = Fact, gap: Gap | None = None, *, applies: bool = True
) -> Seen:
    return Seen(kind, Vantage.SERVER, datetime(2026, 1, 1, tzinfo=UTC), observation, gap, applies)


def judged(*entries: Seen, pending: frozenset[type[object]] = frozenset()) -> Diagnosis:
    return diagnose(Evidence(entries), causes=CAUSES, pending=pending)


@pytest.mark.parametrize(
    ("findings", "verdict", "causes"),
    [
        ((), Verdict.NOTHING_FOUND, []),
        ((proves("late"),), Verdict.CAUSE_FOUND, ["late"]),
        ((hints("late"),), Verdict.LIKELY_CAUSE, ["late"]),
        ((notes("late"),), Verdict.NOTHING_FOUND, []),
        ((proves("late"), proves("early")), Verdict.CAUSE_FOUND, ["early", "late"]),
        ((hints("early"), proves("late")), Verdict.CAUSE_FOUND, ["late", "early"]),
        ((hints("early"), rules_out("early")), Verdict.NOTHING_FOUND, []),
        ((hints("early"), proves("early")), Verdict.CAUSE_FOUND, ["early"]),
    ],
    ids=[
        "nothing",
        "a proof",
        "a hint",
        "a note is no cause",
        "the first stage leads",
        "a proof before a hint",
        "what is ruled out is no cause",
        "the stronger finding counts",
    ],
)
def test_findings_are_ranked(findings: tuple[Finding, ...], verdict: Verdict, causes: list[str]) -> None:
    diagnosis = judged(seen(Fact(findings)))
    assert (diagnosis.verdict, [one.cause for one in diagnosis.causes]) == (verdict, causes)


def test_what_could_not_be_checked_is_never_fine() -> None:
    diagnosis = judged(seen(None, gap=Gap.RESOLVER_SILENT))
    assert diagnosis.verdict is Verdict.INCONCLUSIVE
    assert diagnosis.unanswered == ("fact",)
    assert diagnosis.answers[0].gap is Gap.RESOLVER_SILENT


def test_what_is_still_being_probed_is_checking() -> None:
    assert judged(pending=frozenset({Fact})).answers[0].status is Status.CHECKING


def test_what_makes_no_sense_here_does_not_apply() -> None:
    diagnosis = judged(seen(None, gap=Gap.NO_MX, applies=False))
    assert (diagnosis.verdict, diagnosis.answers[0].status) == (Verdict.NOTHING_FOUND, Status.DOES_NOT_APPLY)


def test_what_nobody_reported_was_not_checked() -> None:
    reported(vantage=Vantage.CUSTOMER)(Told)
    check(Told, answers="told", emits={"late"})(lambda told: told.findings)
    answer = judged(seen(Fact())).answer("told")
    assert answer is not None
    assert answer.status is Status.NOT_CHECKED


def test_what_only_the_customer_knows_was_not_checked() -> None:
    @check(Fact, answers="inbox", emits={"late"})
    def unasked(fact: Fact) -> Iterator[Finding]:
        raise NotAsked
        yield

    answer = judged(seen(Fact())).answer("inbox")
    assert answer is not None
    assert answer.status is Status.NOT_CHECKED


def test_a_faulty_check_leaves_the_others_standing() -> None:
    @check(Fact, answers="broken", emits=set())
    def broken(fact: Fact) -> Iterator[Finding]:
        raise ZeroDivisionError

    diagnosis = judged(seen(Fact((proves("late"),))))
    assert diagnosis.causes[0].cause == "late"
    assert diagnosis.unanswered == ("broken",)


def test_a_tag_that_was_not_declared_is_a_fault_of_the_check() -> None:
    diagnosis = judged(seen(Fact((proves("surprise"),))))
    assert (diagnosis.causes, diagnosis.answers[0].gap) == ((), Gap.FAULT)


def test_a_section_shows_a_problem_of_any_question_else_its_main_one() -> None:
    reported(vantage=Vantage.CUSTOMER)(Told)

    @check(Fact, answers="second", emits={"late"})
    def second(fact: Fact) -> Iterator[Finding]:
        yield from ()

    @check(Told, answers="unasked", emits={"late"})
    def unasked(told: Told) -> Iterator[Finding]:
        yield from ()

    diagnosis = judged(seen(Fact((proves("late"),))))
    assert status_of(diagnosis, ["second"]) is Status.FINE
    assert status_of(diagnosis, ["second", "unasked"]) is Status.FINE
    assert status_of(diagnosis, ["unasked", "second"]) is Status.NOT_CHECKED
    assert status_of(diagnosis, ["second", "fact"]) is Status.PROBLEM
    assert status_of(diagnosis, []) is Status.NOT_CHECKED
    assert status_of(None, ["second"]) is Status.CHECKING
    assert diagnosis.causes[0].strength is Strength.PROVES


def test_a_proof_that_something_contradicts_is_shown_with_it_and_nobody_is_sure() -> None:
    @check(Told, answers="told", emits={"early"})
    def told(said: Told) -> Iterator[Finding]:
        yield from said.findings

    evidence = Evidence([seen(Fact((proves("early"), proves("late")))), seen(Told((rules_out("early"),)), kind=Told)])
    diagnosis = diagnose(evidence, causes=CAUSES)
    assert [(one.cause, one.question, one.against) for one in diagnosis.causes] == [
        ("late", "fact", ()),
        ("early", "fact", ("told",)),
    ]
    assert diagnosis.verdict is Verdict.CAUSE_FOUND
    alone = diagnose(
        Evidence([seen(Fact((proves("early"),))), seen(Told((rules_out("early"),)), kind=Told)]), causes=CAUSES
    )
    assert alone.verdict is Verdict.LIKELY_CAUSE


def test_what_the_records_say_is_neither_judged_nor_missed_below_tier_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_private", {Told})

    @check(Told, answers="told", emits={"early"})
    def told(said: Told) -> Iterator[Finding]:
        yield from said.findings

    @check(Fact, may_read=(Told,), answers="both", emits={"early"})
    def both(fact: Fact, said: Told | None) -> Iterator[Finding]:
        if said:
            yield proves("early")

    evidence = Evidence([seen(Fact()), seen(Told((proves("early"),)), kind=Told)])
    public = diagnose(evidence, causes=CAUSES, pending=frozenset({Told}), tier=0)
    assert (public.verdict, public.causes, public.answer("told")) == (Verdict.NOTHING_FOUND, (), None)
    assert diagnose(evidence, causes=CAUSES, tier=1).verdict is Verdict.CAUSE_FOUND
