"""One stack for all tests that break things; each begins with every part at work and nothing to do.

The long set (`make chaos`) runs only where its marker is asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.chaos.neighbours import Neighbours
from tests.chaos.stack import ROOT, Stack

LONG = "chaos_long"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _wants_long(config):
        return
    long = [item for item in items if item.get_closest_marker(LONG)]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def _wants_long(config: pytest.Config) -> bool:
    return LONG in (config.getoption("markexpr") or "")


@pytest.fixture(scope="session")
def running_neighbours() -> Iterator[Neighbours]:
    with Neighbours() as neighbours:
        yield neighbours


@pytest.fixture(scope="session")
def running_stack(running_neighbours: Neighbours) -> Iterator[Stack]:
    home = ROOT / ".local" / "test" / f"chaos-{os.getpid()}"
    stack = Stack(home, running_neighbours.settings)
    try:
        stack.up()
        stack.run("endpoint", [sys.executable, "-m", "tests.chaos.endpoint", running_neighbours.url])
        assert stack.query("SELECT 1 FROM diagnostics_webhookendpoint"), stack.words_of("endpoint")
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(running_stack: Stack) -> Stack:
    running_stack.settle()
    return running_stack


@pytest.fixture
def neighbours(running_neighbours: Neighbours) -> Neighbours:
    running_neighbours.forget()
    return running_neighbours
