"""What the work at hand is about, for every line that the log gets meanwhile: references and numbers, never an address.

A context variable: what a thread hands to the event loop, and what a coroutine starts, is about the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import MappingProxyType

NAMES = (
    *("request_id", "view", "task", "task_id"),
    *("case", "run", "group", "message", "delivery", "note", "release"),
)
"""All there may be. `case` is its reference, what stands behind it are keys in the database."""

_about: ContextVar[Mapping[str, str | int]] = ContextVar("about", default=MappingProxyType({}))


def about() -> Mapping[str, str | int]:
    return _about.get()


@contextmanager
def said_about(**what: str | int) -> Iterator[None]:
    """Lines that are logged in this block, and in what it starts, carry these as well. Names: `NAMES`."""
    token = begin(**what)
    try:
        yield
    finally:
        end(token)


def begin(**what: str | int) -> Token[Mapping[str, str | int]]:
    """The same where begin and end are in two places, such as signals; `end` takes what this returns."""
    if unknown := what.keys() - set(NAMES):
        raise TypeError(f"the log knows no {', '.join(sorted(unknown))}")
    return _about.set({**_about.get(), **what})


def end(token: Token[Mapping[str, str | int]]) -> None:
    _about.reset(token)
