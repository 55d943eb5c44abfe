"""allauth's views of second factors, answered in this console's manner: 429 after too many tries, nothing cached."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from portal.accounts import records, session
from portal.accounts.forms import ConfirmPasswordForm
from portal.accounts.middleware import has_second_factor
from portal.accounts.session import By
from portal.console.account.answers import passkeys_work, refuse_after_too_many


class _Account:
    """Around each of allauth's views."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        add_never_cache_headers(response)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        refused: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return refuse_after_too_many(refused, form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        by = self.request.session.get(session.SIGNED_IN_BY)
        return context | {
            "enrolling": settings.REQUIRE_MFA and by == By.PASSWORD,
            "from_provider": settings.OIDC_NAME if by == By.PROVIDER else "",
            "passkeys_work": passkeys_work(self.request),
        }


class Index(_Account, base.IndexView):
    template_name = "console/account/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = authenticated_user(self.request)
        return super().get_context_data(
            **kwargs, has_password=user.has_usable_password(), has_factor=has_second_factor(user)
        )


class Authenticate(_Account, base.AuthenticateView):
    """The second step of a sign-in by password."""

    template_name = "console/account/authenticate.html"

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        _note_wrong_passkey(self.request, form, self.stage.login.user.get_username())
        return refuse_after_too_many(self.render_to_response(self.get_context_data()), form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        posted = {"posted": self.webauthn_form} if self.webauthn_form and self.webauthn_form.is_bound else {}
        passkeys = Authenticator.objects.filter(user=self.stage.login.user, type=Authenticator.Type.WEBAUTHN)
        mine = {"posted": self.auth_form, "has_passkey": passkeys.exists()}
        return super().get_context_data(**kwargs) | mine | posted


class ConfirmByPassword(_Account, ReauthenticateView):
    template_name = "console/account/confirm.html"
    form_class = ConfirmPasswordForm


class ConfirmByCode(_Account, base.ReauthenticateView):
    template_name = "console/account/confirm.html"


class ConfirmByPasskey(_Account, webauthn.ReauthenticateWebAuthnView):
    template_name = "console/account/confirm_passkey.html"

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        return refuse_after_too_many(self.render_to_response(self.get_context_data() | {"form": form}), form)


class AddApp(_Account, totp.ActivateTOTPView):
    template_name = "console/account/add_app.html"

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        session.strengthen(self.request.session)
        return response


class RemoveApp(_Account, totp.DeactivateTOTPView):
    template_name = "console/account/remove_app.html"


class RecoveryCodes(_Account, recovery.ViewRecoveryCodesView):
    template_name = "console/account/recovery_codes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"codes_in_lines": "\n".join(context["unused_codes"])}


class DownloadRecoveryCodes(recovery.DownloadRecoveryCodesView):
    template_name = "console/account/recovery_codes.txt"
    content_type = "text/plain; charset=utf-8"


class NewRecoveryCodes(_Account, recovery.GenerateRecoveryCodesView):
    template_name = "console/account/new_recovery_codes.html"


class AddPasskey(_Account, webauthn.AddWebAuthnView):
    template_name = "console/account/add_passkey.html"

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        session.strengthen(self.request.session)
        return response

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """allauth's page makes a new form, without the errors."""
        return self.render_to_response(self.get_context_data() | {"form": form})


class RemovePasskey(_Account, webauthn.RemoveWebAuthnView):
    template_name = "console/account/remove_passkey.html"
    success_url = reverse_lazy("mfa_index")


class RenamePasskey(_Account, webauthn.EditWebAuthnView):
    template_name = "console/account/rename_passkey.html"
    success_url = reverse_lazy("mfa_index")


class PasskeySignIn(webauthn.LoginWebAuthnView):
    """Signs in without a name and a password. By GET, for the page's script: what the passkey has to sign."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.LOCAL_SIGN_IN:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        _note_wrong_passkey(self.request, form, "")
        waiting = refuse_after_too_many(render(self.request, "429.html"), form)
        if waiting.status_code == 429:
            return waiting
        messages.error(self.request, _("This passkey is not known here. Take another way to sign in."))
        return redirect("account_login")


def _note_wrong_passkey(request: HttpRequest, form: forms.Form, name: str) -> None:
    wrong = form.errors.as_data().get("credential", [])
    if any(error.code != "limit" for error in wrong):
        records.refused(request, name, "passkey")
