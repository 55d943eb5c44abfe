"""When each scheduled job was last started: what was due while the clock itself was away is done late, once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models.functions import Now

from diagnostics.models import Heartbeat

PREFIX = "job:"


def last_starts(jobs: Collection[str]) -> dict[str, datetime]:
    """By job. One that nobody has heard of counts as started now, so that a new portal does not do all at once."""
    names = [PREFIX + job for job in jobs]
    Heartbeat.objects.bulk_create([Heartbeat(name=name, at=Now()) for name in names], ignore_conflicts=True)
    known = Heartbeat.objects.filter(name__in=names)
    return {name.removeprefix(PREFIX): at for name, at in known.values_list("name", "at")}


def started(job: str) -> None:
    """Now."""
    Heartbeat.objects.update_or_create(name=PREFIX + job, defaults={"at": Now()})
