"""Agents sign in and out. Passwords may be pasted; guessing is slowed down by source and by user name."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from diagnostics.services import limits
from diagnostics.services.limits import LimitReached, Rule
from portal.access import source_of

SIGN_IN_BY_SOURCE = Rule("sign-in-by-source", 60, timedelta(minutes=15))
SIGN_IN_BY_NAME_AND_SOURCE = Rule("sign-in-by-name-and-source", 10, timedelta(minutes=15))
SIGN_IN_BY_NAME = Rule("sign-in-by-name", 50, timedelta(minutes=15))
"""Right and wrong tries both count, so that many guesses at once cannot slip past before the first failure is known.

The name alone has the higher number: a stranger elsewhere must not lock an agent out with a few tries.
"""


class SignInForm(AuthenticationForm):
    """Django's own, with a limit in front. `limit` is the one that was reached."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This user name and password do not match. Both care about capital letters."),
    }
    limit: LimitReached | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            # After a refusal the focus belongs to the error summary.
            self.fields["username"].widget.attrs.pop("autofocus", None)

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if name and self.request:
            try:
                limits.take(_uses(name.casefold(), source_of(self.request)))
            except LimitReached as limit:
                self.limit = limit
                raise forms.ValidationError(_wait(limit), code="limit") from limit
        return super().clean()


class SignIn(LoginView):
    """The page that every other page of the console leads a visitor to, and back from."""

    template_name = "console/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.limit:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.limit.retry_after)
        return response


class SignOut(LogoutView):
    http_method_names = ["post", "options"]


def _uses(name: str, source: str) -> list[tuple[Rule, str]]:
    return [(SIGN_IN_BY_SOURCE, source), (SIGN_IN_BY_NAME_AND_SOURCE, f"{source} {name}"), (SIGN_IN_BY_NAME, name)]


def _wait(limit: LimitReached) -> str:
    minutes = -(-limit.retry_after // 60)
    return ngettext(
        "That were many tries in a short time. Please wait %(minutes)d minute, then try again.",
        "That were many tries in a short time. Please wait %(minutes)d minutes, then try again.",
        minutes,
    ) % {"minutes": minutes}
