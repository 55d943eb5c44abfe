"""Signed links from a helpdesk: they open a case already filled in, may be revoked, and lead to one case only."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from diagnostics.domain import Address, Article
from diagnostics.models import ApiClient, Case, DeepLink
from diagnostics.services import audit
from diagnostics.services.audit import Action, Actor
from diagnostics.services.cases import Report, open_case, token_hash
from diagnostics.services.limits import key_of

LIFETIME = timedelta(days=14)


class OpenedElsewhere(Exception):
    """Another browser pressed the link's button first; this one needs a link of its own."""


def make_link(
    *,
    article: Article,
    company_id: str,
    address: Address,
    helpdesk: str = "",
    ticket: str = "",
    made_by: str = "",
    case: Case | None = None,
    api_client: ApiClient | None = None,
) -> str:
    """A new token (128 bits) that opens this very case at tier 1; only its hash is kept."""
    token = secrets.token_urlsafe(16)
    DeepLink.objects.create(
        token_hash=token_hash(token),
        article=article.slug,
        company_id=company_id,
        address=str(address),
        helpdesk=helpdesk,
        ticket=ticket,
        made_by=made_by[:150],
        expires_at=timezone.now() + LIFETIME,
        case=case,
        api_client=api_client,
    )
    return token


def issue_link(actor: Actor, *, article: Article, company_id: str, address: Address, helpdesk: str, ticket: str) -> str:
    """The same for somebody whom the audit trail names, for a ticket that may have no case yet."""
    with transaction.atomic():
        token = make_link(
            article=article,
            company_id=company_id,
            address=address,
            helpdesk=helpdesk,
            ticket=ticket,
            made_by=actor.name,
        )
        audit.write(actor, Action.LINK_MADE, helpdesk=helpdesk)
    return token


def issue_link_for(actor: Actor, case: Case, *, article: Article) -> str:
    """A link for the customer of a case that is there.

    Anybody may have opened a case of tier 0, and its page shows what its tier allows: there the link opens a new case
    about the same address, so that nobody but its holder sees more.
    """
    local_part, _, domain = case.address.rpartition("@")
    same_case = vouched(case)
    with transaction.atomic():
        token = make_link(
            article=article,
            company_id=case.company_id,
            address=Address(local_part, domain),
            helpdesk=case.helpdesk,
            ticket=case.ticket,
            made_by=actor.name,
            case=case if same_case else None,
        )
        audit.write(actor, Action.LINK_MADE, reference=case.reference, same_case=same_case)
    return token


def vouched(case: Case) -> bool:
    """Was it opened by who was sent a signed link? Proof by DNS says only who owns the domain."""
    return case.tier > 0 and not case.proved_by_dns


def renew_token(link: DeepLink) -> str:
    """Another token in the place of the link's; the one before opens nothing any more."""
    token = secrets.token_urlsafe(16)
    DeepLink.objects.filter(pk=link.pk).update(token_hash=token_hash(token))
    return token


def revoke(actor: Actor, link: DeepLink) -> bool:
    """Let the link open nothing any more; whether it was live. The case and whoever is in it stay."""
    with transaction.atomic():
        live = DeepLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=timezone.now())
        if not live.update(revoked_at=timezone.now()):
            return False
        audit.write(actor, Action.LINK_REVOKED, reference=link.case.reference if link.case else "", link=link.pk)
    return True


def live_link(token: str) -> DeepLink | None:
    """The link, unless it is unknown, expired or revoked."""
    links = DeepLink.objects.select_related("case").filter(expires_at__gt=timezone.now(), revoked_at=None)
    return links.filter(token_hash=token_hash(token)).first()


def open_linked_case(link: DeepLink, *, article: Article, source: str, language: str, browser: str = "") -> Case:
    """The link's case, opened at the first call. `browser` is a secret of the browser that calls: who comes first is
    the only one who may come again. Empty where nobody's browser calls.

    Raises LimitReached, OpenedElsewhere.
    """
    with transaction.atomic():
        link = DeepLink.objects.select_for_update(of=("self",)).select_related("case").get(pk=link.pk)
        opener = key_of(browser) if browser else ""
        if opener and link.opened_by and not constant_time_compare(opener, link.opened_by):
            raise OpenedElsewhere
        if link.case is None:
            local_part, _, domain = link.address.rpartition("@")
            link.case = open_case(
                Report(
                    article=article,
                    company_id=link.company_id,
                    address=Address(local_part, domain),
                    source=source,
                    origin="link",
                    helpdesk=link.helpdesk,
                    ticket=link.ticket,
                    tier=1,
                    language=language,
                    api_client=link.api_client,
                )
            )
        link.opened_by = link.opened_by or opener
        link.save(update_fields=("case", "opened_by"))
        return link.case
