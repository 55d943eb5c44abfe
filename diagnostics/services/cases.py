"""Opening cases, starting runs, and the links that give access to a case."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from diagnostics.addresses import mailbox_for_limits, registered_domain
from diagnostics.domain import Address, Article, ProbeGroup, Vantage
from diagnostics.models import (
    ApiClient,
    Case,
    CaseEventKind,
    CaseLink,
    CaseState,
    GroupState,
    LinkKind,
    MessageState,
    ObservationRecord,
    Run,
    TestMessage,
)
from diagnostics.probes.test_message import BounceReport, ComparisonBounce
from diagnostics.services import limits, queue_cap
from diagnostics.services.prepared import Columns, rows
from diagnostics.services.work import CHANNEL

LINK_LIFETIME = timedelta(days=30)
API_ORIGIN = "api"
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
BOUNCES = (BounceReport.__name__, ComparisonBounce.__name__)
HELPDESK = re.compile(r"[a-z0-9-]{1,20}")
TICKET = re.compile(r"[A-Za-z0-9._:#-]{1,64}")
"""What a helpdesk and its ticket may be called, in links, forms and commands."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a customer (or a helpdesk on their behalf) tells us.

    `source` is the network it came from, for limits only.
    """

    article: Article
    company_id: str
    address: Address
    source: str
    device_model: str = ""
    asked_at: str = ""
    origin: str = "portal"
    helpdesk: str = ""
    ticket: str = ""
    tier: int = 0
    language: str = "en"
    paid: bool = True
    """Whether it may go beyond a soft limit: not where it came through the open form without a proof of work."""
    token: str = field(default="", repr=False)
    """What shall open the case's page for whoever reports it, as `new_token` made it; empty where nobody needs it."""
    submission: str = ""
    """The random value of the form that was sent; the same one with the same content never opens a second case."""
    api_client: ApiClient | None = None


class DetailsDeleted(Exception):
    """It is no longer kept whose case this was: nothing can be tried for it any more."""


def open_case(report: Report) -> Case:
    """Record the report and queue its first run, in one transaction; the dispatcher picks it up.

    Raises LimitReached (as QueueFull, where too many checks wait) and ProofNeeded.
    """
    key = _submission_key(report)
    try:
        queue_cap.admit()
        with transaction.atomic():
            limits.take(_limits_of(report), paid=report.paid, savepoint=False)
            return _created(
                Case(
                    article=report.article.slug,
                    vendor=report.article.vendor,
                    company_id=report.company_id,
                    address=str(report.address),
                    domain=report.address.domain,
                    device_model=report.device_model,
                    asked_at=report.asked_at,
                    origin=report.origin,
                    helpdesk=report.helpdesk,
                    ticket=report.ticket,
                    tier=report.tier,
                    language=report.language,
                    submission=key,
                    api_client=report.api_client,
                ),
                report.token,
            )
    except (IntegrityError, limits.LimitReached, limits.ProofNeeded):
        # Was it the same form that had come before, or that came twice at once? Rare, so it is only asked now.
        known = _opened_by(key) if key else None
        if known is None:
            raise
        if report.token:
            if timezone.now() - known.created_at > LINK_LIFETIME:
                return open_case(replace(report, submission=""))  # whoever kept the form may see that case no more
            limits.take([(limits.LINK_BY_CASE, known.reference)])
            _keep_link(known, report.token)
        return known


def start_run(case: Case, *, asked_by: str = "customer") -> Run:
    """Queue another pass over all probes; returns the running one where there is one.

    Raises LimitReached, DetailsDeleted.
    """
    with transaction.atomic():
        if hold(case).details_deleted_at:
            raise DetailsDeleted
        latest = case.runs.order_by("-number").first()
        if latest and not latest.finished:
            return latest
        queue_cap.admit()
        rule = limits.RUN_BY_CASE if asked_by in ("customer", API_ORIGIN) else limits.RUN_BY_AGENT
        limits.take([(rule, case.reference)])
        run = create_run(case, number=latest.number + 1 if latest else 1, asked_by=asked_by)
        if latest:
            carry_over(latest, run)
        return run


def hold(case: Case, *, runs: bool = False) -> Case:
    """Lock the case as it is now to the transaction's end, with its test messages and, where they are to be changed
    too, its runs.

    In the order in which everybody takes them, a message before its run and a run before its case: what is reported
    about a message leads to a judgement, and that to the case. Else two of them could wait for each other.
    """
    list(case.test_messages.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    if runs:
        list(case.runs.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    return Case.objects.select_for_update(no_key=True).get(pk=case.pk)


def new_token() -> str:
    """A capability of 128 bits; shown once, kept as a hash."""
    return secrets.token_urlsafe(16)


def mint_link(case: Case, kind: LinkKind = LinkKind.OWNER) -> str:
    """A new token that opens the case's page, or its page for IT."""
    token = new_token()
    _keep_link(case, token, kind)
    return token


def mint_link_for_visitor(case: Case, kind: LinkKind = LinkKind.OWNER) -> str:
    """The same, for somebody who might ask for ever. Raises LimitReached."""
    limits.take([(limits.LINK_BY_CASE, case.reference)])
    return mint_link(case, kind)


def _keep_link(case: Case, token: str, kind: LinkKind = LinkKind.OWNER) -> None:
    rows(_MINT, [case.pk, kind.value, token_hash(token), timezone.now() + LINK_LIFETIME])


def link_of(token: str) -> CaseLink | None:
    """The live link of a token, with its case."""
    found = rows(_LINK_SQL, [token_hash(token), timezone.now()])
    if not found:
        return None
    link = _LINK.made_of(found[0][: len(_LINK)])
    link.case = _CASE.made_of(found[0][len(_LINK) :])
    return link


def forget_ended_links() -> int:
    """Delete links that no longer open anything; how many."""
    return CaseLink.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def token_hash(token: str) -> str:
    """Tokens are random, so a plain SHA-256 is enough to make a stolen table useless."""
    return hashlib.sha256(token.encode()).hexdigest()


def _limits_of(report: Report) -> list[tuple[limits.Rule, str]]:
    """A signed link opens one case only, so nobody can use up its address's share beforehand."""
    uses = limits.network_uses(limits.OPEN_BY_SOURCE, limits.OPEN_BY_SITE, report.source)
    if report.origin == API_ORIGIN and report.api_client:
        uses = [(limits.OPEN_BY_CLIENT, str(report.api_client.pk))]
        if report.api_client.is_test:  # nobody's address
            return uses
    if report.tier == 0:
        uses.append((limits.OPEN_BY_ADDRESS, mailbox_for_limits(str(report.address))))
        uses.append((limits.OPEN_BY_DOMAIN, registered_domain(report.address.domain)))
    return uses


def create_run(case: Case, *, number: int, asked_by: str, groups: Iterable[ProbeGroup] = ProbeGroup) -> Run:
    """A run with these groups queued, and the dispatcher told of them; in a transaction that holds the case."""
    now = timezone.now()
    ((pk, _),) = rows(_CREATE_RUN, {"case": case.pk, **_run_values(number, asked_by, now, groups)})
    if number > 1:
        Case.objects.filter(pk=case.pk).update(state=CaseState.CHECKING)
    return Run(pk=pk, case=case, number=number, asked_by=asked_by, created_at=now)


def _created(case: Case, token: str) -> Case:
    """The new case, in the database with a reference, its first run, the event that tells of it, and a link for whoever
    has the token, if there is one.
    """
    values: dict[str, Any] = {field.attname: _plain(getattr(case, field.attname)) for field in _OF_A_CASE}
    values |= _run_values(1, "customer", case.created_at, ProbeGroup)
    values["event_kind"] = CaseEventKind.CASE_CREATED.value
    values |= {"link_kind": LinkKind.OWNER.value, "link_until": case.created_at + LINK_LIFETIME}
    values["token_hashes"] = [token_hash(token)] if token else []
    created: list[tuple[Any, ...]] = []
    while not created:
        case.reference = values["reference"] = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
        created = rows(_CREATE_CASE, values)  # nothing where another case has it
    case.pk, case._state.adding, case._state.db = created[0][0], False, connection.alias
    return case


def _run_values(number: int, asked_by: str, now: datetime, groups: Iterable[ProbeGroup]) -> dict[str, Any]:
    names = [group.value for group in groups]
    told = {"channel": CHANNEL, "queued": GroupState.QUEUED.value}
    return {**told, "run_number": number, "run_asked_by": asked_by, "run_created_at": now, "groups": names}


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def carry_over(earlier: Run, run: Run) -> None:
    """A test message whose end is still open belongs to the newest run.

    What was refused, came back or was answered stays with its own: it may have been mended since, and the customer may
    send another.
    """
    is_open = Q(state__in=MessageState.undecided()) | Q(next_try_at__isnull=False)
    came_back = ObservationRecord.objects.filter(message=OuterRef("pk"), kind__in=BOUNCES, data__final=True)
    undecided = earlier.test_messages.filter(is_open, ~Exists(came_back), typed_at=None).exclude(
        records__vantage=Vantage.CUSTOMER
    )
    moved = list(undecided.values_list("pk", flat=True))
    TestMessage.objects.filter(pk__in=moved).update(run=run)
    ObservationRecord.objects.filter(message__in=moved).update(run=run)


def _opened_by(submission: str) -> Case | None:
    found = rows(_OPENED_BY, [submission])
    return _CASE.made_of(found[0]) if found else None


def _submission_key(report: Report) -> str | None:
    if not report.submission:
        return None
    parts = (report.submission, report.article.slug, report.company_id, str(report.address))
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


_LINK, _CASE = Columns(CaseLink), Columns(Case)
_LINK_SQL = f"""
    SELECT {_LINK.of("l")}, {_CASE.of("c")} FROM diagnostics_caselink l JOIN diagnostics_case c ON c.id = l.case_id
    WHERE l.token_hash = %s AND l.expires_at > %s
"""  # noqa: S608 - names of columns, ours
_OPENED_BY = f"SELECT {_CASE.of('c')} FROM diagnostics_case c WHERE c.submission = %s"  # noqa: S608 - the same
_MINT = """
    INSERT INTO diagnostics_caselink (case_id, kind, token_hash, expires_at) VALUES (%s, %s, %s, %s) RETURNING id
"""
_RUN = """
    run AS (
      INSERT INTO diagnostics_run (case_id, number, asked_by, created_at, verdict, cause, version, full_version)
      SELECT %s, %%(run_number)s, %%(run_asked_by)s, %%(run_created_at)s, '', '', 0, 0 %s RETURNING id, created_at
    ), queued AS (
      INSERT INTO diagnostics_group (run_id, name, state, attempt, created_at)
      SELECT run.id, name, %%(queued)s, 0, run.created_at FROM run, unnest(%%(groups)s::text[]) AS name
    )
"""
_CREATE_RUN = f"""
    WITH {_RUN % ("%(case)s::bigint", "")} SELECT id, pg_notify(%(channel)s, '') FROM run
"""  # noqa: S608 - put together from the text above alone
_OF_A_CASE = [field for field in Case._meta.concrete_fields if not field.primary_key]
_CREATE_CASE = f"""
    WITH opened AS (
      INSERT INTO diagnostics_case ({", ".join(field.attname for field in _OF_A_CASE)})
      VALUES ({", ".join(f"%({field.attname})s" for field in _OF_A_CASE)})
      ON CONFLICT (reference) DO NOTHING RETURNING id, created_at
    ), {_RUN % ("opened.id", "FROM opened")}, told AS (
      INSERT INTO diagnostics_caseevent (case_id, kind, data, at)
      SELECT opened.id, %(event_kind)s, '{{}}', opened.created_at FROM opened
    ), link AS (
      INSERT INTO diagnostics_caselink (case_id, kind, token_hash, expires_at)
      SELECT opened.id, %(link_kind)s, token_hash, %(link_until)s
      FROM opened, unnest(%(token_hashes)s::text[]) AS token_hash
    )
    SELECT opened.id, pg_notify(%(channel)s, '') FROM opened
"""  # noqa: S608 - names of columns, ours
