"""What all tests share: real servers of their own, started when the first test asks for a database."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from hypothesis import settings as hypothesis

from diagnostics.services import shared_look
from portal import embedded

# On a busy machine an example may take long, and what lands must not depend on luck: HYPOTHESIS=explore draws anew.
hypothesis.register_profile("same", deadline=None, derandomize=True)
hypothesis.register_profile("explore", deadline=None)
hypothesis.register_profile("fuzz", deadline=None, max_examples=int(os.environ.get("FUZZ_EXAMPLES") or 20_000))

hypothesis.load_profile(os.environ.get("HYPOTHESIS", "same"))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _clean_up_after_killed_sessions()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright keeps an event loop in the main thread, in which nothing else could run one."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and (servers := _servers()).home.exists():
        servers.delete()


@pytest.fixture(autouse=True)
def every_look_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test has just changed is there at its next request. What is remembered for a moment has its own tests."""
    monkeypatch.setattr(shared_look, "HELD", 0.0)


@pytest.fixture(scope="session")
def embedded_servers() -> embedded.Servers:
    """PostgreSQL and Valkey, one pair for all of xdist's workers; only what the environment does not name."""
    servers = _servers()
    servers.start(postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY)
    return servers


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    embedded_servers: embedded.Servers, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Runs before Django creates the test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Tests that commit leave empty tables behind. The audit trail refuses to be emptied, so its owner, who made this
    test database, takes its triggers off for that one transaction.
    """
    operations = type(connection.ops)  # the class: beside a browser's event loop there is another connection
    flush = operations.execute_sql_flush

    def flush_audit_as_well(self: BaseDatabaseOperations, statements: Iterable[str]) -> None:
        table = "ALTER TABLE diagnostics_auditentry"
        flush(self, [f"{table} DISABLE TRIGGER USER", *statements, f"{table} ENABLE TRIGGER USER"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", flush_audit_as_well)
        yield


@pytest.fixture(autouse=True)
def _forget_what_processes_remember() -> None:
    """No test sees what waited in another one's database, or counts what was refused there."""
    from diagnostics.services import queue_cap, refusals  # models cannot be imported before pytest-django is ready

    queue_cap.look_again()
    refusals.forget_noted()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A Chromium to drive; without one browser tests are skipped."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or _playwrights_own()
    if not found:
        pytest.skip("no Chromium; as root: apt install chromium, or: .venv/bin/playwright install chromium")
    return Path(found)


def _playwrights_own() -> str | None:
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return next((str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"))), None)


def _servers() -> embedded.Servers:
    return embedded.from_environment()


def _clean_up_after_killed_sessions() -> None:
    for home in _servers().home.parent.glob("[0-9]*"):
        if not Path(f"/proc/{home.name}").exists():
            embedded.Servers(home, durable=False).delete()
