"""The whole portal, as `make run` starts it, and a real browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from diagnostics.lab.mailbox import kept
from portal import embedded
from portal.spare_ports import free_port
from tests.browsing import Complaints, watched

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / ".local" / "screenshots"
START_LIMIT = 90
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
PHONE, DESKTOP = 360, 1280
_sources = count(1)
_complaints = Complaints()


@dataclass
class Portal:
    """A running portal; `lines` is what it has printed."""

    url: str
    home: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def servers(self) -> embedded.Servers:
        return embedded.Servers(self.home, durable=False)

    @property
    def agent_password(self) -> str:
        return (self.home / "agent-password").read_text()

    def mails(self, address: str) -> list[str]:
        """The texts of the messages that lie in the lab's mailbox of that address."""
        return [message.message.get_content() for message in kept(self.home / "lab" / "mail", address)]

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.servers.database_url) as database:
            return database.execute(sql, values).fetchall()

    def read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("ready:"):
                self.ready.set()


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    home = ROOT / ".local" / "test" / f"e2e-{os.getpid()}"
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if name not in ("ALIVE_FILE", "DATABASE_URL", "REDIS_URL")
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment
        | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "EMBEDDED_HOME": str(home),
            "LAB": "1",
            "PORT": str(port),
            # Each browser of a test comes from a network of its own, so that limits do not add up over tests.
            "TRUSTED_PROXY_HOPS": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Portal(f"http://127.0.0.1:{port}", home, process)
    threading.Thread(target=running.read, daemon=True).start()
    try:
        assert running.ready.wait(START_LIMIT), "\n".join(running.lines)
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "\n".join(running.lines)
        running.servers.delete()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playing:
        yield playing


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: Path) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
    yield watched(running, _complaints)
    running.close()


@pytest.fixture(autouse=True)
def complaints() -> Iterator[Complaints]:
    """Whatever page a test looks at: what breaks its content security policy, or a script of it, fails the test."""
    _complaints.clear()
    yield _complaints
    assert _complaints == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, portal: Portal) -> Iterator[Visit]:
    """A new visitor's page, `width` pixels wide."""
    with ExitStack() as open_contexts:

        def begin(*, width: int = DESKTOP, javascript: bool = True) -> Page:
            context: BrowserContext = browser.new_context(
                base_url=portal.url,
                viewport={"width": width, "height": 800},
                java_script_enabled=javascript,
                extra_http_headers={"X-Forwarded-For": f"198.51.100.{next(_sources) % 250 + 1}"},
            )
            open_contexts.callback(context.close)
            return context.new_page()

        yield begin


Picture = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def picture() -> Picture:
    """Saves the whole page, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


Accessible = Callable[[Page], None]


@pytest.fixture(scope="session")
def accessible() -> Accessible:
    """No WCAG violation that axe can find, and nothing wider than the screen."""
    axe = Axe()

    def look(page: Page) -> None:
        found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    return look
