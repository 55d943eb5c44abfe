"""Every scenario as a case through the real pipeline: opened, dispatched, probed by workers, judged; then compared."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from diagnostics.addresses import parse_address
from diagnostics.articles import article
from diagnostics.domain import Diagnosis, Verdict
from diagnostics.lab.mailbox import kept
from diagnostics.lab.scenario import LAB_ZONE, Scenario
from diagnostics.models import Case, Group, GroupState, MessageState, Purpose, TestMessage
from diagnostics.probes.test_message import Whereabouts
from diagnostics.services.cases import Report, open_case
from diagnostics.services.messages import answer_whereabouts, request_message, type_code
from diagnostics.services.runs import diagnosis_of, report_to

AT_ONCE = 40
"""Cases under way at the same time: enough to be real, few enough for no probe to wait for a processor."""
PATIENCE = 120.0
"""Seconds for one batch's probes, and again for its test messages with all their tries."""
BETWEEN_LOOKS = 0.1
MOST_NAMED = 3
LEAST_TOP, LEAST_TOP3 = 0.97, 1.0
"""Shares of the scenarios with a cause in which it must come first, and be among the first three."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario came to. `named` are the tags of the causes, the first one first."""

    scenario: Scenario
    verdict: str
    named: tuple[str, ...]
    seconds: float

    @property
    def right(self) -> bool:
        """The right cause first; where there is none to name, none named and the right verdict."""
        first = self.named[0] if self.named else ""
        return first == self.scenario.expects and (bool(first) or self.verdict == self.scenario.verdict)


@dataclass(frozen=True, slots=True)
class Score:
    """`top` and `top3` are shares of the scenarios with a cause; the others are numbers of scenarios."""

    scenarios: int
    healthy: int
    top: float
    top3: float
    false_accusations: int
    """A cause named where there is none."""
    unknown_called_fine: int
    """Called fine where something could not be found out."""

    @property
    def good(self) -> bool:
        enough = self.top >= LEAST_TOP and self.top3 >= LEAST_TOP3
        return enough and not self.false_accusations and not self.unknown_called_fine


def score(outcomes: Sequence[Outcome]) -> Score:
    """Raises ValueError where no outcome has a cause to be named."""
    ill = [one for one in outcomes if one.scenario.expects]
    sound = [one for one in outcomes if not one.scenario.expects]
    if not ill:
        raise ValueError("none of the scenarios has a cause")
    return Score(
        scenarios=len(outcomes),
        healthy=sum(one.scenario.verdict is Verdict.NOTHING_FOUND for one in sound),
        top=sum(one.named[:1] == (one.scenario.expects,) for one in ill) / len(ill),
        top3=sum(one.scenario.expects in one.named[:MOST_NAMED] for one in ill) / len(ill),
        false_accusations=sum(bool(one.named) for one in sound),
        unknown_called_fine=sum(
            one.scenario.verdict is Verdict.INCONCLUSIVE and one.verdict == Verdict.NOTHING_FOUND for one in outcomes
        ),
    )


def play(scenarios: Sequence[Scenario], mail: Path) -> Iterator[Outcome]:
    """Act them out in a running lab, some at a time; `mail` is where its mailboxes are. Raises TimeoutError."""
    for start in range(0, len(scenarios), AT_ONCE):
        yield from _play_at_once(scenarios[start : start + AT_ONCE], mail)


def _play_at_once(scenarios: Sequence[Scenario], mail: Path) -> Iterator[Outcome]:
    cases = [(scenario, _opened(scenario, number)) for number, scenario in enumerate(scenarios)]
    _wait_until(lambda: not _groups_at_work(), "probes")
    messages = [
        (scenario, _asked(case, number)) for number, (scenario, case) in enumerate(cases) if scenario.sends_message
    ]
    _wait_until(lambda: not _messages_under_way(), "test messages")
    for scenario, message in messages:
        message.refresh_from_db()
        _customer_says(scenario, message, mail)
    for scenario, case in cases:
        for told in scenario.reports:
            report_to(case.runs.get(), told)
    for scenario, case in cases:
        yield _outcome(scenario, case)


def _opened(scenario: Scenario, number: int) -> Case:
    chosen = article(scenario.article)
    if chosen is None:
        raise ValueError(f"{scenario.slug}: there is no article {scenario.article}")
    return open_case(
        Report(
            article=chosen,
            company_id=scenario.company_id,
            address=parse_address(scenario.address, extra_suffixes=frozenset({LAB_ZONE})),
            source=_source(number),
            tier=scenario.tier,
        )
    )


def _asked(case: Case, number: int) -> TestMessage:
    address = parse_address(case.address, extra_suffixes=frozenset({LAB_ZONE}))
    return request_message(case, purpose=Purpose.PRIMARY, address=address, source=_source(number))


def _customer_says(scenario: Scenario, message: TestMessage, mail: Path) -> None:
    if message.state not in MessageState.may_have_arrived():
        return
    if scenario.customer_says == "arrived":
        type_code(message, _code_in(mail, message.address))
    elif scenario.customer_says:
        answer_whereabouts(message, Whereabouts(scenario.customer_says))


def _code_in(mail: Path, address: str) -> str:
    found = re.search(r"\b[0-9]{6}\b", kept(mail, address)[-1].message.get_content())
    if found is None:
        raise ValueError(f"no code lies in the mailbox of {address}")
    return found[0]


def _outcome(scenario: Scenario, case: Case) -> Outcome:
    run = case.runs.get()
    diagnosis = diagnosis_of(run, scenario.tier) or Diagnosis(Verdict.INCONCLUSIVE)
    seconds = (run.finished_at - run.created_at).total_seconds() if run.finished_at else 0.0
    return Outcome(scenario, diagnosis.verdict, tuple(one.cause for one in diagnosis.causes), seconds)


def _source(number: int) -> str:
    """A network of its own for each customer: limits are not what is tried here."""
    return f"10.0.{number // 256}.{number % 256}"


def _groups_at_work() -> bool:
    return Group.objects.exclude(state__in=GroupState.final()).exists()


def _messages_under_way() -> bool:
    waiting = TestMessage.objects.filter(state__in=(MessageState.QUEUED, MessageState.SENDING))
    return waiting.exists() or TestMessage.objects.filter(next_try_at__isnull=False).exists()


def _wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the {what} of a batch took longer than {PATIENCE:g} s")
        connection.close()
        time.sleep(BETWEEN_LOOKS)
