"""The home of a case: what is the matter, how sure, who can fix it, the next step, every section's status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from diagnostics.domain import Answer, Gap, Section, Status, Verdict
from diagnostics.models import MessageState, Purpose
from diagnostics.verdicts import status_of
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import MOST_NAMED, ShownCause, causes, causes_of, findings, notes_of
from portal.wizard.our_side import OurSide, our_side
from portal.wizard.route import Stop, route


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do now, and the one section that helps with it; none where the fault is ours."""

    text: str
    section: Section | None
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A section in the task list."""

    section: Section
    status: Status
    line: words.Words

    @property
    def word(self) -> words.Words:
        return words.STATUSES[self.status]


@dataclass(frozen=True, slots=True)
class Overview:
    """`verdict` is empty while there is neither a cause nor an end."""

    headline: words.Words
    verdict: str
    cause: ShownCause | None
    others: tuple[ShownCause, ...]
    next_step: NextStep | None
    rows: tuple[Row, ...]
    route: tuple[Stop, ...]
    our_side: OurSide | None
    open_questions: tuple[tuple[words.Words, words.Words], ...]


def overview(file: CaseFile) -> Overview:
    found = causes(file)
    cause = found[0] if found else None
    verdict = str(file.diagnosis.verdict) if file.diagnosis and (cause or file.run.finished) else ""
    if file.outdated:
        verdict = str(Verdict.INCONCLUSIVE)
    return Overview(
        headline=cause.remedy.headline if cause else _headline(file),
        verdict=verdict,
        cause=cause,
        others=found[1:MOST_NAMED],
        next_step=_next_step(file, cause),
        rows=tuple(row(file, section) for section in file.article.sections),
        route=route(file),
        our_side=our_side(file),
        open_questions=_open_questions(file) if file.run.finished else (),
    )


def row(file: CaseFile, section: Section) -> Row:
    """A section's status and one line about it."""
    if file.outdated:
        return Row(section, Status.COULD_NOT_CHECK, words.GAPS[Gap.OUTDATED])
    status = status_of(file.diagnosis, section.questions)
    return Row(section, status, _line(file, section, status))


def section_of(file: CaseFile, cause: ShownCause) -> Section | None:
    """Where to go for a cause: of the sections that ask about it, for IT's causes the one that has the page for IT."""
    asking = [
        section
        for section in file.article.sections
        if any(finding.tag == cause.tag for finding in findings(file, section.questions))
    ]
    for_it = [section for section in asking if "it-pack" in section.blocks] if cause.for_it else []
    return next(iter(for_it or asking), None)


def _headline(file: CaseFile) -> words.Words:
    if file.outdated:
        return _("These results were recorded by another version of this site. Please check again.")
    if not file.run.finished or file.diagnosis is None:
        return _("We are checking the way of your e-mail.")
    message = file.message
    if message and message.typed_at:
        return _("Our message reaches your inbox.")
    if file.to_be_answered and message and message.state == MessageState.ACCEPTED and message.finished_at:
        time = date_format(localtime(message.finished_at), "H:i T")
        return _("Your mail server accepted our message at %(time)s.") % {"time": time}
    if file.diagnosis.verdict is Verdict.INCONCLUSIVE:
        return words.VERDICTS[Verdict.INCONCLUSIVE]
    return words.VERDICTS[Verdict.NOTHING_FOUND]


def _next_step(file: CaseFile, cause: ShownCause | None) -> NextStep | None:
    if cause:
        return NextStep(cause.remedy.next_step, section_of(file, cause))
    if not file.run.finished or file.diagnosis is None:
        return None
    about_message = _with_block(file.article.sections, "test-message")
    if file.diagnosis.verdict is Verdict.INCONCLUSIVE and not file.to_be_answered:
        open_section = next(
            (one for one in file.article.sections if row(file, one).status is Status.COULD_NOT_CHECK), about_message
        )
        return NextStep(_("See what we could not check, then check again."), open_section) if open_section else None
    if about_message is None:
        return None
    return NextStep(_about_message(file), about_message, f"#message-{Purpose.PRIMARY}")


def _about_message(file: CaseFile) -> str:
    message = file.message
    if message is None:
        return _("Send yourself a test message, to see whether it arrives.")
    if not message.finished:
        return _("Wait for the test message that is on its way.")
    if file.to_be_answered:
        return _("Look for our test message, then tell us where you found it.")
    return _("Ask for a new code and look for it within a minute. Only the newest code works.")


def _with_block(sections: Sequence[Section], block: str) -> Section | None:
    return next((section for section in sections if block in section.blocks), None)


def _answers(file: CaseFile, section: Section) -> list[Answer]:
    if file.diagnosis is None:
        return []
    return [answer for question in section.questions if (answer := file.diagnosis.answer(question))]


def _line(file: CaseFile, section: Section, status: Status) -> words.Words:
    found = causes_of(file, section.questions)
    if found:
        return found[0].remedy.headline
    answers = _answers(file, section)
    if status is Status.COULD_NOT_CHECK:
        gap = next((answer.gap for answer in answers if answer.status is status and answer.gap), None)
        return words.GAPS[gap] if gap else words.STATUS_LINES[status]
    if status not in (Status.FINE, Status.NOT_CHECKED):
        return words.STATUS_LINES[status]
    noted = notes_of(file, section.questions)
    if noted:
        return noted[0].remedy.headline
    fine = {answer.question for answer in answers if answer.status is Status.FINE}
    still_open = {answer.question for answer in answers if answer.status is Status.NOT_CHECKED}
    known = next((line for name, line in words.FINE_LINES.items() if name in fine), "")
    wanted = next((line for name, line in words.NOT_CHECKED_LINES.items() if name in still_open), "")
    return f"{known} {wanted}".strip() or words.STATUS_LINES[status]


def _open_questions(file: CaseFile) -> tuple[tuple[words.Words, words.Words], ...]:
    """Each question without an answer, and why it has none."""
    answers = file.diagnosis.answers if file.diagnosis else ()
    return tuple(
        (words.QUESTIONS.get(one.question, one.question), words.GAPS[one.gap] if one.gap else "")
        for one in answers
        if one.status is Status.COULD_NOT_CHECK
    )
