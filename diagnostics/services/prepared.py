"""Queries that are asked so often that planning them anew each time would cost more than answering them, and scripts
that are asked in one go.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


def rows(sql: str, values: Sequence[object] | Mapping[str, object]) -> list[tuple[Any, ...]]:
    """The query's rows. PostgreSQL keeps its plan with the connection (`prepare_threshold` of the settings).

    Raises django.db.DatabaseError.
    """
    with connection.wrap_database_errors, psycopg.Cursor(_connection(sql)) as cursor:
        return cursor.execute(sql.encode(), values, prepare=True).fetchall()


def answers(script: str, values: Mapping[str, object]) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement of a script, planned anew: the way to PostgreSQL and back is what costs.

    Each statement sees what others had committed when it began, as if it had been sent by itself. Raises
    django.db.DatabaseError.
    """
    with connection.wrap_database_errors, psycopg.ClientCursor(_connection(script)) as cursor:
        cursor.execute(script.encode(), values)
        rows = [cursor.fetchall()]
        while cursor.nextset():
            rows.append(cursor.fetchall())
    return rows


def _connection(sql: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Django's, without its cursors, which take as long as the way to PostgreSQL and back."""
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": sql, "time": "not taken"})
    raw: psycopg.Connection[tuple[Any, ...]] = connection.connection
    return raw


class Columns(Generic[M]):
    """Columns of a model in such a query, and the instance that a row of them makes. What is left out is read when it
    is asked for, as with `QuerySet.defer`.
    """

    def __init__(self, model: type[M], *, without: Container[str] = ()) -> None:
        fields = [field for field in model._meta.concrete_fields if field.attname not in without]
        self._model = model
        self._names = [field.attname for field in fields]
        self._converted = [
            (place, field)
            for place, field in enumerate(fields)
            if hasattr(field, "from_db_value")  # PostgreSQL's own types come as they are
        ]

    def __len__(self) -> int:
        return len(self._names)

    def of(self, table: str) -> str:
        """As they are selected."""
        return ", ".join(f"{table}.{name}" for name in self._names)

    def made_of(self, values: Sequence[Any]) -> M:
        read = list(values)
        for place, field in self._converted:
            read[place] = field.from_db_value(read[place], None, connection)
        return self._model.from_db(connection.alias, self._names, read)

    def made_of_any(self, values: Sequence[Any]) -> M | None:
        """None for the row that an outer join makes where there is none."""
        return None if values[0] is None else self.made_of(values)
