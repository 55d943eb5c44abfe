"""The vendor's own records, as far as this portal is connected to them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from django.db import DatabaseError, connection

from diagnostics.directory import Directory, configured_directory
from diagnostics.domain import (
    DirectoryAnswer,
    Gap,
    NotApplicable,
    Records,
    SendHistory,
    SuppressionAnswer,
    Target,
    Unobserved,
)
from diagnostics.net.live import NoRecords
from diagnostics.sending import SendingService, configured_services, look_up_everywhere
from diagnostics.services.events import history_of, nobody_tells
from diagnostics.services.patience import patiently


def configured_records() -> Records:
    """What the settings name; where they name nothing, every question says so."""
    return ConfiguredRecords(connected=configured_directory(), services=configured_services())


@dataclass(frozen=True, slots=True)
class ConfiguredRecords(NoRecords):
    """Implements `diagnostics.domain.Records` with what is connected; what is not says so."""

    connected: Directory | None = None
    services: tuple[SendingService, ...] = ()

    async def directory(self, target: Target) -> DirectoryAnswer:
        if self.connected is None:
            return await NoRecords.directory(self, target)
        return await self.connected.look_up(target)

    async def suppressions(self, target: Target) -> SuppressionAnswer:
        if not self.services:
            raise NotApplicable(Gap.NOT_SET_UP)
        answer = await look_up_everywhere(self.services, target.address)
        if len(answer.silent) == len(answer.asked):
            raise Unobserved(Gap.RECORDS_SILENT, ", ".join(answer.silent))
        return answer

    async def events(self, target: Target) -> SendHistory:
        if nobody_tells():
            raise NotApplicable(Gap.NOT_SET_UP)
        try:
            async with asyncio.timeout(EVENTS_LIMIT):
                return await asyncio.to_thread(_history, target)
        except (TimeoutError, DatabaseError) as problem:
            raise Unobserved(Gap.RECORDS_SILENT, type(problem).__name__) from problem


EVENTS_LIMIT = 5.0
"""Seconds; the statement itself is ended by STATEMENT_TIMEOUT_MS."""
AWAY_LIMIT = 4.0
"""Seconds that a database is waited for which is away, while it restarts for example."""


def _history(target: Target) -> SendHistory:
    try:
        return patiently(lambda: history_of(str(target.address), code_lifetime=target.vendor.code_lifetime), AWAY_LIMIT)
    finally:
        connection.close()
