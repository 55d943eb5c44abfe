"""How answers leave: reads with an ETag, writes once for each Idempotency-Key, both with what is left of the share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from ninja import Schema

from diagnostics.services import api_requests
from diagnostics.services.api_requests import KeyReused, StillRunning, TakenOver
from portal.api import problems
from portal.api.principal import Principal
from portal.api.problems import Problem

JSON = "application/json"
ASK_AGAIN = 2
"""Seconds after which a run that is under way, or a request that is being worked on, is worth another question."""

Written = tuple[int, Schema | None, Mapping[str, str]]
"""Status, body and headers of an answer to a POST."""


def read(request: HttpRequest, body: Schema, *, under_way: bool = False) -> HttpResponse:
    """200 with an ETag, or 304 where the client has just this; with Retry-After while there is more to come."""
    text = body.model_dump_json()
    etag = quote_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if known == ["*"] or etag in {one.removeprefix("W/") for one in known}:
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(text, content_type=JSON)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Authorization", "Accept-Language"))
    if under_way:
        response.headers["Retry-After"] = str(ASK_AGAIN)
    return finished(request, response)


def write(request: HttpRequest, principal: Principal, key: str, work: Callable[[], Written]) -> HttpResponse:
    """Do the work once for this key of the client's, and answer as then whenever the same request comes again."""
    said = "\n".join((request.method or "", request.path, hashlib.sha256(request.body).hexdigest()))
    fingerprint = hashlib.sha256(said.encode()).hexdigest()
    try:
        answer = api_requests.once(principal.client, key, fingerprint, lambda: _answer(*work()))
    except KeyReused as reused:
        raise Problem(problems.KEY_REUSED) from reused
    except (StillRunning, TakenOver) as busy:
        raise Problem(problems.STILL_RUNNING, headers={"Retry-After": str(ASK_AGAIN)}) from busy
    response = HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
    response.headers["Content-Type"] = JSON
    response.headers["Cache-Control"] = "private, no-store"
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return finished(request, response)


def finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """With the rate limit's headers (IETF draft 10), where a key was recognised."""
    left = getattr(request, "api_left", None)
    if left is not None:
        response.headers["RateLimit-Policy"] = f'"client";q={left.count};w={left.window}'
        response.headers["RateLimit"] = f'"client";r={left.left};t={left.reset}'
    return response


def _answer(status: int, body: Schema | None, headers: Mapping[str, str]) -> api_requests.Answer:
    return api_requests.Answer(status, body.model_dump_json() if body else "", headers)
