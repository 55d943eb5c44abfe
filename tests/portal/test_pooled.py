"""A pool hands out connections that stand, without asking the server about each."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from psycopg_pool import ConnectionPool

from portal import pooled
from portal.database.pulse import pulse
from portal.pooled import PooledConnection
from tests.customer import eventually


@pytest.fixture
def pool(embedded_servers: object) -> Iterator[ConnectionPool[PooledConnection]]:
    with ConnectionPool(
        settings.DATABASE_URL,
        connection_class=PooledConnection,
        kwargs={"autocommit": True},
        min_size=0,
        max_size=1,
        timeout=10,
        check=ConnectionPool.check_connection,
        open=True,
    ) as pool:
        yield pool


def asked(connection: PooledConnection) -> str:
    """What the server was last asked over it, as another connection sees it."""
    with psycopg.connect(settings.DATABASE_URL) as other:
        (query,) = other.execute(
            "SELECT query FROM pg_stat_activity WHERE pid = %s", [connection.info.backend_pid]
        ).fetchone() or ("",)
    return str(query)


def end(pid: int) -> None:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_one_that_is_quiet_is_handed_out_without_a_question(pool: ConnectionPool[PooledConnection]) -> None:
    with pool.connection() as first:
        first.execute("SELECT 'the last thing asked'")
    with pool.connection() as again:
        assert again is first
        assert asked(again) == "SELECT 'the last thing asked'"


def test_one_that_the_server_has_ended_is_not_handed_out(pool: ConnectionPool[PooledConnection]) -> None:
    with pool.connection() as first:
        pid = first.info.backend_pid
    end(pid)
    eventually(first.something_to_read, 10, "the server's last word")
    with pool.connection() as other:
        assert other.info.backend_pid != pid
        assert other.execute("SELECT 1").fetchone() == (1,)


def test_a_notice_is_no_reason_to_drop_one(pool: ConnectionPool[PooledConnection]) -> None:
    with pool.connection() as first:
        first.execute("LISTEN told")
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as other:
        other.execute("NOTIFY told")
    eventually(first.something_to_read, 10, "the notice")
    with pool.connection() as again:
        assert again is first
        assert again.execute("SELECT 1").fetchone() == (1,)


def test_the_portals_own_connections_are_of_this_kind() -> None:
    assert settings.DATABASES["default"]["OPTIONS"]["pool"]["connection_class"] is PooledConnection
    assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"]


def test_a_long_statement_of_a_server_that_answers_others_is_waited_for(
    pool: ConnectionPool[PooledConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooled, "COMMON_SECONDS", 0.05)
    monkeypatch.setattr(pooled, "DOUBT_SECONDS", 0.1)
    answers: list[bool] = []
    felt = pulse.felt

    def noted() -> bool:
        answers.append(felt())
        return answers[-1]

    monkeypatch.setattr(pulse, "felt", noted)
    with pool.connection() as connection:
        assert connection.execute("SELECT pg_sleep(0.5), 7").fetchone() == ("", 7)
        assert connection.execute("SELECT 8").fetchone() == (8,)
    assert answers
    assert all(answers)


def test_a_lost_connection_is_noticed_while_its_server_is_doubted(
    pool: ConnectionPool[PooledConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooled, "COMMON_SECONDS", 0.05)
    with pool.connection() as connection:
        ending = threading.Timer(0.3, end, (connection.info.backend_pid,))
        ending.start()
        with pytest.raises(psycopg.OperationalError, match="terminat"):
            connection.execute("SELECT pg_sleep(30)")
        ending.join()
