"""Is it us? What the scheduled look at the vendor's own side found, in the customer's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from diagnostics.domain import Seen, Stage, Status, Who
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import ShownCause, causes_of, notes_of

QUESTION = "our-side"
STATES = {
    HealthState.PROBLEM: Status.PROBLEM,
    HealthState.UNKNOWN: Status.COULD_NOT_CHECK,
    HealthState.FINE: Status.FINE,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """Everything of one kind, and the things in it that are not fine."""

    name: words.Words
    status: Status
    subjects: tuple[str, ...]

    @property
    def word(self) -> words.Words:
        return words.STATUSES[self.status]


@dataclass(frozen=True, slots=True)
class OurSide:
    """`line` says when it was looked at and what came of it; `causes` are faults of ours, worth a note or more."""

    status: Status
    line: words.Words
    topics: tuple[Topic, ...] = ()
    causes: tuple[ShownCause, ...] = ()

    @property
    def word(self) -> words.Words:
        return words.STATUSES[self.status]


def our_side(file: CaseFile) -> OurSide | None:
    """What was known by the end of the run; None where the vendor's profile names nothing to look at."""
    seen = file.evidence.latest(VendorHealth)
    if seen is None:
        return OurSide(Status.NOT_CHECKED, _("not looked at yet. We look every few minutes."))
    health = seen.observation
    if not isinstance(health, VendorHealth):
        return OurSide(Status.COULD_NOT_CHECK, _("could not check. The last look is too old to count."))
    if not health.items:
        return None
    status = _status(file, health)
    if status is Status.FINE and _blamed(file):
        otherwise = _("our own look found no problem, but your mail server says otherwise.")
        return OurSide(Status.PROBLEM, f"{_when(file, seen)}, {otherwise}", _topics(file, health))
    found = (*causes_of(file, (QUESTION,)), *notes_of(file, (QUESTION,)))
    return OurSide(status, f"{_when(file, seen)}, {_outcome(status, health)}", _topics(file, health), found)


def _status(file: CaseFile, health: VendorHealth) -> Status:
    """As the diagnosis has it; but what is unknown in part is not called fine.

    A look without a problem need not wait for the case's own checks.
    """
    answer = file.diagnosis.answer(QUESTION) if file.diagnosis else None
    if answer is None or answer.status is Status.CHECKING:
        sound = all(item.state is HealthState.FINE for item in health.items)
        return Status.FINE if sound else Status.CHECKING
    if answer.status is Status.FINE and health.having(HealthState.UNKNOWN):
        return Status.COULD_NOT_CHECK
    return answer.status


def _blamed(file: CaseFile) -> bool:
    """Whether a server of theirs refuses us for something that is ours to repair."""
    causes = file.diagnosis.causes if file.diagnosis else ()
    return any(one.stage is Stage.ACCEPTED and one.who[:1] == (Who.VENDOR,) for one in causes)


def _when(file: CaseFile, seen: Seen) -> str:
    age = file.now - seen.at
    if age < timedelta(minutes=1):
        return _("checked just now")
    if age < timedelta(hours=1):
        return _("checked %(age)s ago") % {"age": timesince(seen.at, file.now, depth=1)}
    return _("checked on %(when)s") % {"when": date_format(localtime(seen.at), "Y-m-d H:i e")}


def _outcome(status: Status, health: VendorHealth) -> str:
    unknown, total = len(health.having(HealthState.UNKNOWN)), len(health.items)
    if status is Status.CHECKING:
        return _("not everything is in order. We are comparing it with your case.")
    if status is Status.PROBLEM:
        return _("problem found. This is for us to repair.")
    if unknown == total:
        return _("could not check. This is our limit, not your fault.")
    if health.having(HealthState.PROBLEM):
        outcome = _("nothing that stops your e-mail, but something for us to repair.")
    else:
        outcome = _("no problem found.")
    if unknown:
        left = _("%(unknown)d of %(total)d things could not be checked.") % {"unknown": unknown, "total": total}
        return f"{outcome} {left}"
    return outcome


def _topics(file: CaseFile, health: VendorHealth) -> tuple[Topic, ...]:
    return tuple(_topic(file, kind, items) for kind in HealthKind if (items := health.of(kind)))


def _topic(file: CaseFile, kind: HealthKind, items: tuple[HealthItem, ...]) -> Topic:
    state = next(state for state in STATES if any(item.state is state for item in items))
    unfine = items if state is not HealthState.FINE else ()
    subjects = (f"{item.subject}: {item.detail}" for item in unfine if item.state is state)
    return Topic(words.HEALTH_KINDS[kind], STATES[state], tuple(map(file.shown, subjects)))
