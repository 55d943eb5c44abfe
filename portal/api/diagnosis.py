"""A run's diagnosis as the API gives it: codes, facts and texts, as far as the tier allows."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import get_language

from diagnostics.codec import Unreadable
from diagnostics.domain import Answer, Diagnosis, Evidence, Facts, Finding, RankedCause, Remedy, Verdict
from diagnostics.models import Case, Purpose, Run, TestMessage
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.remedies import filled, remedy
from diagnostics.services.runs import evidence_of, seen_by
from portal.api import words
from portal.api.schemas import CauseOut, DiagnosisOut, FindingOut, NextAction, QuestionOut
from portal.question_words import question_text
from portal.remedy_facts import known_facts
from portal.templatetags.portal_text import foreign


def diagnosis_of(case: Case, run: Run, *, tier: int) -> DiagnosisOut:
    """What is known by now; never more than `tier`, nor than the case itself, allows."""
    tier = min(tier, case.tier)
    try:
        evidence, found = seen_by(run, tier)
        outdated = False
    except Unreadable:
        evidence, found, outdated = evidence_of(run, tier), None, run.finished
    causes = [_cause(one, case, evidence) for one in (found.causes if found else ())]
    verdict = found.verdict if found and (run.finished or found.causes) else None
    if outdated:
        verdict = Verdict.INCONCLUSIVE
    system = evidence.get(MailSystem)
    return DiagnosisOut(
        case=case.reference,
        run=run.number,
        state="finished" if run.finished else "checking",
        verdict=verdict,
        headline=causes[0].headline if causes else _headline(verdict, outdated=outdated),
        causes=causes,
        questions=[_question(one) for one in (found.answers if found else ())],
        next_action=_next_action(run, found, causes, verdict),
        gateway=(system.gateway if system else "") or None,
        mailbox_provider=mailbox_of(system, evidence.get(MailboxBehind)) or None,
        language=_language(),
    )


def _cause(one: RankedCause, case: Case, evidence: Evidence) -> CauseOut:
    known = remedy(one.cause, _language())
    text = filled(known or _unknown(one), _shown(known_facts(case, evidence, one.facts)))
    return CauseOut(
        cause=one.cause,
        strength=one.strength,
        sure=one.sure,
        stage=one.stage,
        who=list(one.who),
        facts=_shown(one.facts),
        question=one.question,
        against=list(one.against),
        headline=text.headline,
        next_step=text.next_step,
        meaning=text.meaning,
        action=text.action,
        for_it=text.for_it,
    )


def _unknown(one: RankedCause) -> Remedy:
    """For a tag of an older version that has no remedy any more."""
    return Remedy(one.cause, one.stage, one.who, headline=one.cause, next_step="", meaning="", action="")


def _question(one: Answer) -> QuestionOut:
    return QuestionOut(
        question=one.question,
        text=question_text(one.question),
        status=one.status,
        gap=one.gap,
        findings=[_finding(finding) for finding in one.findings],
    )


def _finding(one: Finding) -> FindingOut:
    return FindingOut(tag=one.tag, strength=one.strength, severity=one.severity, facts=_shown(one.facts))


def _shown(facts: Facts) -> dict[str, str]:
    """Texts of other people's servers without control and direction characters, cut at a sensible length."""
    return {name: foreign(fact) for name, fact in facts.items()}


def _headline(verdict: Verdict | None, *, outdated: bool) -> str:
    if outdated:
        return str(words.OUTDATED)
    return str(words.VERDICTS[verdict] if verdict else words.CHECKING)


def _next_action(run: Run, found: Diagnosis | None, causes: list[CauseOut], verdict: Verdict | None) -> NextAction:
    if causes:
        return NextAction(code="fix", text=causes[0].next_step, who=causes[0].who)
    message = run.test_messages.filter(purpose=Purpose.PRIMARY).first()
    if not run.finished or (message and not message.finished):
        return NextAction(code="wait", text=str(words.NEXT["wait"]), who=[])
    if verdict is Verdict.INCONCLUSIVE or found is None:
        return NextAction(code="run_again", text=str(words.NEXT["run_again"]), who=[])
    return _about_message(message)


def _about_message(message: TestMessage | None) -> NextAction:
    if message is None:
        return NextAction(code="send_test_message", text=str(words.NEXT["send_test_message"]), who=[])
    if message.typed_at is None:
        return NextAction(code="answer", text=str(words.NEXT["answer"]), who=[])
    return NextAction(code="ask_for_code", text=str(words.NEXT["ask_for_code"]), who=[])


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
