"""Queries that are asked so often that planning them anew each time would cost more than answering them."""

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
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": sql, "time": "not taken"})
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(sql.encode(), values, prepare=True).fetchall()


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
