"""Every error of the API as a problem document (RFC 9457), with a `type` that the documentation explains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """`slug` ends the type's address and never changes; `meaning` is for the documentation."""

    slug: str
    status: int
    title: str | Promise
    meaning: str | Promise


BAD_REQUEST = Kind("bad-request", 400, _("The request cannot be read"), _("It is no valid HTTP request for this host."))
MALFORMED = Kind("malformed-json", 400, _("The body is no JSON"), _("Send one JSON object in UTF-8."))
KEY_MISSING = Kind(
    "idempotency-key-missing",
    400,
    _("The header Idempotency-Key is missing"),
    _("Every POST needs one: a random value of 1 to 255 printable ASCII characters, new for each thing to be done."),
)
NO_KEY = Kind(
    "no-valid-key",
    401,
    _("No valid API key"),
    _("Send “Authorization: Bearer” and the key. It may be mistyped, expired or revoked; cookies count for nothing."),
)
NO_SCOPE = Kind(
    "missing-scope", 403, _("The key may not do this"), _("Have a key made that has the scope named in “scope”.")
)
NOT_FOUND = Kind(
    "not-found", 404, _("There is no such thing here"), _("It does not exist, or belongs to somebody else.")
)
NOT_ALLOWED = Kind(
    "method-not-allowed", 405, _("This address does not know that method"), _("The header Allow names those it knows.")
)
STILL_RUNNING = Kind(
    "request-still-running",
    409,
    _("The same request is being worked on"),
    _("Ask again, with the same Idempotency-Key, after the seconds in Retry-After."),
)
LENGTH_REQUIRED = Kind("length-required", 411, _("The body’s length is missing"), _("Send the header Content-Length."))
TOO_LARGE = Kind("too-large", 413, _("The body is too large"), _("At most 16 KB are read."))
MEDIA = Kind("unsupported-media-type", 415, _("The body is not declared as JSON"), _("Send application/json."))
INVALID = Kind(
    "not-valid",
    422,
    _("Something in the request is not usable"),
    _("“errors” names each: a JSON Pointer into the body, or the parameter’s name, with what is wrong there."),
)
KEY_REUSED = Kind(
    "idempotency-key-reused",
    422,
    _("This Idempotency-Key came before with another request"),
    _("Use a new random value for each thing to be done; the same one only to repeat exactly the same request."),
)
NOT_A_TEST_DOMAIN = Kind(
    "not-a-test-domain",
    422,
    _("Test keys work with the test domains only"),
    _("“test_domains” is the address of their list."),
)
TOO_MANY = Kind("too-many-requests", 429, _("Too many requests"), _("Ask again after the seconds in Retry-After."))
BUSY = Kind(
    "too-many-checks-waiting",
    503,
    _("Too many checks are waiting"),
    _("No other is begun now. Ask again, with the same Idempotency-Key, after the seconds in Retry-After."),
)
FAILED = Kind("internal-error", 500, _("Something went wrong on our side"), _("We have noted it. Try again later."))
UNAVAILABLE = Kind(
    "unavailable", 503, _("The portal cannot answer now"), _("Ask again after the seconds in Retry-After.")
)

KINDS = (
    BAD_REQUEST,
    MALFORMED,
    KEY_MISSING,
    NO_KEY,
    NO_SCOPE,
    NOT_FOUND,
    NOT_ALLOWED,
    STILL_RUNNING,
    LENGTH_REQUIRED,
    TOO_LARGE,
    MEDIA,
    INVALID,
    KEY_REUSED,
    NOT_A_TEST_DOMAIN,
    TOO_MANY,
    FAILED,
    UNAVAILABLE,
    BUSY,
)
_BY_STATUS = {kind.status: kind for kind in reversed(KINDS)}


class Problem(Exception):
    """Ends a request with that problem. `errors` and `members` go into the document, `headers` beside it."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        **members: str,
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.errors = errors
        self.members = members

    @property
    def response(self) -> HttpResponse:
        document: dict[str, object] = {
            "type": type_of(self.kind),
            "title": str(self.kind.title),
            "status": self.kind.status,
            "detail": self.detail or str(self.kind.meaning),
            **self.members,
        }
        if self.errors:
            document["errors"] = [dict(error) for error in self.errors]
        response = HttpResponse(
            json.dumps(document), status=self.kind.status, content_type=MEDIA_TYPE, headers=dict(self.headers)
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def for_status(status: int) -> Kind:
    """What an error that was made elsewhere (Django, its middleware) is called here."""
    known = _BY_STATUS.get(status)
    return known or (FAILED if status >= 500 else BAD_REQUEST)


def type_of(kind: Kind) -> str:
    return f"{settings.PORTAL_URL}{reverse('api:docs')}#problem-{kind.slug}"
