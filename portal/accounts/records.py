"""What happens to sessions and to the audit trail when somebody signs in, fails to, or changes their second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import user_logged_in as signed_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from diagnostics.services import audit
from diagnostics.services.audit import Action, Actor
from portal.access import source_of
from portal.accounts import people, session


def connect() -> None:
    user_logged_in.connect(_begin)
    signed_in.connect(_signed_in)
    authentication_failed.connect(_refused)
    authenticator_added.connect(_added)
    authenticator_removed.connect(_removed)
    authenticator_reset.connect(_reset)


def refused(request: HttpRequest, name: str, reason: str) -> None:
    """Somebody was not let in. `name` is written down only if there is such an account: it may be a password, typed
    into the wrong field.
    """
    known = User.objects.filter(username=name).exists() if name else False
    audit.write(Actor("agent", name if known else "", source_of(request)), Action.SIGN_IN_REFUSED, reason=reason)


def signed_out(request: HttpRequest, user: User) -> None:
    audit.write(_actor(request, user), Action.SIGNED_OUT, reason="asked")


def _begin(request: HttpRequest, user: User, **kwargs: Any) -> None:
    session.begin(request, user)


def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.write(_actor(request, user), Action.SIGNED_IN, by=request.session[session.SIGNED_IN_BY])


def _refused(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.write(_actor(request, user), Action.SIGN_IN_REFUSED, reason=f"wrong-{authenticator.type}")


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    people.note(user, _actor(request, user), "second-factor-added", kind=authenticator.type)


def _removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    people.note(user, _actor(request, user), "second-factor-removed", kind=authenticator.type)


def _reset(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    people.note(user, _actor(request, user), "recovery-codes-made")


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor("agent", user.get_username(), source_of(request))
