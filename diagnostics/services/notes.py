"""What agents write down about a case, for one another."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from diagnostics.models import Case, Note
from diagnostics.services.audit import Action, Actor, write

LONGEST = 5000
"""Characters."""
TWICE = timedelta(minutes=1)


def write_note(case: Case, text: str, by: Actor) -> Note:
    """Keep the note, and in the audit trail that it was written; never what it says. The same again within a minute is
    a button pressed twice. Raises ValueError for a text that is empty or too long.
    """
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not 0 < len(text) <= LONGEST:
        raise ValueError(f"a note has 1 to {LONGEST} characters, not {len(text)}")
    with transaction.atomic():
        Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        just_now = case.notes.filter(author=by.name[:150], text=text, at__gt=timezone.now() - TWICE).first()
        if just_now:
            return just_now
        note = Note.objects.create(case=case, author=by.name[:150], text=text)
        write(by, Action.NOTE_WRITTEN, reference=case.reference, note=note.pk, length=len(text))
    return note
