"""Agents sign in and out. Passwords may be pasted; guessing is slowed down by source and by user name."""

from typing import Any

from allauth.account.internal.flows import logout
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.accounts import guesses, records
from portal.accounts.middleware import is_strong
from portal.console.account.answers import passkeys_work, refuse_after_too_many


class SignInForm(AuthenticationForm):
    """Django's own, with a limit in front."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This username and password do not match. Both care about capital letters."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            # After a refusal the focus belongs to the error summary.
            self.fields["username"].widget.attrs.pop("autofocus", None)

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if name and self.request:
            guesses.of_password(self.request, name)
        try:
            return super().clean()
        except forms.ValidationError:
            if self.request:
                records.refused(self.request, name or "", "password")
            raise


class SignIn(LoginView):
    """The page that every other page of the console leads a visitor to, and back from."""

    template_name = "console/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User) and not is_strong(request, user):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_SIGN_IN:
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is right; allauth goes on with the second factor, if there is one."""
        login = Login(user=form.get_user(), redirect_url=self.get_success_url())
        answer: HttpResponse = perform_password_login(self.request, {}, login)
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return refuse_after_too_many(super().form_invalid(form), form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            local=settings.LOCAL_SIGN_IN,
            provider=settings.OIDC_NAME if settings.OIDC_ISSUER_URL else "",
            passkeys_work=passkeys_work(self.request),
            without_second_factor=not settings.REQUIRE_MFA,
        )


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        records.signed_out(request, request.user)
    logout.logout(request, show_message=False)
    return redirect(settings.LOGOUT_REDIRECT_URL)
