"""The OpenAPI document as chapters for a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from portal.api.openapi import METHODS, document

Json = dict[str, Any]
REF = "#/components/schemas/"
SAMPLE_KEY = "wmc_test_…"
SAMPLE_REFERENCE = "K7QX2MPA"
SAMPLE_BODIES: dict[str, Json] = {
    "NewCase": {
        "company": "100200",
        "address": "anna@mailbox-full.test",
        "article": "verification",
        "ticket": {"helpdesk": "zendesk", "id": "4711"},
    },
    "NewLink": {"kind": "it"},
    "NewDeepLink": {"company": "100200", "address": "anna@mailbox-full.test", "article": "verification"},
}


@dataclass(frozen=True, slots=True)
class Member:
    """A line of a table: a parameter, or a member of an object. `schema` is the name of the object in it, if any."""

    name: str
    kind: str
    required: bool
    text: str
    place: str = ""
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    text: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    status: str
    text: str
    schema: str
    problem: str
    headers: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    text: str
    scope: str
    parameters: tuple[Member, ...]
    body: str
    outcomes: tuple[Outcome, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Chapters:
    chapters: tuple[Chapter, ...]
    shapes: tuple[Shape, ...]


def chapters() -> Chapters:
    """Every operation under its tag, and every object that one takes or gives."""
    found = document()
    by_tag: dict[str, list[Operation]] = {}
    for path, operations in found["paths"].items():
        for method in METHODS:
            if method in operations:
                by_tag.setdefault(operations[method]["tags"][0], []).append(
                    _operation(path, method, operations[method])
                )
    schemas = found["components"]["schemas"]
    shapes = (_shape(name, schema) for name, schema in sorted(schemas.items()) if "properties" in schema)
    return Chapters(tuple(Chapter(tag, tuple(those)) for tag, those in by_tag.items()), tuple(shapes))


def _operation(path: str, method: str, said: Json) -> Operation:
    text = said.get("description", "")
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = body.get("$ref", "").removeprefix(REF)
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=text.split("\n\n")[0].split(". ")[0].rstrip("."),
        text=text,
        scope=next((scope for one in said.get("security", ()) for scope in one["apiKey"]), ""),
        parameters=tuple(_parameter(one) for one in said["parameters"]),
        body=name,
        outcomes=tuple(_outcomes(said["responses"])),
        example=_example(method, path, name, bool(said.get("security"))),
    )


def _parameter(one: Json) -> Member:
    return Member(one["name"], _kind(one["schema"]), one["required"], one.get("description", ""), place=one["in"])


def _outcomes(responses: Json) -> Iterator[Outcome]:
    for status, response in responses.items():
        content: Json = next(iter(response.get("content", {}).values()), {})
        is_problem = "application/problem+json" in response.get("content", {})
        title, _, slug = response["description"].rpartition(": ") if is_problem else (response["description"], "", "")
        schema = content.get("schema", {}).get("$ref", "").removeprefix(REF)
        headers = ", ".join(name for name in response.get("headers", {}) if not name.startswith("RateLimit"))
        yield Outcome(status, title, "" if is_problem else schema, slug, headers)


def _shape(name: str, schema: Json) -> Shape:
    required = schema.get("required", ())
    members = (
        Member(
            member,
            _kind(about),
            member in required,
            about.get("description", ""),
            schema=_object_in(about),
        )
        for member, about in schema["properties"].items()
    )
    return Shape(name, schema.get("description", ""), tuple(members))


def _kind(schema: Json) -> str:
    """In words: `string`, `list of CaseOut`, `integer, 1 to 100`, `one of: a, b`."""
    if ref := schema.get("$ref", ""):
        target = document()["components"]["schemas"].get(ref.removeprefix(REF), {})
        return _kind(target) if "enum" in target else ref.removeprefix(REF)
    if choices := schema.get("anyOf"):
        kinds = dict.fromkeys(_kind(one) for one in choices)
        return " or ".join(kinds)
    if "const" in schema:
        return f"“{schema['const']}”"
    if "enum" in schema:
        return f"one of: {', '.join(map(str, schema['enum']))}"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    kind = str(schema.get("type", "anything"))
    if "minimum" in schema and "maximum" in schema:
        return f"{kind}, {schema['minimum']} to {schema['maximum']}"
    if "maxLength" in schema:
        return f"{kind}, at most {schema['maxLength']} characters"
    return "date and time" if schema.get("format") == "date-time" else kind


def _object_in(schema: Json) -> str:
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
        name = str(one.get("$ref", "")).removeprefix(REF)
        if name and "properties" in document()["components"]["schemas"].get(name, {}):
            return name
    return ""


def _example(method: str, path: str, body: str, needs_key: bool) -> str:
    address = path.replace("{reference}", SAMPLE_REFERENCE).replace("{link}", "0" * 8 + "…")
    parts = [f"curl {f'-X {method.upper()} ' if method == 'delete' else ''}{settings.PORTAL_URL}{address}"]
    if needs_key:
        parts.append(f'-H "Authorization: Bearer {SAMPLE_KEY}"')
    if method == "post":
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
        parts.append(f"--json '{json.dumps(SAMPLE_BODIES[body])}'" if body else "-X POST")
    return " \\\n  ".join(parts)
