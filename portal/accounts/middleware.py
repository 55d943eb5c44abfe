"""Who a request comes from, in place of Django's own answer."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from diagnostics.services import audit
from diagnostics.services.audit import Action, Actor
from portal.access import source_of
from portal.accounts import session
from portal.accounts.session import By

ENROLMENT = frozenset(
    {
        "account_login",
        "account_logout",
        "console:sign_in",
        "console:sign_out",
        "console:session",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
    }
)
"""The pages that a session without a second factor gets to. To all others it is nobody's, also to the public ones."""


class SignedInMiddleware(AuthenticationMiddleware):
    """`request.user` is an account only while its session lasts, and only if it has shown a second factor.

    Looked up when it is first asked for, after the address was resolved; most public pages never ask.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _who(request))  # type: ignore[assignment]

        async def auser() -> User | AnonymousUser:
            return await sync_to_async(_who)(request)

        request.auser = auser


def is_strong(request: HttpRequest, user: User) -> bool:
    """Has the session shown all that is asked for? The identity provider answers for who came from there."""
    if not settings.REQUIRE_MFA:
        return True
    by = request.session.get(session.SIGNED_IN_BY)
    return by == By.PROVIDER or (by in (By.SECOND_FACTOR, By.PASSKEY) and has_second_factor(user))


def has_second_factor(user: AbstractBaseUser) -> bool:
    """Recovery codes alone are none: they stand in for one."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()


def ended(request: HttpRequest) -> session.End | None:
    """Why the session that this request came with is over, if it ended with this request."""
    return getattr(request, "session_ended", None)


def _who(request: HttpRequest) -> User | AnonymousUser:
    user = _account(request)
    if not isinstance(user, User):
        return user
    if why := session.over(request.session):
        _end(request, user, why)
        return AnonymousUser()
    session.note_activity(request)
    if is_strong(request, user):
        return user
    if _may_enrol(request, user):
        user.enrolling = True  # type: ignore[attr-defined]  # rights_of gives it none
        return user
    return AnonymousUser()


def _account(request: HttpRequest) -> User | AnonymousUser:
    if not hasattr(request, "_cached_user"):
        request._cached_user = get_user(request)  # type: ignore[attr-defined]
    account: User | AnonymousUser = request._cached_user  # type: ignore[attr-defined]
    return account


def _may_enrol(request: HttpRequest, user: User) -> bool:
    """A password is enough to set up a first second factor; never to add one beside another that it has not shown."""
    match = request.resolver_match
    return match is not None and match.view_name in ENROLMENT and not has_second_factor(user)


def _end(request: HttpRequest, user: User, why: session.End) -> None:
    request.session.flush()
    request._cached_user = AnonymousUser()  # type: ignore[attr-defined]
    request.session_ended = why  # type: ignore[attr-defined]
    audit.write(Actor("agent", user.get_username(), source_of(request)), Action.SIGNED_OUT, reason=why)
