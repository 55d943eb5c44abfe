"""What the API takes and gives, as its OpenAPI document states it. Within v1 members are only ever added."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from django.conf import settings
from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from diagnostics import lab
from diagnostics.articles import articles
from diagnostics.domain import Gap, Severity, Stage, Status, Strength, Verdict, Who
from diagnostics.models import CaseEventKind, CaseState, LinkKind
from diagnostics.services.cases import HELPDESK, TICKET
from portal.intake import ASKED_AT, LONGEST_COMPANY_ID

MOST = 100
"""Items of one page."""
RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)


@cache
def article_slugs() -> tuple[str, ...]:
    """The articles that cases can be opened for; not those that only carry a lab scenario."""
    only_in_lab = {path.name for path in (FilePath(lab.__file__).parent / "articles").iterdir()}
    return tuple(sorted(set(articles()) - only_in_lab))


@cache
def device_models() -> tuple[str, ...]:
    return tuple(sorted({model for slug in article_slugs() for model in articles()[slug].models}))


def _one_of(values: Any) -> AfterValidator:
    def known(value: str) -> str:
        if value not in values():
            raise PydanticCustomError("enum", "Must be one of: {known}", {"known": ", ".join(values())})
        return value

    return AfterValidator(known)


def _is_plain(value: str) -> str:
    value = value.strip()
    if not value:
        raise PydanticCustomError("empty", "Must not be empty")
    if any(unicodedata.category(one)[0] == "C" for one in value):
        raise PydanticCustomError("characters", "Must not contain control or invisible characters")
    return value


def _moment(value: Any) -> datetime:
    """RFC 3339, also at the ends of the calendar and in a leap second."""
    found = RFC3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("moment", "Must be a moment like 2026-03-01T12:00:00Z")
    day, minute, second, fraction, offset = found.groups()
    text = f"{day}T{minute}:{min(int(second), 59):02}{(fraction or '')[:7]}{offset.upper()}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if day < "1000" else datetime.max.replace(tzinfo=UTC)
    except ValueError as bad:
        raise PydanticCustomError("moment", "Must be a moment like 2026-03-01T12:00:00Z") from bad


def _limit(value: Any) -> int:
    if not re.fullmatch("[0-9]{1,4}", str(value), re.ASCII) or not 1 <= int(value) <= MOST:
        raise PydanticCustomError("limit", "Must be a whole number from 1 to {most}", {"most": MOST})
    return int(value)


ArticleSlug = Annotated[str, _one_of(article_slugs), Field(json_schema_extra={"x-articles": True})]
DeviceModel = Annotated[str, _one_of(device_models), Field(json_schema_extra={"x-models": True})]
CompanyId = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_COMPANY_ID, json_schema_extra={"format": "printable"}),
    AfterValidator(_is_plain),
]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Limit = Annotated[
    int, BeforeValidator(_limit), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST, "default": 50})
]
HelpdeskName = Annotated[str, Field(pattern=f"^{HELPDESK.pattern}$", examples=["zendesk"])]
TicketId = Annotated[str, Field(pattern=f"^{TICKET.pattern}$", examples=["4711"])]
AskedAt = StrEnum("AskedAt", {name: name for name, _words in ASKED_AT})  # type: ignore[misc]


class _In(Schema):
    """What a client sends: nothing that we do not know is passed over in silence."""

    model_config = ConfigDict(extra="forbid")


class TicketIn(_In):
    """The ticket in your helpdesk, so that agents get from one to the other."""

    helpdesk: HelpdeskName
    id: TicketId


class Subject(_In):
    """Whose code has not arrived."""

    company: CompanyId = Field(description="The company ID that the customer states.", examples=["100200"])
    address: str = Field(
        min_length=3,
        max_length=254,
        description="The e-mail address that the code should come to.",
        examples=["anna@mailbox-full.test"],
        json_schema_extra={"format": "email"},
    )
    article: ArticleSlug = Field(description="The help article that the case is for.", examples=["verification"])
    ticket: TicketIn | None = None


class NewCase(Subject):
    device_model: DeviceModel | None = Field(None, description="The device that asks for the code, where there is one.")
    asked_at: AskedAt | None = Field(None, description="When the customer asked for the code.")
    language: str | None = Field(
        None,
        pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        max_length=12,
        description="The customer’s language (BCP 47); English where the portal does not speak it.",
        examples=["en"],
    )


class NewLink(_In):
    """`owner` opens the case for the customer, `it` a read-only page for their IT department."""

    kind: LinkKind


class NewDeepLink(Subject):
    pass


class TicketOut(Schema):
    helpdesk: str
    id: str


class RunOut(Schema):
    """One pass of the checks."""

    number: int
    started_at: datetime
    finished_at: datetime | None = Field(description="Null while it is under way.")


class CaseLinks(Schema):
    """Addresses of this API, and of the agents’ page (which needs their sign-in)."""

    self: str
    diagnosis: str
    events: str
    runs: str
    links: str
    agent_url: str


class CaseOut(Schema):
    """A customer’s report that a code has not arrived."""

    reference: str = Field(examples=["K7QX2MPA"])
    state: CaseState = Field(description="`checking` while a run is under way, then `open` until it is `resolved`.")
    article: str
    vendor: str
    company: str
    address: str
    device_model: str | None
    asked_at: str | None
    ticket: TicketOut | None
    language: str
    tier: int = Field(description="1 where the case may show what the vendor’s records say of the account, else 0.")
    test: bool = Field(description="Whether a test key opened it: then nothing is probed or sent.")
    created_at: datetime
    run: RunOut = Field(description="The newest one.")
    links: CaseLinks


class CaseCreated(CaseOut):
    """With two fresh links that give access to the case. They are shown here only; more can be made."""

    customer_url: str = Field(description="For the customer alone: whoever has it may see and change the case.")
    it_url: str = Field(description="A read-only page for the customer’s IT department, without full addresses.")


class CasePage(Schema):
    items: list[CaseOut]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class CauseOut(Schema):
    """Texts are in the language of the header Content-Language; `meaning`, `action` and `for_it` are Markdown."""

    cause: str = Field(examples=["mailbox.full"])
    strength: Strength
    sure: bool = Field(description="Proved, and nothing speaks against it.")
    stage: Stage = Field(description="Where on its way the mail is stopped.")
    who: list[Who] = Field(description="Who can fix it, the best one first.")
    facts: dict[str, str] = Field(description="What was seen; some of it in other servers’ words.")
    question: str = Field(description="The question whose answer says so.")
    against: list[str] = Field(description="Questions whose answers speak against it.")
    headline: str
    next_step: str
    meaning: str
    action: str
    for_it: str


class FindingOut(Schema):
    tag: str
    strength: Strength
    severity: Severity
    facts: dict[str, str]


class QuestionOut(Schema):
    question: str = Field(examples=["mx"])
    text: str
    status: Status = Field(description="Unknown is never shown as fine.")
    gap: Gap | None = Field(description="Why there is no answer.")
    findings: list[FindingOut]


class NextAction(Schema):
    """What to do now."""

    code: Literal["fix", "wait", "run_again", "send_test_message", "answer", "ask_for_code"]
    text: str
    who: list[Who]


class DiagnosisOut(Schema):
    """What is known by now of the newest run. Provisional while `state` is `checking`."""

    case: str
    run: int
    state: Literal["checking", "finished"]
    verdict: Verdict | None = Field(description="Null until there is a cause, or the run is finished.")
    headline: str
    causes: list[CauseOut] = Field(description="Best supported first; the first one is the headline.")
    questions: list[QuestionOut]
    next_action: NextAction
    gateway: str | None = Field(description="Who filters the domain’s mail in front of the mailbox.")
    mailbox_provider: str | None
    language: str


class EventOut(Schema):
    """Something happened to a case. What it came to stands in the diagnosis."""

    id: int
    kind: CaseEventKind
    case: str
    at: datetime
    run: int | None = Field(description="The run’s number, for run.finished.")
    diagnosis: str = Field(description="Where to read it.")


class EventPage(Schema):
    """Oldest first. Ask on with `next_cursor`, also where there was nothing new: no event is ever skipped."""

    items: list[EventOut]
    next_cursor: str | None = Field(description="Where to go on; null only while there has never been an event.")
    has_more: bool


class RunStarted(Schema):
    """`started` is false where a run was under way already: it is as good."""

    started: bool
    run: RunOut
    links: CaseLinks


class LinkOut(Schema):
    """A link that gives access. Its address is shown here only; `id` revokes it."""

    id: str = Field(pattern="^[0-9a-f]{64}$")
    kind: Literal["owner", "it", "deep"]
    url: str
    expires_at: datetime


class TestDomain(Schema):
    """`tier` 1: it comes to that diagnosis only for a key with the scope link:write."""

    __test__ = False

    address: str
    domain: str
    title: str
    verdict: Verdict
    cause: str | None
    stage: Stage | None
    tier: int


class TestDomains(Schema):
    __test__ = False

    items: list[TestDomain]


class FieldError(Schema):
    """`pointer` (RFC 6901) into the body, or the name of a `parameter` in the query or a header."""

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None


class ProblemOut(Schema):
    """RFC 9457. `type` leads to what it means and what to do."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None
    scope: str | None = None
    test_domains: str | None = None


def parse_settings_suffixes(is_test: bool) -> frozenset[str]:
    """Reserved top-level domains that addresses may have."""
    return settings.EXTRA_SUFFIXES | ({"test"} if is_test else frozenset())
