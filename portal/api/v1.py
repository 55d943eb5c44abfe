"""Version 1 of the API: its routers, and how failures become problem documents."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import psycopg_pool
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from diagnostics.services.limits import LimitReached
from diagnostics.services.queue_cap import QueueFull
from portal.api import cases, events, links, problems, trying
from portal.api.answers import finished
from portal.api.principal import no_key
from portal.api.problems import Problem

DATABASE_BACK_IN = 5
"""Seconds after which another try is worth it while the database is away."""


class StrictJson(Parser):
    """JSON as RFC 8259 has it: no NaN, no name twice."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises ValueError and RecursionError, which ninja answers with 400."""
        found: dict[str, Any] = json.loads(
            request.body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_without_doubles
        )
        return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


api = NinjaAPI(
    title="Where’s my code? API",
    version="1.0",
    urls_namespace="v1",
    openapi_url=None,
    docs_url=None,
    parser=StrictJson(),
)
for _module in (cases, events, links, trying):
    api.add_router("", _module.router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    return finished(request, problem.response)


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: Any) -> HttpResponse:
    return no_key().response


@api.exception_handler(HttpError)
def _malformed(request: HttpRequest, error: Any) -> HttpResponse:
    """The only one that ninja raises by itself is about a body that cannot be parsed."""
    return _problem(request, Problem(problems.MALFORMED))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return _problem(request, Problem(problems.NOT_FOUND))


@api.exception_handler(LimitReached)
def _too_many(request: HttpRequest, limit: Any) -> HttpResponse:
    kind = problems.BUSY if isinstance(limit, QueueFull) else problems.TOO_MANY
    return _problem(request, Problem(kind, headers={"Retry-After": str(limit.retry_after)}))


def _unavailable(request: HttpRequest, error: Any) -> HttpResponse:
    return _problem(request, Problem(problems.UNAVAILABLE, headers={"Retry-After": str(DATABASE_BACK_IN)}))


for _error in (OperationalError, InterfaceError, psycopg_pool.PoolTimeout):
    api.add_exception_handler(_error, _unavailable)


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Any) -> HttpResponse:
    """To Django, which logs it; `ApiMiddleware` makes the problem document."""
    raise error


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, invalid: Any) -> HttpResponse:
    errors = [_field(error) for error in invalid.errors]
    missing = any(
        error["type"] == "missing" and error["loc"][0] == "header" and "idempotency" in str(error["loc"][-1]).lower()
        for error in invalid.errors
    )
    if missing:
        return _problem(request, Problem(problems.KEY_MISSING))
    if any(error.get("parameter") == "link" for error in errors):
        return _problem(request, Problem(problems.NOT_FOUND))  # no address of ours has such a part
    return _problem(request, Problem(problems.INVALID, errors=errors))


def _field(error: dict[str, Any]) -> dict[str, str]:
    source, *rest = error["loc"]
    about = {"code": str(error["type"]), "detail": str(error["msg"])}
    if source != "body":
        return {"parameter": str(rest[-1]) if rest else str(source), **about}
    # The first part is the name of our own parameter that the body was read into.
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in rest[1:])
    return {"pointer": "".join(f"/{part}" for part in parts), **about}
