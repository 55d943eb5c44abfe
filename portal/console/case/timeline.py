"""Everything that happened to a case, in order, in pages, with a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from diagnostics.domain import SendEvent, SendHistory, Status, Vantage
from diagnostics.models import (
    AuditEntry,
    Case,
    CaseEvent,
    Group,
    Note,
    ObservationRecord,
    Resolution,
    Run,
    SenderEvent,
    TicketNote,
    WebhookDelivery,
)
from diagnostics.probes.send_events import CodeMailEvents
from diagnostics.remedies import remedies
from diagnostics.services.audit import Action
from diagnostics.services.cases import LINK_LIFETIME
from diagnostics.services.runs import seen_of
from portal.console.case import words
from portal.console.history import (
    MessageStory,
    OpenedStory,
    ReleaseStory,
    ReportStory,
    RunStory,
    run_story,
    shown_observation,
)
from portal.console.values import visible
from portal.console.words import Tag, service_name, word

PAGE_SIZE = 40


class Kind(StrEnum):
    """What a part of the story is about; the filter in the address."""

    RUNS = "runs"
    MAIL = "mail"
    CUSTOMER = "customer"
    AGENTS = "agents"
    SYSTEMS = "systems"
    VIEWS = "views"


KINDS: dict[Kind, Promise] = {
    Kind.RUNS: _lazy("Runs"),
    Kind.MAIL: _lazy("Mail"),
    Kind.CUSTOMER: _lazy("From the customer"),
    Kind.AGENTS: _lazy("By agents"),
    Kind.SYSTEMS: _lazy("Other systems"),
    Kind.VIEWS: _lazy("Views and links"),
}


@dataclass(frozen=True, slots=True)
class NoteStory:
    """What an agent wrote down; shown as it was written, nothing in it is a link."""

    template: ClassVar[str] = "console/story/note.html"
    at: datetime
    note: Note

    @property
    def text(self) -> str:
        return visible(self.note.text)


@dataclass(frozen=True, slots=True)
class ResolvedStory:
    template: ClassVar[str] = "console/story/resolved.html"
    at: datetime
    resolution: Resolution

    @property
    def headline(self) -> str:
        known = remedies().get(self.resolution.true_cause)
        return known.headline if known else ""


@dataclass(frozen=True, slots=True)
class EventStory:
    """Something that needs no more than a line: who, and what was said in a server's or a person's own words."""

    template: ClassVar[str] = "console/story/event.html"
    at: datetime
    title: str
    tag: Tag | None = None
    who: str = ""
    about: str = ""
    said: str = ""


Story = RunStory | MessageStory | ReportStory | ReleaseStory | OpenedStory | NoteStory | ResolvedStory | EventStory


@dataclass(frozen=True, slots=True)
class _Told:
    """A part of the story, still without what is heavy: of a run only that it was."""

    kind: Kind
    at: datetime
    story: Story | Run


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of the filter. `chosen`: it is what the page shows."""

    label: str | Promise
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of the story. `start` numbers its first part; the links are empty where there is no such page."""

    stories: tuple[Story, ...]
    total: int
    start: int
    oldest_first: bool
    turned_url: str
    choices: tuple[Choice, ...]
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for; what it cannot mean is taken for the default."""

    kind: Kind | None = None
    oldest_first: bool = False
    page: int = 1

    @classmethod
    def of(cls, query: dict[str, str]) -> Wish:
        kind, page = query.get("kind", ""), query.get("page", "")
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
        return cls(Kind(kind) if kind in set(Kind) else None, query.get("order") == "oldest", max(number, 1))

    def url(self, *, kind: Kind | None, oldest_first: bool, page: int = 1) -> str:
        said = {"kind": kind or "", "order": "oldest" if oldest_first else "", "page": page if page > 1 else ""}
        return f"?{urlencode({name: value for name, value in said.items() if value})}#history"


def timeline_of(case: Case, wish: Wish | None = None, *, page_size: int = PAGE_SIZE) -> Timeline:
    """The page of the story that is asked for; the last one where it has fewer."""
    wish = wish or Wish()
    runs = list(case.runs.order_by("-number"))
    # The sort is stable, so what follows from something else stays above it where both bear the same time.
    told = sorted(_told(case, runs), key=lambda one: one.at, reverse=True)
    told = [one for one in told if wish.kind in (None, one.kind)]
    if wish.oldest_first:
        told.reverse()
    page = min(wish.page, max(1, -(-len(told) // page_size)))
    start = (page - 1) * page_size
    shown = told[start : start + page_size]

    def url(number: int) -> str:
        return wish.url(kind=wish.kind, oldest_first=wish.oldest_first, page=number)

    return Timeline(
        stories=tuple(_whole(case, shown, runs)),
        total=len(told),
        start=start + 1 if wish.oldest_first else len(told) - start,
        oldest_first=wish.oldest_first,
        turned_url=wish.url(kind=wish.kind, oldest_first=not wish.oldest_first),
        choices=tuple(_choices(wish)),
        previous_url=url(page - 1) if page > 1 else "",
        next_url=url(page + 1) if start + page_size < len(told) else "",
    )


def _choices(wish: Wish) -> Iterator[Choice]:
    yield Choice(_("Everything"), wish.url(kind=None, oldest_first=wish.oldest_first), wish.kind is None)
    for kind, label in KINDS.items():
        yield Choice(label, wish.url(kind=kind, oldest_first=wish.oldest_first), wish.kind is kind)


def _whole(case: Case, told: list[_Told], runs: list[Run]) -> Iterator[Story]:
    """The parts with all that a page shows of them: groups and records of the shown runs alone are read."""
    shown = [one.story.pk for one in told if isinstance(one.story, Run)]
    groups = list(Group.objects.filter(run__in=shown).order_by("pk"))
    records = list(ObservationRecord.objects.filter(run__in=shown, group__isnull=False).order_by("at", "pk"))
    for one in told:
        if isinstance(one.story, Run):
            yield run_story(one.story, groups, records, case.language, latest=one.story is runs[0])
        else:
            yield one.story


def _told(case: Case, runs: list[Run]) -> Iterator[_Told]:
    numbers = {run.pk: run.number for run in runs}
    yield from _views(case)
    yield from _systems(case)
    yield from _by_agents(case)
    yield from _reports(case, numbers)
    yield from _mail(case)
    yield from (_Told(Kind.RUNS, run.created_at, run) for run in runs)
    yield _Told(Kind.CUSTOMER, case.created_at, OpenedStory(case.created_at, case))


def _reports(case: Case, numbers: dict[int, int]) -> Iterator[_Told]:
    """What no probe found. What a later run carried over was told once before."""
    told = set()
    records = case.records.filter(group__isnull=True).order_by("at", "pk")
    first = []
    for record in records:
        same = (record.kind, record.at, record.message_id)
        if same not in told:
            told.add(same)
            first.append(record)
    for record in reversed(first):
        by_customer = record.vantage in (Vantage.CUSTOMER, Vantage.BROWSER, Vantage.SCRIPT)
        story = ReportStory(record.at, numbers[record.run_id], shown_observation(record))
        yield _Told(Kind.CUSTOMER if by_customer else Kind.MAIL, record.at, story)


def _mail(case: Case) -> Iterator[_Told]:
    events = SenderEvent.objects.filter(test_message__case=case).select_related("test_message").order_by("-pk")
    for row in events:
        purpose = row.test_message.get_purpose_display() if row.test_message else ""
        what = word(words.SEND_EVENTS, row.kind)
        title = _("Test message (%(purpose)s): %(what)s") % {"purpose": purpose, "what": what}
        yield _Told(Kind.MAIL, row.at, _event(title, row))
    for event in _code_mails(case):
        title = _("Code e-mail: %s") % word(words.SEND_EVENTS, event.kind)
        yield _Told(Kind.MAIL, event.at, _event(title, event))
    for message in case.test_messages.order_by("-pk"):
        yield _Told(Kind.MAIL, message.created_at, MessageStory(message.created_at, message))


def _code_mails(case: Case) -> Iterator[SendEvent]:
    """As far as the case's records tell; the newest look tells what the earlier ones did, and more."""
    kinds = (SendHistory.__name__, CodeMailEvents.__name__)
    told: set[tuple[object, ...]] = set()
    for record in case.records.filter(kind__in=kinds, data__isnull=False).order_by("-at", "-pk"):
        known = seen_of(record).observation
        for event in reversed(known.events) if isinstance(known, SendHistory) else ():
            same = (event.kind, event.at, event.service, event.message_id)
            if same not in told:
                told.add(same)
                yield event


def _event(title: str, event: SendEvent | SenderEvent) -> EventStory:
    status = words.SEND_EVENT_STATUSES.get(event.kind)
    said = " ".join(part for part in (event.reply, event.reject_reason) if part)
    return EventStory(
        event.at,
        title,
        tag=Tag(status, word(words.SEND_EVENTS, event.kind)) if status else None,
        who=service_name(event.service),
        about=visible(event.mta),
        said=visible(said),
    )


def _by_agents(case: Case) -> Iterator[_Told]:
    for resolution in case.resolutions.order_by("-pk"):
        yield _Told(Kind.AGENTS, resolution.at, ResolvedStory(resolution.at, resolution))
    for note in case.notes.order_by("-pk"):
        yield _Told(Kind.AGENTS, note.at, NoteStory(note.at, note))
    for release in case.suppression_releases.order_by("-pk"):
        yield _Told(Kind.AGENTS, release.asked_at, ReleaseStory(release.asked_at, release))


def _systems(case: Case) -> Iterator[_Told]:
    for note in case.ticket_notes.order_by("-pk"):
        yield _Told(Kind.SYSTEMS, note.created_at, _ticket_note(note))
    for event in case.events.prefetch_related("deliveries__endpoint").order_by("-pk"):
        yield _Told(Kind.SYSTEMS, event.at, _case_event(event, event.deliveries.all()))


def _ticket_note(note: TicketNote) -> EventStory:
    tag = Tag(words.NOTE_STATUSES.get(note.state, Status.NOT_CHECKED), word(words.NOTE_STATES, note.state))
    title = _("Note for ticket %(helpdesk)s %(ticket)s") % {"helpdesk": note.helpdesk, "ticket": note.ticket}
    return EventStory(note.created_at, title, tag, about=visible(note.detail), said=visible(note.text))


def _case_event(event: CaseEvent, deliveries: Iterable[WebhookDelivery]) -> EventStory:
    """What the API's list of events tells, and which webhooks were told."""
    told = (
        _("%(endpoint)s: %(state)s") % {"endpoint": one.endpoint.name, "state": word(words.DELIVERIES, one.state)}
        for one in deliveries
    )
    codes = (f"{name} {value}" for name, value in event.data.items() if value not in ("", None))
    return EventStory(event.at, word(words.TOLD, event.kind), about=visible(", ".join((*codes, *told))))


def _views(case: Case) -> Iterator[_Told]:
    for view in case.views.order_by("-pk"):
        yield _Told(Kind.VIEWS, view.at, EventStory(view.at, word(words.VIEWERS, view.viewer), who=visible(view.name)))
    audited = set()
    for entry in AuditEntry.objects.filter(reference=case.reference, action__in=words.ACTIONS).order_by("-pk"):
        audited.add(entry.detail.get("link"))
        kind = Kind.AGENTS if entry.action == Action.CASE_REOPENED else Kind.VIEWS
        yield _Told(kind, entry.at, _audited(entry))
    for link in case.links.order_by("-pk"):
        if link.pk not in audited:
            made = link.expires_at - LINK_LIFETIME
            yield _Told(Kind.VIEWS, made, EventStory(made, word(words.LINKS, link.kind)))


def _audited(entry: AuditEntry) -> EventStory:
    kind = str(entry.detail.get("kind", ""))
    made = words.LINKS.get(kind) if entry.action == Action.LINK_MADE else None
    return EventStory(entry.at, str(made or word(words.ACTIONS, entry.action)), who=visible(entry.actor))
