"""Links that give access: to one case, or a signed one for a ticket, which opens its case when it is used."""

from __future__ import annotations

from typing import Annotated

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Router

from diagnostics.models import LinkKind
from diagnostics.services.access_links import revoke_case_link, revoke_deep_link
from diagnostics.services.api_keys import Scope
from diagnostics.services.audit import Action
from diagnostics.services.audit import write as write_audit
from diagnostics.services.cases import LINK_LIFETIME, mint_link, token_hash
from diagnostics.services.deep_links import LIFETIME, make_link
from portal.api import problems
from portal.api.answers import Written, finished, write
from portal.api.cases import AuthenticatedRequest, IdempotencyKey, Reference, subject_of
from portal.api.principal import KeyWith
from portal.api.problems import Problem
from portal.api.schemas import LinkOut, NewDeepLink, NewLink

router = Router(tags=["Links"])

LinkId = Annotated[
    str, Path(description="The link’s `id`, as it was given when the link was made.", pattern="^[0-9a-f]{64}$")
]
PAGES = {LinkKind.OWNER: "wizard:open_link", LinkKind.IT: "wizard:it"}


@router.post(
    "/cases/{reference}/links",
    auth=KeyWith(Scope.LINK_WRITE),
    response={201: LinkOut},
    operation_id="makeLink",
    url_name="case-links",
)
def make_one(
    request: AuthenticatedRequest, reference: Reference, new: NewLink, idempotency_key: IdempotencyKey
) -> HttpResponse:
    """Make a link to the case, for the customer or for their IT department. It lives for 30 days."""
    case = request.auth.case(reference)

    def work() -> Written:
        token = mint_link(case, new.kind)
        write_audit(request.auth.actor, Action.LINK_MADE, reference=case.reference, kind=new.kind.value)
        link = LinkOut(
            id=token_hash(token),
            kind="owner" if new.kind is LinkKind.OWNER else "it",
            url=settings.PORTAL_URL + reverse(PAGES[new.kind], args=[token]),
            expires_at=timezone.now() + LINK_LIFETIME,
        )
        return 201, link, {}

    return write(request, request.auth, idempotency_key, work)


@router.delete(
    "/cases/{reference}/links/{link}",
    auth=KeyWith(Scope.LINK_WRITE),
    response={204: None},
    operation_id="revokeLink",
    url_name="case-link",
)
def revoke_one(request: AuthenticatedRequest, reference: Reference, link: LinkId) -> HttpResponse:
    """Revoke a link to the case, at once. 404 where there is none, or no more."""
    case = request.auth.case(reference)
    if not revoke_case_link(case, link, actor=request.auth.actor):
        raise Problem(problems.NOT_FOUND)
    return finished(request, HttpResponse(status=204))


@router.post(
    "/links",
    auth=KeyWith(Scope.LINK_WRITE),
    response={201: LinkOut},
    operation_id="makeDeepLink",
    url_name="deep-links",
)
def make_deep_link(request: AuthenticatedRequest, new: NewDeepLink, idempotency_key: IdempotencyKey) -> HttpResponse:
    """Make a signed link for a ticket, to be sent to the customer. It opens a case of tier 1, filled in, when they
    press its button, and leads to that case from then on. It lives for 14 days.
    """
    principal = request.auth
    article, address = subject_of(principal, new)

    def work() -> Written:
        token = make_link(
            article=article,
            company_id=new.company.strip(),
            address=address,
            helpdesk=new.ticket.helpdesk if new.ticket else "",
            ticket=new.ticket.id if new.ticket else "",
            api_client=principal.client,
        )
        write_audit(principal.actor, Action.LINK_MADE, kind="deep")
        link = LinkOut(
            id=token_hash(token),
            kind="deep",
            url=settings.PORTAL_URL + reverse("helpdesk:link", args=[token]),
            expires_at=timezone.now() + LIFETIME,
        )
        return 201, link, {}

    return write(request, principal, idempotency_key, work)


@router.delete(
    "/links/{link}",
    auth=KeyWith(Scope.LINK_WRITE),
    response={204: None},
    operation_id="revokeDeepLink",
    url_name="deep-link",
)
def revoke_deep(request: AuthenticatedRequest, link: LinkId) -> HttpResponse:
    """Revoke a signed link that this client made, at once. 404 where there is none, or no more."""
    if not revoke_deep_link(request.auth.client, link, actor=request.auth.actor):
        raise Problem(problems.NOT_FOUND)
    return finished(request, HttpResponse(status=204))
