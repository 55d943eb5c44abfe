"""The OpenAPI 3.1 document: what ninja knows of the operations, and what it does not (errors, headers, scopes)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.utils import translation

from portal.api import problems
from portal.api.principal import LONGEST_BODY, KeyWith
from portal.api.problems import MEDIA_TYPE, Kind
from portal.api.schemas import FieldError, ProblemOut, article_slugs, device_models
from portal.api.v1 import api

Json = dict[str, Any]
METHODS = ("get", "post", "delete")
DESCRIPTION = f"""Open cases for customers whose authentication code has not arrived, read what was found, and get
links for tickets. Send `Authorization: Bearer <key>`; keys are made in the console. Bodies are JSON,
{LONGEST_BODY // 1024} KB at most. Every POST needs an `Idempotency-Key`. Every error is a problem document (RFC 9457).
Within v1 members and addresses are only ever added; one that is to go says so by a `Sunset` header long before."""
RATE_LIMIT = {
    "RateLimit-Policy": 'How many requests in how many seconds: `"client";q=300;w=60`.',
    "RateLimit": 'How many of them may be made at once now, and in how many seconds all of them: `"client";r=299;t=1`.',
}
ALWAYS = (problems.NO_KEY, problems.NO_SCOPE, problems.TOO_MANY, problems.FAILED, problems.UNAVAILABLE)
ON_WRITING = (
    problems.BAD_REQUEST,
    problems.STILL_RUNNING,
    problems.LENGTH_REQUIRED,
    problems.TOO_LARGE,
    problems.MEDIA,
    problems.INVALID,
)


@cache
def document() -> Json:
    """The same on every machine: sorted, in English, without the portal's own address."""
    with translation.override("en"):
        found: Json = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
        found["info"]["description"] = " ".join(DESCRIPTION.split())
        found.pop("servers", None)
        components = found["components"]
        components["schemas"]["Problem"] = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        components["schemas"]["Problem"].pop("$defs", None)
        components["schemas"]["FieldError"] = FieldError.model_json_schema()
        components["securitySchemes"] = {
            "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key, `wmc_live_…` or `wmc_test_…`."}
        }
        scopes = _scopes()
        for path, operations in found["paths"].items():
            for method in METHODS:
                if method in operations:
                    _complete(operations[method], path, method, scopes[operations[method]["operationId"]])
    tidied: Json = _tidied(found)
    return tidied


def as_text() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _scopes() -> dict[str, str]:
    """The scope that each operation needs; empty for those that need no key."""
    found = {}
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            for operation in view.operations:
                keys = [one for one in operation.auth_callbacks if isinstance(one, KeyWith)]
                found[str(operation.operation_id)] = keys[0].scope.value if keys else ""
    return found


def _complete(operation: Json, path: str, method: str, scope: str) -> None:
    operation.pop("security", None)
    if scope:
        operation["security"] = [{"apiKey": [scope]}]
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        parameter["schema"] = schema = next((one for one in schema.get("anyOf", ()) if one != {"type": "null"}), schema)
        if parameter["in"] == "query":  # nobody can send null there
            parameter["required"] = False
        if parameter["name"] == "cursor":
            schema["format"] = "case-cursor" if path.endswith("/cases") else "event-cursor"
    responses = operation["responses"]
    for status, response in responses.items():
        response["headers"] = _headers(int(status), method, bool(scope), path)
    if method == "get":
        operation["parameters"] += [
            _header_parameter("If-None-Match", "The ETag that you have: 304 if it still holds.")
        ]
        if path.endswith("/diagnosis"):
            operation["parameters"] += [_header_parameter("Accept-Language", "The language of the texts.")]
        responses["304"] = {"description": "Not Modified", "headers": _headers(304, method, bool(scope), path)}
    for kind in _errors(operation, path, method, scope):
        responses.setdefault(str(kind.status), _problem(kind))
    operation["responses"] = dict(sorted(responses.items()))


def _errors(operation: Json, path: str, method: str, scope: str) -> list[Kind]:
    kinds = list(ALWAYS) if scope else [problems.FAILED, problems.UNAVAILABLE]
    kinds.append(problems.BAD_REQUEST)
    if "{" in path:
        kinds.append(problems.NOT_FOUND)
    if method == "post":
        kinds += ON_WRITING
    elif any(one["in"] == "query" for one in operation["parameters"]):
        kinds.append(problems.INVALID)
    return [*kinds, problems.NOT_ALLOWED]


def _headers(status: int, method: str, has_key: bool, path: str) -> Json:
    found: Json = {}
    if has_key:
        found |= {name: _header(text, required=True) for name, text in RATE_LIMIT.items()}
    if method == "get":
        found["ETag"] = _header("Names exactly this answer.", required=True)
        if path.endswith(("/diagnosis", "/{reference}")):
            found["Retry-After"] = {
                "description": "While a run is under way: seconds until it is worth asking again.",
                "schema": {"type": "integer", "minimum": 1},
            }
    if method == "post":
        found["Idempotent-Replayed"] = {
            "description": "`true` where this is the first answer again.",
            "schema": {"type": "string", "enum": ["true"]},
        }
    if status == 201 and path.endswith("/cases"):
        found["Location"] = _header("Where the case is.", required=True)
    return found


def _header(text: str, *, required: bool) -> Json:
    return {"description": text, "required": required, "schema": {"type": "string"}}


def _header_parameter(name: str, text: str) -> Json:
    return {"in": "header", "name": name, "description": text, "required": False, "schema": {"type": "string"}}


def _problem(kind: Kind) -> Json:
    about: Json = {
        "description": f"{kind.title}: {kind.slug}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    needed = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 405: "Allow", 409: "Retry-After", 429: "Retry-After"}
    if kind.status in needed:
        about["headers"] = {needed[kind.status]: _header("", required=True)}
    return about


def _tidied(value: Any) -> Any:
    """Without the titles that pydantic makes of names, and with the lists that only this portal knows."""
    if isinstance(value, list):
        return [_tidied(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _tidied(one) for name, one in value.items() if name != "title" or not isinstance(one, str)}
    if found.pop("x-articles", False):
        found["enum"] = list(article_slugs())
    if found.pop("x-models", False):
        found["enum"] = list(device_models())
    if "info" in value:
        found["info"]["title"] = value["info"]["title"]
    return found
