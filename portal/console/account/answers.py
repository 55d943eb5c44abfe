"""What the pages of an account have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django import forms
from django.http import HttpRequest, HttpResponse

from portal.accounts.guesses import TooMany

Response = TypeVar("Response", bound=HttpResponse)


def refuse_after_too_many(response: Response, form: forms.Form) -> Response:
    """A refusal for want of patience is a 429 that says how many seconds to wait."""
    waits = [error.retry_after for error in _errors(form.errors) if isinstance(error, TooMany)]
    if waits:
        response.status_code = 429
        response.headers["Retry-After"] = str(max(waits))
    return response


def passkeys_work(request: HttpRequest) -> bool:
    """Browsers bind them to a host's name, and only over https or on localhost."""
    name = urlsplit(f"//{request.get_host()}").hostname or ""
    return name == "localhost" or (request.is_secure() and not name.replace(".", "").isdigit() and ":" not in name)


def _errors(errors: Mapping[str, Any]) -> list[forms.ValidationError]:
    return [error for listed in errors.values() for error in listed.as_data()]
