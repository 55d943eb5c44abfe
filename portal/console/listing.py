"""Cases as rows, newest first, in pages that stay where they are while new cases come in (keyset pagination)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.utils.timesince import timesince

from diagnostics.domain import Status
from diagnostics.models import Case, CaseState
from portal.console.names import article_name, cause_name, provider_name
from portal.console.slices import Position, Selection, newest
from portal.console.words import CASE_STATES, ORIGINS, VERDICT_TAGS, VERDICTS, Tag, word
from portal.intake import ASKED_AT

PAGE_SIZE = 25
CURSOR_SALT = "portal.console.cursor"


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the words of the list. All of it stands in the case itself: see `services.runs.judge`."""

    case: Case

    @property
    def state(self) -> str:
        return word(CASE_STATES, self.case.state)

    @property
    def verdict(self) -> Tag:
        """The newest run's, or that it is under way."""
        if self.case.state == CaseState.CHECKING or not self.case.verdict:
            return Tag(Status.CHECKING, self.state)
        status = VERDICT_TAGS.get(self.case.verdict, Status.NOT_CHECKED)
        return Tag(status, word(VERDICTS, self.case.verdict))

    @property
    def cause(self) -> str:
        return cause_name(self.case.cause, domain=self.case.domain) if self.case.cause else ""

    @property
    def mail_system(self) -> str:
        """Who filters and who keeps the mail, in the way of the mail."""
        slugs = dict.fromkeys(slug for slug in (self.case.gateway, self.case.provider) if slug)
        return " → ".join(provider_name(slug) for slug in slugs)

    @property
    def age(self) -> str:
        return timesince(self.case.created_at, depth=1)

    @property
    def article(self) -> str:
        return article_name(self.case.article)

    @property
    def origin(self) -> str:
        return word(ORIGINS, self.case.origin)

    @property
    def asked_at(self) -> str:
        """When the customer asked for the code, in their words."""
        return str(dict(ASKED_AT).get(self.case.asked_at, self.case.asked_at))


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` asks for the next page, empty on the last. `misread`: the cursor asked for was not ours."""

    rows: tuple[Row, ...]
    cursor: str = ""
    first: bool = True
    misread: bool = False


def page_of(selection: Selection, cursor: str = "", *, until: datetime | None = None) -> Page:
    """The cases after the cursor, with a constant number of queries. None of them is of `until` or later."""
    position = _position(cursor) if cursor else None
    start = position or (Position(until) if until else None)
    found = newest(selection, PAGE_SIZE + 1, after=start)
    shown = found[:PAGE_SIZE]
    return Page(
        rows=tuple(Row(case) for case in shown),
        cursor=cursor_of(shown[-1]) if len(found) > PAGE_SIZE else "",
        first=position is None,
        misread=bool(cursor) and position is None,
    )


def cursor_of(case: Case) -> str:
    """Asks for the cases after this one."""
    return signing.Signer(salt=CURSOR_SALT).sign_object([case.created_at.isoformat(), case.pk])


def _position(cursor: str) -> Position | None:
    try:
        at, pk = signing.Signer(salt=CURSOR_SALT).unsign_object(cursor)
    except signing.BadSignature:
        return None
    return Position(datetime.fromisoformat(at), pk)
