"""Real servers, really killed."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import psycopg
import pytest
import redis

from portal.embedded import EmbeddedError, Servers

pytestmark = pytest.mark.slow


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    servers = Servers(tmp_path / "home", durable=False)
    yield servers
    servers.delete()


def test_both_servers_answer_at_addresses_known_before_they_start(servers: Servers) -> None:
    database_url, redis_url = servers.database_url, servers.redis_url
    servers.start()
    with psycopg.connect(database_url) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.info.dbname == "portal"
    assert redis.Redis.from_url(redis_url).ping()


def test_starting_again_takes_over_what_runs(servers: Servers) -> None:
    servers.start()
    before = _pids(servers)
    servers.start()
    assert _pids(servers) == before


def test_data_outlive_a_kill(servers: Servers) -> None:
    servers.start()
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in _pids(servers):
        os.kill(pid, signal.SIGKILL)
    servers.start()
    with psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert redis.Redis.from_url(servers.redis_url).ping()


def test_what_is_left_of_a_killed_server_is_waited_for(servers: Servers) -> None:
    servers.start()
    server = int((servers.home / "postgres" / "postmaster.pid").read_text().split()[0])
    child = int(Path(f"/proc/{server}/task/{server}/children").read_text().split()[0])
    os.kill(child, signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(servers.start)
        try:
            wait([starting], timeout=1)  # whoever does not wait for the child has failed by then
        finally:
            os.kill(child, signal.SIGCONT)
        starting.result()


def test_a_pid_file_that_names_another_program_harms_nobody(servers: Servers) -> None:
    servers.start()
    servers.stop()
    for pid_file in _pid_files(servers):
        pid_file.write_text(f"{os.getpid()}\n")
    servers.stop()  # would end this very test
    servers.start()
    assert os.getpid() not in _pids(servers)


def test_stop_leaves_no_process(servers: Servers) -> None:
    servers.start()
    pids = _pids(servers)
    servers.stop()
    servers.stop()
    assert [pid for pid in pids if _runs(pid)] == []


def test_a_path_too_long_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    servers = Servers(tmp_path / ("long" * 20) / ("longer" * 10), durable=False)
    try:
        servers.start()
        assert len(os.fsencode(servers.sockets)) < 60
        assert servers.sockets.stat().st_mode & 0o077 == 0
        psycopg.connect(servers.database_url).close()
        assert redis.Redis.from_url(servers.redis_url).ping()
    finally:
        servers.delete()
    assert not servers.sockets.exists()


def test_two_checkouts_do_not_meet(tmp_path: Path) -> None:
    one, other = Servers(tmp_path / "one"), Servers(tmp_path / "other")
    deep = [Servers(tmp_path / ("x" * 100) / name) for name in ("one", "other")]
    assert len({servers.database_url for servers in (one, other, *deep)}) == 4


def test_what_went_wrong_is_said(servers: Servers) -> None:
    servers.start()
    servers.stop()
    (servers.home / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(EmbeddedError, match='unrecognized configuration parameter "nonsense"'):
        servers.start()


def _pid_files(servers: Servers) -> list[Path]:
    return [servers.home / "postgres" / "postmaster.pid", servers.home / "valkey" / "valkey.pid"]


def _pids(servers: Servers) -> list[int]:
    return [int(file.read_text().split()[0]) for file in _pid_files(servers)]


def _runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
