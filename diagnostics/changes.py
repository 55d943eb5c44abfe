"""What is different from the run before: answers that came out otherwise, and mail hosts that are others now."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import Diagnosis, Evidence, Status
from diagnostics.probes.mx import MxRecords

KNOWN = frozenset({Status.FINE, Status.PROBLEM})
"""Only these can change: what could not be checked the last time may have been so already."""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    question: str
    before: Status
    now: Status


@dataclass(frozen=True, slots=True)
class MxChange:
    """Names of mail hosts, in the order of their preference; empty where the domain has none."""

    before: tuple[str, ...]
    now: tuple[str, ...]


def answer_changes(before: Diagnosis, now: Diagnosis) -> tuple[AnswerChange, ...]:
    """Questions that were fine and are a problem now, or the other way round."""
    pairs = ((one, before.answer(one.question)) for one in now.answers)
    return tuple(
        AnswerChange(one.question, earlier.status, one.status)
        for one, earlier in pairs
        if earlier and {earlier.status, one.status} == KNOWN
    )


def mx_change(before: Evidence, now: Evidence) -> MxChange | None:
    """None where the mail hosts are the same, or are not known of both runs."""
    earlier, latest = before.get(MxRecords), now.get(MxRecords)
    if earlier is None or latest is None:
        return None
    names = tuple(host.name for host in earlier.hosts), tuple(host.name for host in latest.hosts)
    return MxChange(*names) if set(names[0]) != set(names[1]) else None
