"""Queries that are asked so often that planning them anew each time would cost more than answering them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def rows(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """The query's rows. PostgreSQL keeps its plan with the connection (`prepare_threshold` of the settings).

    Raises django.db.DatabaseError.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(sql.encode(), values, prepare=True).fetchall()
