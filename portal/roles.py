"""What an account may do. Roles are Django groups of that name; an active superuser has every right."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


class Right(StrEnum):
    READ = "read"
    """Every case and everything known of it."""
    ACT = "act"
    """Run again, send a test message, write notes, resolve, make and revoke links."""
    RELEASE = "release"
    """Take an address off a sending service's list."""
    LEAD = "lead"
    """See how well agents and the portal do; close incidents."""
    MANAGE = "manage"
    """Accounts, API clients, webhooks."""
    AUDIT = "audit"
    """Read the audit trail."""
    PRIVACY = "privacy"
    """Export and erase what is kept of one person."""


class Role(StrEnum):
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"
    AUDITOR = "auditor"


_AGENT = frozenset({Right.READ, Right.ACT, Right.RELEASE})
RIGHTS: Mapping[str, frozenset[Right]] = {
    Role.AGENT: _AGENT,
    Role.LEAD: _AGENT | {Right.LEAD, Right.PRIVACY},
    Role.ADMIN: frozenset(Right),
    # Who watches over agents sees what they did, not the customers' addresses and answers.
    Role.AUDITOR: frozenset({Right.AUDIT}),
}


def rights_of(user: AbstractBaseUser | AnonymousUser) -> frozenset[Right]:
    """All that the account's roles allow together; nothing for visitors, for accounts that were switched off, and while
    a second factor is still to be set up (portal/accounts/middleware.py).
    """
    if not isinstance(user, User) or not user.is_active or getattr(user, "enrolling", False):
        return frozenset()
    if user.is_superuser:
        return frozenset(Right)
    if not hasattr(user, "_rights"):  # one request asks several times
        names = user.groups.values_list("name", flat=True)
        user._rights = frozenset().union(*(RIGHTS.get(name, frozenset()) for name in names))  # type: ignore[attr-defined]
    return user._rights  # type: ignore[attr-defined,no-any-return]


def rights(request: HttpRequest) -> dict[str, object]:
    """Context processor: the signed-in account's rights, for menus and buttons; looked up only where a page asks."""
    return {"rights": SimpleLazyObject(lambda: rights_of(request.user))}
