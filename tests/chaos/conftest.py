"""One stack for all tests that break things; each begins with every part at work and nothing to do."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.chaos.stack import ROOT, Stack


@pytest.fixture(scope="session")
def running_stack() -> Iterator[Stack]:
    stack = Stack(ROOT / ".local" / "test" / f"chaos-{os.getpid()}")
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(running_stack: Stack) -> Stack:
    running_stack.settle()
    return running_stack
