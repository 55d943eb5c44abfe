"""Passwords: changed by who is signed in, set by who was given a link."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from diagnostics.services.audit import Actor
from portal.access import actor_of, source_of
from portal.accounts import guesses, people
from portal.console.account.answers import refuse_after_too_many


class LimitedPasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needed = {
            "old_password": _("Enter your old password"),
            "new_password1": _("Enter a new password"),
            "new_password2": _("Enter the new password again"),
        }
        for name, words in needed.items():
            self.fields[name].error_messages["required"] = words

    def clean_old_password(self) -> str:
        guesses.of_code(self.user.pk)
        return super().clean_old_password()


@method_decorator([never_cache, login_required], name="dispatch")
class ChangePassword(PasswordChangeView):
    """All other sessions of the account end."""

    form_class = LimitedPasswordForm
    template_name = "console/account/password.html"
    success_url = reverse_lazy("mfa_index")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User) or not request.user.has_usable_password():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        people.note(form.user, actor_of(self.request), "password")
        messages.success(self.request, _("Your password is changed."))
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return refuse_after_too_many(super().form_invalid(form), form)


@method_decorator(never_cache, name="dispatch")
class SetPassword(PasswordResetConfirmView):
    """By a link that an administrator passed on."""

    template_name = "console/account/set_password.html"
    success_url = reverse_lazy("account_login")
    reset_url_token = "now"  # noqa: S105 - what stands in the address once the session holds the token

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.LOCAL_SIGN_IN:
            raise Http404
        return super().dispatch(*args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user: User = form.user
        people.note(user, Actor("agent", user.get_username(), source_of(self.request)), "password")
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return response
