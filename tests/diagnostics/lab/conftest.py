from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour, PortBehaviour
from diagnostics.lab.scenario import Records, Scenario
from diagnostics.lab.serve import Lab
from tests.diagnostics.lab.staging import ADDRESS, HOST, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A lab with one scenario: the given zone, and the given behaviours of one address, by port."""

    @asynccontextmanager
    async def running(
        ports: Mapping[int, PortBehaviour] | None = None, zone: Mapping[str, Records | NameBehaviour] | None = None
    ) -> AsyncIterator[Lab]:
        act = Scenario(
            slug="example",
            title="An example",
            address="anna@example.test",
            verdict=Verdict.NOTHING_FOUND,
            zone=zone or {HOST: {"A": (ADDRESS,)}},
            hosts={(ADDRESS, port): behaviour for port, behaviour in (ports or {}).items()},
        )
        async with Lab(tmp_path, acts=[act]) as lab:
            yield lab

    return running
