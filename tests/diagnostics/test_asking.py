from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.asking import QUESTIONS, CustomerQuestion, answered, next_question, question
from diagnostics.domain import Answer, Cause, Diagnosis, Evidence, Seen, Status, Strength, Vantage, Verdict
from diagnostics.probes.customer_answers import (
    CodeArrival,
    CodeArrivalAnswer,
    CodePlace,
    CodePlaceAnswer,
    CodeUsed,
    CodeUsedAnswer,
)
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.remedies import remedies
from diagnostics.verdicts import diagnose

AT = datetime(2026, 3, 2, 10, 42, tzinfo=UTC)


def causes() -> dict[str, Cause]:
    return {tag: remedy.cause for tag, remedy in remedies().items()}


def evidence(*observations: object) -> Evidence:
    return Evidence(Seen(type(one), Vantage.CUSTOMER, AT, one) for one in observations)


def slug_of(asked: CustomerQuestion | None) -> str:
    return asked.slug if asked else ""


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ((), "code"),
        ((CodeArrivalAnswer(CodeArrival.ELSEWHERE),), "place"),
        ((CodeArrivalAnswer(CodeArrival.REFUSED),), "used"),
        ((CodeArrivalAnswer(CodeArrival.REFUSED), CodeUsedAnswer(CodeUsed.UNSURE)), "clock"),
        ((CodeArrivalAnswer(CodeArrival.NOTHING),), "often"),
        ((CodeArrivalAnswer(CodeArrival.WORKS),), ""),
        ((CodeArrivalAnswer(CodeArrival.ELSEWHERE), CodePlaceAnswer(CodePlace.SPAM)), ""),
    ],
    ids=["first", "found elsewhere", "refused", "not sure which", "nothing came", "it works", "proved"],
)
def test_one_question_follows_from_what_was_said(said: tuple[object, ...], asked: str) -> None:
    assert slug_of(next_question(evidence(*said), causes())) == asked


def test_nothing_is_asked_once_a_cause_is_proved() -> None:
    assert next_question(evidence(DomainStatus("example.org", exists=False, confirmed_by=2)), causes()) is None


def test_what_would_change_nothing_is_not_asked() -> None:
    """With the older code as first cause, the wrong clock could only come second."""
    said = evidence(CodeArrivalAnswer(CodeArrival.REFUSED), CodeUsedAnswer(CodeUsed.OLDER))
    assert next_question(said, causes()) is None


def test_the_newest_answer_counts() -> None:
    said = evidence(CodeArrivalAnswer(CodeArrival.NOTHING), CodeArrivalAnswer(CodeArrival.WORKS))
    assert [(one.slug, choice) for one, choice in answered(said)] == [("code", CodeArrival.WORKS)]


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda one: one.slug)
def test_every_choice_becomes_an_observation(asked: CustomerQuestion) -> None:
    for choice in asked.choices:
        assert asked.observation(choice.value) == asked.kind(choice)
    with pytest.raises(ValueError, match="nonsense"):
        asked.observation("nonsense")
    assert question(asked.slug) is asked


def test_finding_it_in_the_spam_folder_proves_where_it_lies() -> None:
    diagnosis = diagnose(evidence(CodePlaceAnswer(CodePlace.SPAM)), causes=causes())
    assert (diagnosis.verdict, diagnosis.causes[0].cause) == (Verdict.CAUSE_FOUND, "placed.spam")
    assert diagnosis.causes[0].strength is Strength.PROVES


def test_an_unsure_answer_concludes_nothing() -> None:
    unsure = evidence(*(one.observation("unsure") for one in QUESTIONS))
    diagnosis = diagnose(unsure, causes=causes())
    assert diagnosis.causes == ()
    for slug in ("code", "found", "account", "mailbox-kind"):
        answer = diagnosis.answer(slug)
        assert answer is not None
        assert answer.status.value == "not_checked"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(QUESTIONS), st.integers(0, 20)), max_size=8))
def test_asking_comes_to_an_end(told: list[tuple[CustomerQuestion, int]]) -> None:
    said = [one.observation(one.choices[number % len(one.choices)].value) for one, number in told]
    for _ in QUESTIONS:
        asked = next_question(evidence(*said), causes())
        if asked is None:
            return
        said.append(asked.observation("unsure"))
    assert next_question(evidence(*said), causes()) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(QUESTIONS), st.integers(0, 20)), max_size=4))
def test_checks_that_are_not_asked_again_would_say_the_same(told: list[tuple[CustomerQuestion, int]]) -> None:
    asked: list[bool] = []

    def twice(seen: Evidence, *, public_answers: dict[str, Answer], **more: Any) -> Diagnosis:
        asked.append(bool(public_answers))
        anew = diagnose(seen, **more)
        assert diagnose(seen, public_answers=public_answers, **more) == anew
        return anew

    said = (one.observation(one.choices[number % len(one.choices)].value) for one, number in told)
    with mock.patch("diagnostics.asking.diagnose", twice):
        question = next_question(evidence(*said), causes())
    assert question is None or asked[-1]


def test_that_nothing_has_come_is_not_fine() -> None:
    answer = diagnose(evidence(CodeArrivalAnswer(CodeArrival.NOTHING)), causes=causes()).answer("code")
    assert answer is not None
    assert answer.status is Status.NOT_CHECKED
