"""The content security policy that is put together once is django-csp's own, and a page may still ask for another."""

from __future__ import annotations

import pytest
from csp.constants import HEADER, NONCE, SELF
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

from portal.headers import ContentSecurityPolicyMiddleware


def policy(middleware: type[CSPMiddleware], **asked: object) -> dict[str, set[str]]:
    response = HttpResponse()
    vars(response).update(asked)
    request = HttpRequest()
    middleware(lambda _: response).process_response(request, response)
    said = response.headers.get(HEADER, "")
    return {name: set(words) for name, *words in (part.split() for part in said.split(";") if part)}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"_csp_update": {"connect-src": ["https://check.example.net"]}},
        {"_csp_replace": {"frame-ancestors": ["https://desk.example.org"]}},
        {"_csp_exempt": True},
    ],
    ids=["nothing", "more", "another", "none"],
)
def test_is_what_django_csp_would_say(asked: dict[str, object]) -> None:
    assert policy(ContentSecurityPolicyMiddleware, **asked) == policy(CSPMiddleware, **asked)
    assert bool(policy(ContentSecurityPolicyMiddleware, **asked)) is ("_csp_exempt" not in asked)


def test_what_a_view_has_set_itself_is_kept() -> None:
    response = HttpResponse(headers={HEADER: "sandbox"})
    ContentSecurityPolicyMiddleware(lambda _: response).process_response(HttpRequest(), response)
    assert response.headers[HEADER] == "sandbox"


def test_a_nonce_is_in_the_policy_of_its_own_response(settings) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": [SELF, NONCE]}}
    middleware = ContentSecurityPolicyMiddleware(lambda _: HttpResponse())
    request, response = HttpRequest(), HttpResponse()
    middleware.process_request(request)
    nonce = str(vars(request)["csp_nonce"])
    assert nonce
    assert nonce in middleware.process_response(request, response).headers[HEADER]
    other = HttpRequest()
    middleware.process_request(other)
    assert nonce not in middleware.process_response(other, HttpResponse()).headers[HEADER]
