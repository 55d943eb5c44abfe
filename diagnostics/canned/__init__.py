"""Recorded evidence for test keys of the API: one JSON file a domain, made in the lab by `manage.py record_canned`.

Only what probes and reports said is kept; it is judged by today's checks whenever a case is about that domain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from diagnostics.codec import decode
from diagnostics.content import BadContent
from diagnostics.domain import Gap, ProbeGroup, Seen, Stage, Vantage, Verdict
from diagnostics.registry import observation_type

FOLDER = Path(__file__).parent
VERSION = 1
"""Of the files' form; a file of another one is refused and has to be recorded again."""
REPORTED = ""
"""In place of a group's name: what no probe saw, but somebody reported afterwards."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Canned:
    """A domain whose diagnosis is known beforehand. `tier`: from which tier on it comes to that diagnosis."""

    slug: str
    title: str
    address: str
    verdict: Verdict
    cause: str
    stage: Stage | None
    tier: int
    recorded_at: datetime
    entries: tuple[Mapping[str, Any], ...]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def seen(self, group: ProbeGroup, at: datetime) -> list[Seen]:
        """What the group's probes saw, as if it had been just now."""
        return [_seen(entry, at, at - self.recorded_at) for entry in self.entries if entry["group"] == group]

    def reported(self, at: datetime) -> list[object]:
        """What was reported to the case afterwards, in its order."""
        moved = at - self.recorded_at
        seen = (_seen(entry, at, moved) for entry in self.entries if entry["group"] == REPORTED)
        return [one.observation for one in seen if one.observation is not None]


@cache
def canned() -> Mapping[str, Canned]:
    """Every recording, by domain; raises BadContent."""
    found = (_read(path) for path in sorted(FOLDER.glob("*.json")))
    return {one.domain: one for one in found}


def _read(path: Path) -> Canned:
    try:
        said = json.loads(path.read_text())
        if said.pop("version") != VERSION:
            raise BadContent(f"{path}: was recorded in another form: run `manage.py record_canned`")
        return Canned(
            slug=said["slug"],
            title=said["title"],
            address=said["address"],
            verdict=Verdict(said["verdict"]),
            cause=said["cause"],
            stage=Stage(said["stage"]) if said["stage"] else None,
            tier=said["tier"],
            recorded_at=datetime.fromisoformat(said["recorded_at"]),
            entries=tuple(said["seen"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise BadContent(f"{path}: no recorded evidence ({problem!r})") from problem


def _seen(entry: Mapping[str, Any], at: datetime, moved: timedelta) -> Seen:
    kind = observation_type(entry["kind"])
    if kind is None:
        raise BadContent(f"there is no observation {entry['kind']}: run `manage.py record_canned`")
    data = entry["data"]
    return Seen(
        kind=kind,
        vantage=Vantage(entry["vantage"]),
        at=at,
        observation=None if data is None else decode(kind, _moved(data, moved)),
        gap=Gap(entry["gap"]) if entry["gap"] else None,
        applies=entry["applies"],
        elapsed_ms=entry["elapsed_ms"],
        detail=entry["detail"],
    )


def _moved(value: Any, by: timedelta) -> Any:
    """The same with every moment in it moved: what was a minute before the recording is a minute ago."""
    if isinstance(value, dict):
        return {name: _moved(one, by) for name, one in value.items()}
    if isinstance(value, list):
        return [_moved(one, by) for one in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return (datetime.fromisoformat(value) + by).isoformat()
    return value
