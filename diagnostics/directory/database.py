"""Asks our own table, which `manage.py import_directory` fills."""

from __future__ import annotations

import asyncio

from django.db import DatabaseError, InterfaceError, connection

from diagnostics.domain import DirectoryAnswer, Gap, Target, Unobserved
from diagnostics.services.directory import look_up

SECONDS = 3.0


def build() -> DatabaseDirectory:
    return DatabaseDirectory()


class DatabaseDirectory:
    async def look_up(self, target: Target) -> DirectoryAnswer:
        """As `Directory.look_up` says; within 3 seconds."""
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.to_thread(_look_up, target)
        except TimeoutError as problem:
            raise Unobserved(Gap.RECORDS_SILENT, f"no answer within {SECONDS:g} seconds") from problem
        except (DatabaseError, InterfaceError) as problem:
            raise Unobserved(Gap.RECORDS_SILENT, type(problem).__name__) from problem


def _look_up(target: Target) -> DirectoryAnswer:
    """In a thread beside the event loop, whose database connection goes back to the pool."""
    try:
        return look_up(target)
    finally:
        connection.close()
