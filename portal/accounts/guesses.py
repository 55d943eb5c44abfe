"""How often passwords, codes and passkeys may be tried. Kept in PostgreSQL, for all of the web's processes together.

Right and wrong tries both count, so that many guesses at once cannot slip past before the first failure is known.
"""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from diagnostics.services import limits
from diagnostics.services.limits import LimitReached, Rule
from portal.access import source_of

SIGN_IN_BY_SOURCE = Rule("sign-in-by-source", 60, timedelta(minutes=15), exact=True)
SIGN_IN_BY_NAME_AND_SOURCE = Rule("sign-in-by-name-and-source", 10, timedelta(minutes=15), exact=True)
SIGN_IN_BY_NAME = Rule("sign-in-by-name", 50, timedelta(minutes=15), exact=True)
"""The name alone has the higher number: a stranger elsewhere must not lock an agent out with a few tries."""
CODE_BY_ACCOUNT = Rule("code-by-account", 10, timedelta(minutes=15), exact=True)
CODE_BY_ACCOUNT_AND_DAY = Rule("code-by-account-and-day", 60, timedelta(days=1), exact=True)
"""Who gets to these knows the password or has the session. Of a million codes three are right at any time."""
CODE_USED = Rule("code-used", 1, timedelta(seconds=120))
"""A code is good once (RFC 6238 section 5.2): longer than it could be right."""


class TooMany(forms.ValidationError):
    """A form's error whose page is answered with 429."""

    def __init__(self, limit: LimitReached) -> None:
        super().__init__(_wait(limit), code="limit")
        self.retry_after = limit.retry_after


def of_password(request: HttpRequest, name: str) -> None:
    """Count a try of a password; raises TooMany."""
    source, name = source_of(request), name.casefold()
    _take(
        [(SIGN_IN_BY_SOURCE, source), (SIGN_IN_BY_NAME_AND_SOURCE, f"{source} {name}"), (SIGN_IN_BY_NAME, name)],
    )


def of_passkey(request: HttpRequest) -> None:
    """Count a try to sign in by passkey; the account is not known before it is right. Raises TooMany."""
    _take([(SIGN_IN_BY_SOURCE, source_of(request))])


def of_code(account: int) -> None:
    """Count a try of a second factor or of a password asked for again; raises TooMany."""
    _take([(CODE_BY_ACCOUNT, str(account)), (CODE_BY_ACCOUNT_AND_DAY, str(account))])


def use_up(account: int, code: str) -> None:
    """Let a right code not be right again; raises ValidationError where it has been used."""
    digits = "".join(character for character in code if character.isalnum())
    try:
        limits.take([(CODE_USED, f"{account} {digits}")])
    except LimitReached as used:
        raise forms.ValidationError(_("This code was used already. Wait for the next one."), code="used") from used


def _take(uses: list[tuple[Rule, str]]) -> None:
    try:
        limits.take(uses)
    except LimitReached as limit:
        raise TooMany(limit) from limit


def _wait(limit: LimitReached) -> str:
    minutes = -(-limit.retry_after // 60)
    return ngettext(
        "That were many tries in a short time. Please wait %(minutes)d minute, then try again.",
        "That were many tries in a short time. Please wait %(minutes)d minutes, then try again.",
        minutes,
    ) % {"minutes": minutes}
