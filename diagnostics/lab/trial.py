"""Every scenario as a case through the real pipeline: opened, dispatched, probed by workers, judged; then compared."""

from __future__ import annotations

import base64
import re
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from diagnostics.addresses import parse_address
from diagnostics.articles import article
from diagnostics.domain import Address, Article, Diagnosis, SendEvent, SendEventKind, Status, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.mailbox import kept
from diagnostics.lab.scenario import LAB_ZONE, Scenario
from diagnostics.lab.sending import NEIGHBOUR, webhook_payloads
from diagnostics.models import Case, Group, GroupState, MessageState, Purpose, TestMessage, VendorHealthRecord
from diagnostics.probes.test_message import BounceReport, ComparisonBounce, Whereabouts
from diagnostics.services import health
from diagnostics.services.cases import Report, open_case
from diagnostics.services.messages import answer_whereabouts, request_message, type_code
from diagnostics.services.runs import diagnosis_of, report_to

AT_ONCE = 16
"""Cases under way at the same time: enough to be real, few enough for no probe to wait for a processor."""
PATIENCE = 120.0
"""Seconds for one step of a case: its probes, or its test messages with all their tries."""
BETWEEN_LOOKS = 0.2
HOOK_LIMIT = 10.0
"""Seconds that the portal may take over a report of the sending service."""
RETURNED = (BounceReport.__name__, ComparisonBounce.__name__)
_NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOMEBODY_ELSE = Scenario(
    slug="somebody-else",
    title="Another customer, who gets codes",
    address=NEIGHBOUR,
    verdict=Verdict.NOTHING_FOUND,
    events=(
        SendEvent(SendEventKind.QUEUED, _NOON, "sendgrid"),
        SendEvent(SendEventKind.DELIVERED, _NOON + timedelta(seconds=2), "postmark", reply="250 2.0.0 Ok: queued"),
    ),
)
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
    """Until all probes had ended."""
    unanswered: tuple[str, ...] = ()
    """Questions that could not be answered, and why."""

    @property
    def right(self) -> bool:
        """The right cause first, and what must stand beside it; where there is none to name, none named and the right
        verdict.
        """
        first = self.named[0] if self.named else ""
        as_it_should = bool(first) or self.verdict == self.scenario.verdict
        return first == self.scenario.expects and self.among_three and as_it_should

    @property
    def among_three(self) -> bool:
        """Whether everything that must be named is among the first three."""
        wanted = {self.scenario.expects, *self.scenario.beside} - {""}
        return wanted <= set(self.named[:MOST_NAMED])


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
        top3=sum(one.among_three for one in ill) / len(ill),
        false_accusations=sum(bool(one.named) for one in sound),
        unknown_called_fine=sum(
            one.scenario.verdict is Verdict.INCONCLUSIVE and one.verdict == Verdict.NOTHING_FOUND for one in outcomes
        ),
    )


def play(scenarios: Sequence[Scenario], *, site: str, mail: Path) -> Iterator[Outcome]:
    """Act them out in a running lab, some at a time, each outcome as it comes.

    `site` is where the portal is, `mail` where the lab's mailboxes are. Raises TimeoutError.
    """
    _wait_for(lambda: not health.due(), "look at our own side")
    _tell_of_codes(SOMEBODY_ELSE, site)
    waiting = deque(enumerate(scenarios))
    under_way: list[_Course] = []
    while waiting or under_way:
        while waiting and len(under_way) < AT_ONCE:
            number, scenario = waiting.popleft()
            under_way.append(_Course(scenario, _play_one(scenario, number, site, mail)))
        connection.close()
        for course in [one for one in under_way if one.waits_for()]:
            if (outcome := course.go_on()) is not None:
                under_way.remove(course)
                yield outcome
        time.sleep(BETWEEN_LOOKS)


Done = Callable[[], bool]


@dataclass
class _Course:
    """One scenario under way, and what it waits for."""

    scenario: Scenario
    steps: Generator[Done, None, Outcome]
    done: Done = bool
    since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.done = next(self.steps)

    def waits_for(self) -> bool:
        """Whether that has come. Raises TimeoutError."""
        if self.done():
            return True
        if time.monotonic() - self.since > PATIENCE:
            raise TimeoutError(f"{self.scenario.slug}: a step took longer than {PATIENCE:g} s")
        return False

    def go_on(self) -> Outcome | None:
        """As far as the next thing to wait for; the outcome where there is none."""
        self.since = time.monotonic()
        try:
            self.done = next(self.steps)
        except StopIteration as ended:
            outcome: Outcome = ended.value
            return outcome
        return None


def _play_one(scenario: Scenario, number: int, site: str, mail: Path) -> Generator[Done, None, Outcome]:
    """All that happens around one customer, in its order; gives what must be waited for."""
    _tell_of_codes(scenario, site)
    if scenario.our_side_seen:
        _our_side_was_seen(scenario)
    case = _opened(scenario, number)
    yield lambda: not Group.objects.filter(run__case=case).exclude(state__in=GroupState.final()).exists()
    messages = _asked(scenario, case, number)
    yield lambda: not _under_way(case)
    if any(isinstance(part, Smtp) and part.bounces for part in scenario.hosts.values()):
        yield lambda: case.records.filter(kind__in=RETURNED).exists()
    for message in messages:
        message.refresh_from_db()
        _customer_says(scenario, message, mail)
    for told in scenario.reports:
        report_to(case.runs.get(), told)
    return _outcome(scenario, case)


def _tell_of_codes(scenario: Scenario, site: str) -> None:
    """What the sending service reports of code e-mails, sent to the portal as it would."""
    key = base64.b64encode(settings.HOOK_SECRET.encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {key}"}
    for hook in webhook_payloads(scenario, timezone.now()):
        report = urllib.request.Request(f"{site}{hook.path}", hook.body, headers)  # noqa: S310 - our own site
        urllib.request.urlopen(report, timeout=HOOK_LIMIT).close()  # noqa: S310


def _our_side_was_seen(scenario: Scenario) -> None:
    """Nobody has looked for so long: the scheduled job stood still."""
    records = VendorHealthRecord.objects.filter(vendor=_article(scenario).vendor)
    records.update(at=timezone.now() - scenario.our_side_seen)


def _opened(scenario: Scenario, number: int) -> Case:
    return open_case(
        Report(
            article=_article(scenario),
            company_id=scenario.company_id,
            address=_address(scenario.address),
            source=_source(number),
            tier=scenario.tier,
        )
    )


def _asked(scenario: Scenario, case: Case, number: int) -> list[TestMessage]:
    wanted = []
    if scenario.sends_message:
        wanted.append((Purpose.PRIMARY, case.address))
    if scenario.compares_with:
        wanted.append((Purpose.COMPARISON, scenario.compares_with))
    return [
        request_message(case, purpose=purpose, address=_address(address), source=_source(number))
        for purpose, address in wanted
    ]


def _customer_says(scenario: Scenario, message: TestMessage, mail: Path) -> None:
    """The answer about the message; the second one is always found."""
    if message.state not in MessageState.may_have_arrived():
        return
    if scenario.customer_says == "arrived" or message.purpose == Purpose.COMPARISON:
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
    open_questions = (one for one in diagnosis.answers if one.status is Status.COULD_NOT_CHECK)
    return Outcome(
        scenario,
        diagnosis.verdict,
        tuple(one.cause for one in diagnosis.causes),
        (run.finished_at - run.created_at).total_seconds() if run.finished_at else 0.0,
        tuple(f"{one.question}: {one.gap or 'unknown'}" for one in open_questions),
    )


def _article(scenario: Scenario) -> Article:
    chosen = article(scenario.article)
    if chosen is None:
        raise ValueError(f"{scenario.slug}: there is no article {scenario.article}")
    return chosen


def _address(text: str) -> Address:
    return parse_address(text, extra_suffixes=frozenset({LAB_ZONE}))


def _source(number: int) -> str:
    """A network of its own for each customer: limits are not what is tried here."""
    return f"10.0.{number // 256}.{number % 256}"


def _under_way(case: Case) -> bool:
    """Whether a message is still to be handed over, for the first time or again."""
    wanted = Q(state__in=(MessageState.QUEUED, MessageState.SENDING)) | Q(next_try_at__isnull=False)
    return case.test_messages.filter(wanted).exists()


def _wait_for(done: Done, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the {what} took longer than {PATIENCE:g} s")
        connection.close()
        time.sleep(BETWEEN_LOOKS)
