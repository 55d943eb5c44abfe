"""Links that give access, ended before their time. They are named by what is kept of them, the token's hash."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from diagnostics.models import ApiClient, Case, CaseLink, DeepLink
from diagnostics.services.audit import Action, Actor, write


def revoke_case_link(case: Case, hashed: str, *, actor: Actor) -> bool:
    """False where the case has no such link."""
    with transaction.atomic():
        revoked = bool(CaseLink.objects.filter(case=case, token_hash=hashed).delete()[0])
        if revoked:
            write(actor, Action.LINK_REVOKED, reference=case.reference, kind="case")
    return revoked


def revoke_deep_link(client: ApiClient, hashed: str, *, actor: Actor) -> bool:
    """One that this client made; False where there is none. The case that it led to stays open to who is in it."""
    with transaction.atomic():
        links = DeepLink.objects.filter(api_client=client, token_hash=hashed, revoked_at=None)
        revoked = bool(links.update(revoked_at=timezone.now()))
        if revoked:
            write(actor, Action.LINK_REVOKED, kind="deep")
    return revoked
