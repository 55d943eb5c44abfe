"""Internal notes on helpdesks' tickets: made from what happens to cases, each posted at most once."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import uniform

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from diagnostics.models import Case, CaseEvent, CaseEventKind, DeepLink, NoteState, TicketNote
from diagnostics.services.deep_links import renew_token, vouched
from diagnostics.services.note_text import LINK, about_link, about_resolution, about_run, unsigned
from diagnostics.services.work import announce_work

MOST_OF_A_CASE = 3
MOST_OF_RUNS = MOST_OF_A_CASE - 1
"""The last place is kept for how it ended."""
LOOK_SECONDS, POST_SECONDS = 40.0, 15.0
LEASE = timedelta(seconds=LOOK_SECONDS + POST_SECONDS + 30)
"""Outlives the look and the post, so that no two workers post at the same time."""
GIVE_UP_AFTER = timedelta(hours=24)
PAUSES = (60, 300, 900, 3600, 3 * 3600)
"""Seconds until the next try, try by try, the last one again and again. A call that was cut off may still be taken in
the first of these minutes; only then is the ticket looked at.
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A note that this worker is to post. `look_first`: an earlier try may have reached the ticket."""

    note_pk: int
    helpdesk: str
    ticket: str
    note_id: str
    attempt: int
    look_first: bool


def make_notes(events: Sequence[CaseEvent], helpdesks: Collection[str]) -> None:
    """Make the notes that events ask for, at tickets of these helpdesks; in the transaction that publishes them."""
    for event in events:
        _make_note(event, helpdesks)


def bring_link(link: DeepLink, *, case: Case | None = None) -> TicketNote:
    """Queue the note that brings the agent the customer's link."""
    return _queue(case=case, event=None, link=link, helpdesk=link.helpdesk, ticket=link.ticket, text=about_link())


def claim(note_pk: int) -> Claim | None:
    """Commit that the note is being posted; None where another worker has it, or it is too early or too late."""
    now = timezone.now()
    due = TicketNote.objects.filter(pk=note_pk, state=NoteState.QUEUED, next_try_at__lte=now)
    if due.filter(created_at__lt=now - GIVE_UP_AFTER).update(state=NoteState.FAILED, finished_at=now):
        return None
    if not due.update(state=NoteState.POSTING, tries=F("tries") + 1, lease_until=Now() + LEASE):
        return None
    note = TicketNote.objects.get(pk=note_pk)
    return Claim(note.pk, note.helpdesk, note.ticket, note.note_id, note.tries, look_first=note.tries > 1)


def text_of(claimed: Claim) -> str | None:
    """What to post. Where it brings a link, the link gets a token that nobody has had; None where it is revoked."""
    note = TicketNote.objects.select_related("link").get(pk=claimed.note_pk)
    if note.link is None:
        return note.text
    if note.link.revoked_at:
        return None
    return note.text.replace(LINK, f"{settings.PORTAL_URL}/l/{renew_token(note.link)}/")


def posted(claimed: Claim) -> None:
    """The note is on the ticket."""
    _mine(claimed).update(state=NoteState.POSTED, finished_at=timezone.now(), lease_until=None, detail="")


def refused(claimed: Claim, said: str) -> None:
    """The note will never be on the ticket."""
    _mine(claimed).update(state=NoteState.FAILED, finished_at=timezone.now(), lease_until=None, detail=_kept(said))


def unknown(claimed: Claim, said: str, retry_after: int | None = None) -> None:
    """Nobody knows whether it is there: look again later, until a day has passed."""
    now = timezone.now()
    pause = PAUSES[min(claimed.attempt, len(PAUSES)) - 1] * uniform(1.0, 1.2)  # noqa: S311 - spreads tries, no secret
    next_try = now + timedelta(seconds=max(pause, retry_after or 0))
    later = {"state": NoteState.QUEUED, "next_try_at": next_try, "dispatched_at": None}
    over = {"state": NoteState.FAILED, "finished_at": now}
    mine = _mine(claimed)
    mine.filter(created_at__lte=next_try - GIVE_UP_AFTER).update(**over, lease_until=None, detail=_kept(said))
    mine.update(**later, lease_until=None, detail=_kept(said))


def requeue_lost() -> int:
    """Notes whose worker was lost: the ticket is looked at before anything is posted again. How many."""
    now = timezone.now()
    lost = TicketNote.objects.filter(state=NoteState.POSTING, lease_until__lt=Now())
    return lost.update(
        state=NoteState.QUEUED, next_try_at=now, dispatched_at=None, lease_until=None, detail="worker lost"
    )


def give_up_old() -> int:
    """Notes that a day has passed over; how many. They are shown on the case."""
    now = timezone.now()
    old = TicketNote.objects.filter(state=NoteState.QUEUED, created_at__lt=now - GIVE_UP_AFTER)
    return old.update(state=NoteState.FAILED, finished_at=now)


def try_again(note: TicketNote) -> bool:
    """An agent wants a failed note tried again, for another day; whether it was failed. It is looked for first."""
    now = timezone.now()
    again = TicketNote.objects.filter(pk=note.pk, state=NoteState.FAILED).update(
        state=NoteState.QUEUED, created_at=now, next_try_at=now, dispatched_at=None, finished_at=None
    )
    if again:
        announce_work()
    return bool(again)


def _make_note(event: CaseEvent, helpdesks: Collection[str]) -> None:
    case = event.case
    wanted = event.kind in (CaseEventKind.RUN_FINISHED, CaseEventKind.CASE_RESOLVED)
    if not (wanted and case.ticket and case.helpdesk in helpdesks):
        return
    if event.at < timezone.now() - GIVE_UP_AFTER:
        return
    earlier = list(case.ticket_notes.filter(event__isnull=False).select_related("event").order_by("pk"))
    most = MOST_OF_RUNS if event.kind == CaseEventKind.RUN_FINISHED else MOST_OF_A_CASE
    if len(earlier) >= most or (earlier and _same_state(earlier[-1].event, event)):
        return
    sure = vouched(case) or case.api_client_id is not None
    if not sure and _of_other_cases(case) >= MOST_OF_A_CASE:
        return
    text = about_run(case, event) if event.kind == CaseEventKind.RUN_FINISHED else about_resolution(case, event)
    text = text if sure else f"{text}\n{unsigned(case)}"
    _queue(case=case, event=event, link=None, helpdesk=case.helpdesk, ticket=case.ticket, text=text)


def _of_other_cases(case: Case) -> int:
    """Notes of the last day on the case's ticket. Its number may come from an unsigned link, which anybody can write:
    nobody is to fill a ticket by opening case after case.
    """
    recent = TicketNote.objects.filter(created_at__gt=timezone.now() - GIVE_UP_AFTER, event__isnull=False)
    return recent.filter(helpdesk=case.helpdesk, ticket=case.ticket).exclude(case=case).count()


def _same_state(before: CaseEvent | None, event: CaseEvent) -> bool:
    """A further run that finds the same is no news."""
    if before is None or before.kind != event.kind:
        return False
    return all(before.data.get(name) == event.data.get(name) for name in ("verdict", "cause"))


def _queue(
    *, case: Case | None, event: CaseEvent | None, link: DeepLink | None, helpdesk: str, ticket: str, text: str
) -> TicketNote:
    note = TicketNote.objects.create(
        case=case,
        event=event,
        link=link,
        helpdesk=helpdesk,
        ticket=ticket,
        note_id=f"portal-note-{secrets.token_hex(8)}",
        text=text,
    )
    announce_work()
    return note


def _mine(claimed: Claim) -> QuerySet[TicketNote]:
    """The claimed note, unless another worker has claimed it since."""
    return TicketNote.objects.filter(pk=claimed.note_pk, state=NoteState.POSTING, tries=claimed.attempt)


def _kept(said: str) -> str:
    return said.replace("\x00", "\ufffd")[:500]
