"""`manage.py accuracy` with servers of its own, on a varied dozen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal import embedded
from tests.e2e.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LIMIT = 200
"""Seconds."""
DOZEN = (
    "bounced-full",
    "code-mail-deferred",
    "device-never-asked",
    "fine-on-file",
    "fine-while-we-sleep",
    "junk-by-headers",
    "not-administrator",
    "only-the-second-arrives",
    "open-directory-down",
    "our-dkim",
    "put-off-once",
    "suppressed-after-bounce",
)


@pytest.fixture
def home() -> Path:
    return ROOT / ".local" / "test" / f"accuracy-{os.getpid()}"


def accuracy(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("ALIVE_FILE", "DATABASE_URL", "REDIS_URL")
    }
    wanted = {"DJANGO_SETTINGS_MODULE": "portal.settings", "EMBEDDED_HOME": str(home), "LAB": "1"}
    try:
        return subprocess.run(
            [sys.executable, "manage.py", "accuracy", *arguments],
            cwd=ROOT,
            env=environment | wanted,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    finally:
        embedded.Servers(home, durable=False).delete()


def test_a_dozen_of_all_kinds_is_named_rightly(home: Path) -> None:
    ended = accuracy(home, "--plain", *DOZEN)
    rows = re.findall(r"^(ok|WRONG) +(\S+) ", ended.stdout, re.MULTILINE)
    assert sorted(rows) == [("ok", slug) for slug in DOZEN], ended.stdout + ended.stderr
    assert "12 scenarios, 2 of them healthy" in ended.stdout
    last = ended.stdout.splitlines()[-1]
    assert last == "accuracy: top=100.0% top3=100.0% false_accusations=0 unknown_called_fine=0"
    assert ended.returncode == 0


def test_what_is_no_scenario_is_said(home: Path) -> None:
    ended = accuracy(home, "no-such-thing")
    assert ended.returncode == 1
    assert "no scenario no-such-thing" in ended.stderr
