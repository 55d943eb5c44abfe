"""Signed links from a helpdesk: they open a case already filled in, may be revoked, and lead to one case only."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from diagnostics.domain import Address, Article
from diagnostics.models import Case, DeepLink
from diagnostics.services.cases import Report, open_case, token_hash

LIFETIME = timedelta(days=14)


def make_link(*, article: Article, company_id: str, address: Address, helpdesk: str = "", ticket: str = "") -> str:
    """A new token (128 bits) that opens this very case at tier 1; only its hash is kept."""
    token = secrets.token_urlsafe(16)
    DeepLink.objects.create(
        token_hash=token_hash(token),
        article=article.slug,
        company_id=company_id,
        address=str(address),
        helpdesk=helpdesk,
        ticket=ticket,
        expires_at=timezone.now() + LIFETIME,
    )
    return token


def live_link(token: str) -> DeepLink | None:
    """The link, unless it is unknown, expired or revoked."""
    links = DeepLink.objects.select_related("case").filter(expires_at__gt=timezone.now(), revoked_at=None)
    return links.filter(token_hash=token_hash(token)).first()


def open_linked_case(link: DeepLink, *, article: Article, source: str, language: str) -> Case:
    """The link's case, opened at the first call. Raises LimitReached."""
    with transaction.atomic():
        link = DeepLink.objects.select_for_update(of=("self",)).select_related("case").get(pk=link.pk)
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
                )
            )
            link.save(update_fields=("case",))
        return link.case
