"""What changed since the last time, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from diagnostics.changes import answer_changes, mx_change
from diagnostics.codec import Unreadable
from diagnostics.domain import Status
from diagnostics.models import Run
from diagnostics.services.runs import diagnosis_of, evidence_of
from portal.wizard import words
from portal.wizard.casefile import CaseFile


def changes(file: CaseFile) -> list[words.Words]:
    """One sentence a change, once the run is finished; none for the first run, or where nothing changed."""
    earlier = _run_before(file)
    if earlier is None or file.diagnosis is None:
        return []
    try:
        before = diagnosis_of(earlier, file.tier)
    except Unreadable:
        return []
    found = [_mx_words(file, earlier)]
    if before:
        found += [_line(words.QUESTIONS[one.question], one.now) for one in answer_changes(before, file.diagnosis)]
    return [line for line in found if line]


def _run_before(file: CaseFile) -> Run | None:
    if not file.run.finished or file.run.number == 1:
        return None
    return file.case.runs.filter(number=file.run.number - 1, finished_at__isnull=False).first()


def _mx_words(file: CaseFile, earlier: Run) -> words.Words:
    moved = mx_change(evidence_of(earlier, file.tier), file.evidence)
    if moved is None:
        return ""
    return _("Your mail servers are others now: %(now)s. Before: %(before)s.") % {
        "now": file.shown(", ".join(moved.now)) or _("none"),
        "before": file.shown(", ".join(moved.before)) or _("none"),
    }


def _line(question: words.Words, now: Status) -> words.Words:
    texts = {
        Status.FINE: _("%(question)s It was a problem, it is fine now."),
        Status.PROBLEM: _("%(question)s It was fine, it needs action now."),
    }
    return texts[now] % {"question": question}
