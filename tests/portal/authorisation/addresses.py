"""Every address that the site answers at, as its URL configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

LEFT_OUT = ("static",)
"""Files that anybody may have."""


@dataclass(frozen=True, slots=True)
class Place:
    """One pattern: its name with the namespaces before it, its pattern as people read it, what is to be filled in."""

    name: str
    route: str
    parameters: tuple[str, ...]


def places() -> list[Place]:
    found = [place for place in _under(get_resolver(), "", "") if not place.route.startswith(LEFT_OUT)]
    return sorted(found, key=lambda place: place.route)


def _under(resolver: URLResolver, namespace: str, before: str) -> Iterator[Place]:
    for pattern in resolver.url_patterns:
        route = before + _readable(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _under(pattern, inner, route)
        elif isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}" if pattern.name else ""
            yield Place(name, route, tuple(sorted(pattern.pattern.regex.groupindex)))


def _readable(route: str) -> str:
    return route.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
