"""Where allauth asks how this portal wants it."""

from __future__ import annotations

import logging
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider as Provider
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from requests import Session

from diagnostics.services import audit
from diagnostics.services.audit import Action, Actor
from portal.access import source_of
from portal.accounts import encryption, people, roles_claim
from portal.accounts.provider import NotTrusted, VerifyingAdapter

logger = logging.getLogger(__name__)
registry.load()  # not earlier (`portal.accounts.apps`): whoever asks for a provider asks an adapter
CONFIRMED_FOR = 300
"""Seconds after a sign-in in which nothing has to be confirmed once more."""


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator or come from the identity provider; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """allauth would ask for the password again right after it was given."""
        request = context.request
        records = get_authentication_records(request, request.user)
        recent = bool(records) and time.time() - records[-1]["at"] < CONFIRMED_FOR
        return not recent and bool(super().is_reauthentication_required(app=app, **kwargs))

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Somebody showed a passkey, or came from the identity provider, whose account was switched off."""
        actor = Actor("agent", user.get_username(), source_of(request))
        audit.write(actor, Action.SIGN_IN_REFUSED, reason="switched-off")
        return render(request, "console/account/switched_off.html", status=403)


class MfaAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right. Take the one that the app shows now."),
    }

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return str(_("Passkey %(number)d")) % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": str(_("Where’s my code?"))}


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Accounts from the identity provider. They are known by its `sub` alone: no name or address of a local account
    opens that account.
    """

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """Raises SocialApp.DoesNotExist where none is set up."""
        found: Provider = super().get_provider(request, provider, client_id)
        found.oauth2_adapter_class = VerifyingAdapter
        return found

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Every way in which it can fail ends on one page. Its answer may hold tokens, so only its kind is logged."""
        cancelled = error == AuthError.CANCELLED
        if exception is not None:
            what = exception if isinstance(exception, NotTrusted) else type(exception).__name__
            logger.warning("sign-in by the identity provider failed: %s", what)
        audit.write(
            Actor("agent", "", source_of(request)),
            Action.SIGN_IN_REFUSED,
            reason="provider-cancelled" if cancelled else "provider",
        )
        page = render(request, "console/account/provider_failed.html", {"cancelled": cancelled}, status=403)
        raise ImmediateHttpResponse(page)

    def get_requests_session(self) -> Session:
        """Follows nobody elsewhere: a redirect is an answer that does not hold."""
        session: Session = super().get_requests_session()  # type: ignore[no-untyped-call]  # allauth has no types here
        session.max_redirects = 0
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        sociallogin.email_addresses = []
        sociallogin.state.update(process="login")  # never connected to whoever is signed in
        if sociallogin.is_existing:
            self._give_roles(request, sociallogin)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        people.note(user, people.by_system("provider", source_of(request)), "created")
        self._give_roles(request, sociallogin)
        return user

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """The user name is all that is kept."""
        user = _user_of(sociallogin)
        name = str(data.get("username") or data.get("email") or "")[:150]
        try:
            User.username_validator(name)
        except ValidationError:
            name = ""
        user.username = name
        return user

    def _give_roles(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """At each sign-in the provider's word is taken anew; without OIDC_ROLES_CLAIM roles are given in the portal."""
        if settings.OIDC_ROLES_CLAIM:
            roles = roles_claim.roles_in(sociallogin.account.extra_data, settings.OIDC_ROLES_CLAIM, settings.OIDC_ROLES)
            people.set_roles(_user_of(sociallogin), roles, people.by_system("provider", source_of(request)))


def _user_of(sociallogin: SocialLogin) -> User:
    user: Any = sociallogin.user
    assert isinstance(user, User)  # noqa: S101 - for the type checker
    return user
