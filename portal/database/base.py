"""Django's backend for PostgreSQL, which gets over a restart of the server and asks none that answers nobody."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

from portal.database.pulse import SILENT, pulse

PATIENCE = 2.5
"""Seconds in which a server that restarts may come back, or another thread give back its connection. With the time that
`pulse` takes, and a last look at the pool, no page is waited for longer than 5 s.
"""


class DatabaseWrapper(base.DatabaseWrapper):
    """Where the server has fallen silent, all but the first to notice are told so at once: else each would hold one of
    the web's few threads for seconds, and everybody would wait behind them.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if pulse.stopped:
                raise psycopg.OperationalError(SILENT)
            try:
                return super().get_new_connection(conn_params)
            except PoolTimeout:
                continue  # a pool that gave up tries anew only when it is asked again
        if not pulse.felt():
            raise psycopg.OperationalError(SILENT)
        return super().get_new_connection(conn_params)
