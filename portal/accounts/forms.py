"""allauth's forms, with our limits in front and in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.fields import PasswordField
from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateCodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts import guesses

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CODE_LENGTH = 40
NAME_LENGTH = 60


def _code_field(label: StrOrPromise, help_text: StrOrPromise) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
    return forms.CharField(
        label=label, help_text=help_text, max_length=CODE_LENGTH, widget=forms.TextInput(attrs=attributes)
    )


class _LimitedCode:
    """A code is counted before it is looked at, and good only once."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        guesses.of_code(self.user.pk)
        code: str = super().clean_code()  # type: ignore[misc]
        guesses.use_up(self.user.pk, code)
        return code


class CodeForm(_LimitedCode, AuthenticateForm):
    code = _code_field(_("Code"), _("Six digits from your app, or one of your recovery codes."))


class ConfirmCodeForm(_LimitedCode, ReauthenticateCodeForm):
    code = _code_field(_("Code"), _("Six digits from your app, or one of your recovery codes."))


class FirstCodeForm(_LimitedCode, ActivateTOTPForm):
    code = _code_field(_("Code from the app"), _("Six digits."))


class ConfirmPasswordForm(ReauthenticateForm):
    password = PasswordField(label=_("Password"), autocomplete="current-password")

    def clean_password(self) -> str:
        guesses.of_code(self.user.pk)
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."), code="incorrect_password")
        return password


class _Credential:
    """allauth takes a passkey's answer apart trusting its shape; this is what a browser sends, and nothing else."""

    cleaned_data: dict[str, Any]

    def checked(self) -> None:
        if not _is_credential(self.cleaned_data.get("credential")):
            raise get_adapter().validation_error("incorrect_code")


class PasskeyForm(_Credential, AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        self.checked()
        guesses.of_code(self.user.pk)
        return _passkey(super().clean_credential)


class ConfirmPasskeyForm(_Credential, ReauthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        self.checked()
        guesses.of_code(self.user.pk)
        return _passkey(super().clean_credential)


class PasskeySignInForm(_Credential, LoginWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        guesses.of_passkey(context.request)
        self.checked()
        if not isinstance(self.cleaned_data["credential"]["response"].get("userHandle"), str):
            raise get_adapter().validation_error("incorrect_code")
        return _passkey(super().clean_credential)


class AddPasskeyForm(_Credential, AddWebAuthnForm):
    name = forms.CharField(
        label=_("Name"), help_text=_("To tell your passkeys apart."), required=False, max_length=NAME_LENGTH
    )
    passwordless = forms.BooleanField(
        label=_("Sign in with this passkey alone, without the password"), required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("credential") is not None:
            self.checked()
        data: dict[str, Any] = super().clean()
        return data


class RenamePasskeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)


def _passkey(clean: Any) -> Authenticator:
    found: Authenticator = clean()
    return found


def _is_credential(said: object) -> bool:
    return (
        isinstance(said, dict)
        and all(isinstance(said.get(name), str) for name in ("id", "rawId", "type"))
        and isinstance(said.get("response"), dict)
        and all(value is None or isinstance(value, (str, list)) for value in said["response"].values())
        and isinstance(said.get("clientExtensionResults", {}), dict)
    )
