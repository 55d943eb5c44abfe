"""How every sending service is asked, and how its answers are read: what does not fit is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from diagnostics.net import http
from diagnostics.net.http import HttpAnswer, HttpFailed
from diagnostics.plain import plain
from diagnostics.sending import Release, Released, Silent

NOT_FOUND = 404
LONGEST_TEXT = 500


async def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    auth: tuple[str, str] | None = None,
) -> HttpAnswer:
    """The service's answer, a refusal too. Raises Silent where there is none, or one of its own trouble (5xx, 429)."""
    try:
        answer = await http.ask(method, url, headers=headers, params=params, body=body, auth=auth)
    except HttpFailed as problem:
        raise Silent(str(problem)) from problem
    if answer.status >= 500 or answer.status == 429:
        raise Silent(f"status {answer.status}")
    return answer


def found(answer: HttpAnswer) -> Any:
    """The JSON of an answer. Raises Silent for every refusal: a wrong key or path says nothing about the address."""
    if not answer.ok:
        raise Silent(f"status {answer.status}")
    return read(answer)


def read(answer: HttpAnswer) -> Any:
    """The answer's JSON; raises Silent."""
    try:
        return answer.json()
    except HttpFailed as problem:
        raise Silent(str(problem)) from problem


def released(answer: HttpAnswer) -> Released:
    """What a request to delete came to; an entry that is gone already is as good."""
    if answer.ok or answer.status == NOT_FOUND:
        return Released(Release.RELEASED)
    return Released(Release.REFUSED, plain(answer.body, LONGEST_TEXT))


def records(value: object) -> list[dict[str, Any]]:
    """A list of objects; raises Silent where it is none."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Silent("the answer is not the list that it should be")
    return value


def record(value: object) -> dict[str, Any]:
    """An object; raises Silent where it is none."""
    if not isinstance(value, dict):
        raise Silent("the answer is not the object that it should be")
    return value


def text(value: object) -> str:
    return plain(value, LONGEST_TEXT) if isinstance(value, str) else ""


def moment(value: object) -> datetime | None:
    """Seconds since 1970, ISO 8601 or the form of RFC 5322; None for anything else."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if not isinstance(value, str):
            return None
        at = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
