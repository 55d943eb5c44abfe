"""Who asks: an API key and its client; what it may do, and which cases it may know of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from ninja.security import HttpBearer

from diagnostics.models import ApiClient, ApiKey, Case, CaseQuerySet
from diagnostics.services.api_keys import Scope, key_of
from diagnostics.services.api_limits import Left, use
from diagnostics.services.audit import Actor
from portal.access import source_of
from portal.api import problems
from portal.api.problems import Problem

LONGEST_BODY = 16 * 1024
REFERENCE = r"^[2-9A-HJKMNP-TV-Z]{8,12}$"
PAGING = {"cursor", "limit"}
FILTERS = {
    "cases": PAGING | {"helpdesk", "ticket", "state", "updated_since"},
    "events": PAGING,
    "case-events": PAGING,
}
"""The parameters of each list, by the name of its address."""
REALM = 'Bearer realm="api"'


@dataclass(frozen=True, slots=True)
class Principal:
    """A request's key. `left` is what of its client's share remains."""

    key: ApiKey
    source: str
    left: Left

    @property
    def client(self) -> ApiClient:
        return self.key.client

    @property
    def actor(self) -> Actor:
        return Actor("api", self.client.name, self.source)

    @property
    def tier(self) -> int:
        """1 for a key that may make links, since whoever makes a signed link vouches for its ticket; else 0.

        Nothing that comes through the API is ever of tier 2.
        """
        return 1 if Scope.LINK_WRITE in self.key.scopes else 0

    def cases(self) -> CaseQuerySet:
        """The cases that this client may know of: its vendor's; a test client only its own, and nobody else those."""
        if self.client.is_test:
            return Case.objects.filter(api_client=self.client)
        found = Case.objects.filter(Q(api_client=None) | Q(api_client__is_test=False))
        return found.filter(vendor=self.client.vendor) if self.client.vendor else found

    def case(self, reference: str) -> Case:
        """Raises Problem: 404 for a case of somebody else's as for none."""
        if reference.isascii() and reference.isalnum():
            found = self.cases().filter(reference=reference.upper()).first()
            if found:
                return found
        raise Problem(problems.NOT_FOUND)


class KeyWith(HttpBearer):
    """A live key with that scope, and a share of requests that is not used up. Cookies make no difference."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        # Of the language, too, only what the request itself says counts.
        translation.activate(language_of(request))
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, token: str) -> Principal:
        key = key_of(token)
        if key is None:
            raise no_key("invalid_token")
        left = use(key.client)
        request.api_left = left  # type: ignore[attr-defined]  # read by `answers.finished`
        if self.scope not in key.scopes:
            raise Problem(
                problems.NO_SCOPE,
                headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{self.scope}"'},
                scope=self.scope,
            )
        _look_at_query(request)
        _look_at_body(request)
        return Principal(key, source_of(request), left)


def no_key(error: str = "") -> Problem:
    """What whoever comes without a key is told (RFC 6750 section 3)."""
    challenge = f'{REALM}, error="{error}"' if error else REALM
    return Problem(problems.NO_KEY, headers={"WWW-Authenticate": challenge})


def language_of(request: HttpRequest) -> str:
    """The best language of Accept-Language that the portal speaks."""
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def _look_at_query(request: HttpRequest) -> None:
    """A filter that is misspelt must not be taken for none."""
    name = request.resolver_match.url_name if request.resolver_match else None
    known = FILTERS.get(name or "")
    if request.method == "GET" and known and (unknown := sorted(set(request.GET) - known)):
        errors = [{"parameter": one, "code": "unknown", "detail": "There is no such parameter."} for one in unknown]
        raise Problem(problems.INVALID, errors=errors)


def _look_at_body(request: HttpRequest) -> None:
    """Before a byte of it is read."""
    if request.method != "POST":
        return
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise Problem(problems.LENGTH_REQUIRED)
    said = request.META.get("CONTENT_LENGTH") or "0"
    if not (said.isascii() and said.isdigit()):
        raise Problem(problems.BAD_REQUEST)
    length = int(said[:9])
    if length > LONGEST_BODY:
        raise Problem(problems.TOO_LARGE)
    charset = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
    if length and (request.content_type != "application/json" or charset.lower() not in ("utf-8", "utf8")):
        raise Problem(problems.MEDIA)
