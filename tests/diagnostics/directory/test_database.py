"""Our own table, asked from the worker's event loop."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import psycopg
import pytest
from django.db import connection

from diagnostics.directory.database import DatabaseDirectory
from diagnostics.domain import DirectoryAnswer, Gap, Membership, Unobserved
from diagnostics.models import DirectoryEntry
from tests.diagnostics.networks import target

ABOUT = replace(target("anna@example.org"), company_id="ACME-1")


@pytest.mark.django_db(transaction=True)
def test_it_is_asked_beside_the_event_loop() -> None:
    DirectoryEntry.objects.create(
        vendor="timeclock", company_id="acme-1", address="anna@example.org", administrator=True
    )
    assert asyncio.run(DatabaseDirectory().look_up(ABOUT)) == DirectoryAnswer(Membership.ADMINISTRATOR)


@pytest.mark.django_db(transaction=True)
def test_a_table_that_cannot_be_read_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnostics.directory.database.SECONDS", 0.5)
    # Another session holds the table as a migration would: a look-up has to wait.
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("LOCK TABLE diagnostics_directoryentry IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Unobserved) as nothing:
            asyncio.run(_looked_up(other))
    assert nothing.value.gap is Gap.RECORDS_SILENT


async def _looked_up(holder: psycopg.Connection) -> DirectoryAnswer:
    try:
        return await DatabaseDirectory().look_up(ABOUT)
    finally:
        # Before the loop ends, which waits for its threads.
        await asyncio.to_thread(holder.rollback)
