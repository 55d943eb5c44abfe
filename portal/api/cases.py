"""Cases: opened, read, listed, run again; and what their newest run came to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_supported_language_variant
from ninja import Header, Path, Query, Router

from diagnostics.addresses import BadAddress, parse_address
from diagnostics.articles import article as find_article
from diagnostics.canned import canned
from diagnostics.domain import Address, Article
from diagnostics.models import Case, CaseEvent, CaseQuerySet, CaseState, LinkKind, Run
from diagnostics.services.api_keys import Scope
from diagnostics.services.audit import Action
from diagnostics.services.audit import write as write_audit
from diagnostics.services.cases import API_ORIGIN, Report, mint_link, open_case, start_run
from portal.api import problems
from portal.api.answers import Written, read, write
from portal.api.cursors import cursor, read_cursor
from portal.api.diagnosis import diagnosis_of
from portal.api.principal import KeyWith, Principal
from portal.api.problems import Problem
from portal.api.schemas import (
    MOST,
    CaseCreated,
    CaseLinks,
    CaseOut,
    CasePage,
    DiagnosisOut,
    HelpdeskName,
    Limit,
    Moment,
    NewCase,
    RunOut,
    RunStarted,
    Subject,
    TicketId,
    TicketOut,
    parse_settings_suffixes,
)
from portal.intake import ADDRESS_FAULTS

router = Router(tags=["Cases"])

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,255}$",
        description="A new random value for each thing to be done; the same one repeats the first answer for 24 hours.",
    ),
]
Reference = Annotated[str, Path(description="The case’s reference.", examples=["K7QX2MPA"])]
HowMany = Annotated[Limit | None, Query(description="How many at most.")]
Cursor = Annotated[str | None, Query(alias="cursor", description="`next_cursor` of the page before.", format="cursor")]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AuthenticatedRequest(HttpRequest):
    auth: Principal


@router.post(
    "/cases", auth=KeyWith(Scope.CASE_WRITE), response={201: CaseCreated}, operation_id="openCase", url_name="cases"
)
def open_one(request: AuthenticatedRequest, new: NewCase, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Open a case and start its checks.

    Its tier is 1 for a key that has `link:write`, too, as for a signed link; else 0: then neither its page nor its
    diagnosis shows what the vendor’s records say of the account.
    """
    principal = request.auth
    article, address = subject_of(principal, new)

    def work() -> Written:
        case = open_case(
            Report(
                article=article,
                company_id=new.company.strip(),
                address=address,
                source=principal.source,
                device_model=new.device_model or "",
                asked_at=new.asked_at.value if new.asked_at else "",
                origin=API_ORIGIN,
                helpdesk=new.ticket.helpdesk if new.ticket else "",
                ticket=new.ticket.id if new.ticket else "",
                tier=principal.tier,
                language=_supported(new.language),
                submission=f"api {principal.client.pk} {idempotency_key}",
                api_client=principal.client,
            )
        )
        owner, it = mint_link(case), mint_link(case, LinkKind.IT)
        write_audit(principal.actor, Action.LINK_MADE, reference=case.reference, kind="owner and it", by="api")
        shown = shown_case(case, case.runs.get(number=1))
        body = CaseCreated(
            **shown.model_dump(),
            customer_url=settings.PORTAL_URL + reverse("wizard:open_link", args=[owner]),
            it_url=settings.PORTAL_URL + reverse("wizard:it", args=[it]),
        )
        return 201, body, {"Location": shown.links.self}

    return write(request, principal, idempotency_key, work)


@router.get("/cases", auth=KeyWith(Scope.CASE_READ), response=CasePage, operation_id="listCases", url_name="cases")
def list_them(
    request: AuthenticatedRequest,
    helpdesk: Annotated[HelpdeskName | None, Query(description="Cases of this helpdesk’s tickets.")] = None,
    ticket: Annotated[TicketId | None, Query(description="Cases of this ticket.")] = None,
    state: Annotated[CaseState | None, Query()] = None,
    updated_since: Annotated[Moment | None, Query(description="Cases to which something happened since then.")] = None,
    after: Cursor = None,
    limit: HowMany = 50,
) -> HttpResponse:
    """The cases that the key may see, newest first."""
    found = request.auth.cases()
    wanted = {"helpdesk": helpdesk, "ticket": ticket, "state": state}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if updated_since:
        found = found.filter(Exists(CaseEvent.objects.filter(case=OuterRef("pk"), at__gte=updated_since)))
    return read(request, _page(found.newest_first(), after, limit or MOST))


@router.get(
    "/cases/{reference}", auth=KeyWith(Scope.CASE_READ), response=CaseOut, operation_id="readCase", url_name="case"
)
def read_one(request: AuthenticatedRequest, reference: Reference) -> HttpResponse:
    """One case, and how far its newest run is."""
    case = request.auth.case(reference)
    run = newest_run(case)
    return read(request, shown_case(case, run), under_way=not run.finished)


@router.get(
    "/cases/{reference}/diagnosis",
    auth=KeyWith(Scope.DIAGNOSIS_READ),
    response=DiagnosisOut,
    operation_id="readDiagnosis",
    url_name="diagnosis",
)
def read_diagnosis(request: AuthenticatedRequest, reference: Reference) -> HttpResponse:
    """What is known of why the code has not arrived, who can fix it and what to do next.

    Poll it with If-None-Match and the pause that Retry-After names until `state` is `finished`; later evidence may
    change it again. Texts are in the language of Accept-Language, as far as the portal speaks it.
    """
    case = request.auth.case(reference)
    run = newest_run(case)
    return read(request, diagnosis_of(case, run, tier=request.auth.tier), under_way=not run.finished)


@router.post(
    "/cases/{reference}/runs",
    auth=KeyWith(Scope.CASE_WRITE),
    response={202: RunStarted},
    operation_id="runAgain",
    url_name="runs",
)
def run_again(request: AuthenticatedRequest, reference: Reference, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Run all checks again; a run that is under way is as good. At most 12 an hour for one case."""
    case = request.auth.case(reference)

    def work() -> Written:
        started = newest_run(case).finished
        run = start_run(case, asked_by=API_ORIGIN)
        write_audit(request.auth.actor, Action.RUN_STARTED, reference=case.reference, run=run.number)
        links = links_of(case)
        return 202, RunStarted(started=started, run=_shown_run(run), links=links), {"Location": links.self}

    return write(request, request.auth, idempotency_key, work)


def subject_of(principal: Principal, said: Subject) -> tuple[Article, Address]:
    """The article and the parsed address. Raises Problem."""
    article = find_article(said.article)
    if article is None or principal.client.vendor not in ("", article.vendor):
        raise _wrong("/article", "vendor", "This key is for another vendor’s articles.")
    try:
        address = parse_address(said.address, extra_suffixes=parse_settings_suffixes(principal.client.is_test))
    except BadAddress as bad:
        raise _wrong("/address", bad.code, str(ADDRESS_FAULTS[bad.code])) from bad
    if principal.client.is_test and address.domain not in canned():
        raise Problem(problems.NOT_A_TEST_DOMAIN, test_domains=address_of("test-domains"))
    return article, address


def address_of(name: str, *args: object) -> str:
    return f"{settings.PORTAL_URL}{reverse(f'api:v1:{name}', args=args)}"


def newest_run(case: Case) -> Run:
    return case.runs.order_by("-number")[0]


def shown_case(case: Case, run: Run) -> CaseOut:
    return CaseOut(
        reference=case.reference,
        state=CaseState.CHECKING if not run.finished else CaseState(case.state),
        article=case.article,
        vendor=case.vendor,
        company=case.company_id,
        address=case.address,
        device_model=case.device_model or None,
        asked_at=case.asked_at or None,
        ticket=TicketOut(helpdesk=case.helpdesk, id=case.ticket) if case.helpdesk and case.ticket else None,
        language=case.language,
        tier=case.tier,
        test=case.is_test,
        created_at=case.created_at,
        run=_shown_run(run),
        links=links_of(case),
    )


def links_of(case: Case) -> CaseLinks:
    names = {"self": "case", "diagnosis": "diagnosis", "events": "case-events", "runs": "runs", "links": "case-links"}
    addresses = {member: address_of(name, case.reference) for member, name in names.items()}
    return CaseLinks(**addresses, agent_url=settings.PORTAL_URL + reverse("console:case", args=[case.reference]))


def _shown_run(run: Run) -> RunOut:
    return RunOut(number=run.number, started_at=run.created_at, finished_at=run.finished_at)


def _page(found: CaseQuerySet, text: str | None, limit: int) -> CasePage:
    """Keyset pages: no row is skipped or shown twice because others came meanwhile."""
    if text is not None:
        microseconds, pk = read_cursor("c", text)
        at = _EPOCH + timedelta(microseconds=microseconds)
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk)).filter(created_at__lte=at)
    cases = list(found.select_related("api_client")[: limit + 1])
    shown = cases[:limit]
    newest = Run.objects.filter(case__in=shown).order_by("case_id", "-number").distinct("case_id")
    runs = {run.case_id: run for run in newest}
    last = shown[-1] if len(cases) > limit else None
    return CasePage(
        items=[shown_case(case, runs[case.pk]) for case in shown],
        next_cursor=cursor("c", (last.created_at - _EPOCH) // timedelta(microseconds=1), last.pk) if last else None,
    )


def _wrong(pointer: str, code: str, detail: str) -> Problem:
    return Problem(problems.INVALID, errors=[{"pointer": pointer, "code": code, "detail": detail}])


def _supported(language: str | None) -> str:
    if language:
        try:
            return get_supported_language_variant(language)
        except LookupError:
            pass
    return settings.LANGUAGE_CODE
