"""How every helpdesk is asked, and how its answers are read. What is not an answer leaves the outcome unknown."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from diagnostics.helpdesks import NoteRefused, NoteUnknown
from diagnostics.net import http
from diagnostics.net.http import HttpAnswer, HttpFailed

LATER = frozenset({401, 403, 408, 425, 429})
"""Refusals that pass: a key is put right, a limit is over. What else is refused (4xx) stays refused."""
LONGEST_WAIT = 24 * 3600


async def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    auth: tuple[str, str] | None = None,
) -> HttpAnswer:
    """An answer that says yes. Raises NoteRefused, NoteUnknown."""
    sent = {"Content-Type": "application/json"} if body is not None else {}
    try:
        answer = await http.ask(method, url, headers=sent | dict(headers or {}), params=params, body=body, auth=auth)
    except HttpFailed as problem:
        raise NoteUnknown(str(problem)) from problem
    if answer.ok:
        return answer
    said = f"status {answer.status}"
    if answer.status in LATER or not 400 <= answer.status < 500:
        raise NoteUnknown(said, _seconds(answer.headers.get("retry-after", "")))
    raise NoteRefused(said)


def read(answer: HttpAnswer) -> Any:
    """The answer's JSON. Raises NoteUnknown."""
    try:
        return answer.json()
    except HttpFailed as problem:
        raise NoteUnknown(str(problem)) from problem


def records(value: object) -> list[dict[str, Any]]:
    """A list of objects. Raises NoteUnknown where it is none: then nothing is known about the note."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise NoteUnknown("the answer is not the list that it should be")
    return value


def record(value: object) -> dict[str, Any]:
    """An object. Raises NoteUnknown."""
    if not isinstance(value, dict):
        raise NoteUnknown("the answer is not the object that it should be")
    return value


def holds(comment: Mapping[str, Any], note_id: str, *names: str) -> bool:
    """Whether one of the comment's texts names the note."""
    return any(note_id in text for name in names if isinstance(text := comment.get(name), str))


def as_html(text: str) -> str:
    """Plain text for a field that is read as HTML."""
    return html.escape(text).replace("\n", "<br>")


def _seconds(text: str) -> int | None:
    """Retry-After (RFC 9110): seconds, or a date."""
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    return min(max(0, round(wait)), LONGEST_WAIT)
