"""What changed between two runs, one sentence a change. Unknown is said to be unknown, never to be fine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from diagnostics.changes import (
    AnswerChange,
    HealthChange,
    Known,
    MailMove,
    PortChange,
    Reach,
    ReplyChange,
    all_answer_changes,
    health_changes,
    mail_move,
    port_changes,
    reply_change,
)
from diagnostics.domain import Diagnosis, Evidence, Seen, SendOutcome, Status, Vantage
from diagnostics.models import ObservationRecord, Run
from diagnostics.probes.vendor_health import HealthState
from diagnostics.providers import provider
from portal.console.values import visible
from portal.console.words import HEALTH_KINDS, VERDICTS, Words, word
from portal.question_words import question_text

KNOWN: Mapping[Known, Words] = {
    Known.SEEN: _lazy("seen"),
    Known.UNKNOWN: _lazy("could not be seen."),
    Known.DOES_NOT_APPLY: _lazy("does not apply."),
    Known.ABSENT: _lazy("not looked at, or not reported"),
    Known.UNREADABLE: _lazy("written by another version; the raw data is compared"),
}
OUTCOMES: Mapping[SendOutcome, Words] = {
    SendOutcome.ACCEPTED: _lazy("accepted"),
    SendOutcome.RELAYED: _lazy("passed on by our relay"),
    SendOutcome.DEFERRED: _lazy("put off"),
    SendOutcome.REFUSED: _lazy("refused"),
    SendOutcome.UNREACHABLE: _lazy("not handed over: no server could be reached"),
    SendOutcome.UNKNOWN: _lazy("not known"),
}
ANSWERS: Mapping[Status, Words] = {
    Status.CHECKING: _lazy("being checked"),
    Status.FINE: _lazy("fine"),
    Status.PROBLEM: _lazy("a problem"),
    Status.COULD_NOT_CHECK: _lazy("unknown"),
    Status.NOT_CHECKED: _lazy("not checked"),
    Status.DOES_NOT_APPLY: _lazy("not applicable"),
}
FROM: Mapping[Vantage, Words] = {
    Vantage.SERVER: _lazy("from our server"),
    Vantage.BROWSER: _lazy("from the customer’s browser"),
    Vantage.SCRIPT: _lazy("from the customer’s network"),
}


@dataclass(frozen=True)
class Side:
    """One of the two runs. `unreadable`: its diagnosis was written by another version."""

    run: Run
    evidence: Evidence
    diagnosis: Diagnosis | None
    records: tuple[tuple[ObservationRecord, Seen], ...] = ()
    unreadable: bool = False


def sentences(before: Side, now: Side) -> list[str]:
    """What matters most first: the verdict, then the way of the mail, ports, our own side, and each question."""
    return [
        *_verdict(before, now),
        *(_moved(one, now.run.created_at) for one in (mail_move(before.evidence, now.evidence),) if one),
        *(_replied(one) for one in (reply_change(before.evidence, now.evidence),) if one),
        *(_port(one) for one in port_changes(before.evidence, now.evidence)),
        *(_health(one) for one in health_changes(before.evidence, now.evidence)),
        *_answers(before, now),
    ]


def day_of(moment: datetime) -> str:
    """`Tuesday 17 November`; with the year where it is not this one."""
    day = localtime(moment)
    return date_format(day, "l j F" if day.year == timezone.now().year else "l j F Y")


def _verdict(before: Side, now: Side) -> Iterator[str]:
    said = {"before": _ended(before), "now": _ended(now)}
    if said["before"] != said["now"]:
        yield _("The diagnosis was: %(before)s. It is now: %(now)s.") % said


def _ended(side: Side) -> str:
    if not side.run.finished:
        return _("still under way")
    verdict = word(VERDICTS, side.run.verdict)
    return f"{verdict} ({side.run.cause})" if side.run.cause else verdict


def _moved(one: MailMove, at: datetime) -> str:
    systems = [" → ".join(_name(slug) for slug in slugs) for slugs in (one.before, one.now)]
    hosts = [", ".join(visible(name) for name in names) or _("no mail host") for names in (one.mx.before, one.mx.now)]
    if systems[0] == systems[1]:
        text = _("MX changed from %(hosts_before)s to %(hosts)s, seen on %(day)s.")
    else:
        text = _("MX moved from %(before)s to %(now)s on %(day)s (hosts: %(hosts_before)s; now %(hosts)s).")
    named = [system or host for system, host in zip(systems, hosts, strict=True)]
    return text % {
        "before": named[0],
        "now": named[1],
        "hosts_before": hosts[0],
        "hosts": hosts[1],
        "day": day_of(at),
    }


def _name(slug: str) -> str:
    known = provider(slug)
    return known.name if known else slug


def _replied(one: ReplyChange) -> str:
    before, now = (
        f"“{visible(text)}”" if text else str(OUTCOMES[outcome])
        for text, outcome in ((one.before, one.before_outcome), (one.now, one.now_outcome))
    )
    text = _("The reply to the test message changed from %(before)s to %(now)s: it was %(was)s, it is %(is)s now.")
    outcomes = {"was": OUTCOMES[one.before_outcome], "is": OUTCOMES[one.now_outcome]}
    if one.before_outcome is one.now_outcome:
        text = _("The reply to the test message changed from %(before)s to %(now)s; it is still %(is)s.")
    return text % {"before": before, "now": now, **outcomes}


def _port(one: PortChange) -> str:
    texts = {
        Reach.OPEN: _("Port %(port)d of %(host)s is open now, seen %(from)s; it was %(before)s."),
        Reach.CLOSED: _("Port %(port)d of %(host)s is closed now, seen %(from)s; it was %(before)s."),
        Reach.UNKNOWN: _("Port %(port)d of %(host)s could not be tried %(from)s this time; it was %(before)s."),
    }
    before = {Reach.OPEN: _("open"), Reach.CLOSED: _("closed"), Reach.UNKNOWN: _("unknown")}[one.before]
    return texts[one.now] % {
        "port": one.port,
        "host": visible(one.host),
        "from": word({key.value: text for key, text in FROM.items()}, one.vantage),
        "before": before,
    }


def _health(one: HealthChange) -> str:
    """`fine again` only where it was a problem: what could not be checked may have been fine all the time."""
    texts = {
        (HealthState.PROBLEM, HealthState.FINE): _("%(kind)s of our own side is fine again: %(subject)s."),
        (HealthState.UNKNOWN, HealthState.FINE): _(
            "%(kind)s of our own side is fine: %(subject)s. It could not be checked before."
        ),
        (HealthState.FINE, HealthState.PROBLEM): _("%(kind)s of our own side is a problem now: %(subject)s."),
        (HealthState.UNKNOWN, HealthState.PROBLEM): _(
            "%(kind)s of our own side is a problem: %(subject)s. It could not be checked before."
        ),
        (HealthState.FINE, HealthState.UNKNOWN): _(
            "%(kind)s of our own side could not be checked this time: %(subject)s. It was fine before."
        ),
        (HealthState.PROBLEM, HealthState.UNKNOWN): _(
            "%(kind)s of our own side could not be checked this time: %(subject)s. It was a problem before."
        ),
    }
    return texts[one.before, one.now] % {"kind": word(HEALTH_KINDS, one.kind), "subject": visible(one.subject)}


def _answers(before: Side, now: Side) -> Iterator[str]:
    if before.diagnosis is None or now.diagnosis is None:
        return
    for one in all_answer_changes(before.diagnosis, now.diagnosis):
        statuses = {one.before, one.now}
        if statuses & _TELLING and Status.CHECKING not in statuses:
            yield _answer(one)


def _answer(one: AnswerChange) -> str:
    said = {"question": question_text(one.question), "before": ANSWERS[one.before], "now": ANSWERS[one.now]}
    if one.now is Status.COULD_NOT_CHECK:
        return _("Question “%(question)s”: unknown now, it could not be checked this time. Before: %(before)s.") % said
    if one.before is Status.COULD_NOT_CHECK:
        return _("Question “%(question)s”: %(now)s. It was unknown before.") % said
    return _("Question “%(question)s”: it was %(before)s, it is %(now)s now.") % said


_TELLING = frozenset({Status.FINE, Status.PROBLEM, Status.COULD_NOT_CHECK})
"""That a question was not asked, or had no sense, is worth no sentence."""
