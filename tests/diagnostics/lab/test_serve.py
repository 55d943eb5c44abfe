import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from diagnostics.lab import neighbourhood, scenarios
from diagnostics.lab.serve import Lab
from diagnostics.net.config import Endpoint, NetworkConfig

ROOT = Path(__file__).parents[3]


async def test_the_state_file_is_there_exactly_while_the_lab_runs(tmp_path: Path) -> None:
    state_file = tmp_path / "elsewhere" / "lab.json"
    async with Lab(tmp_path / "lab", state_file=state_file) as lab:
        assert json.loads(state_file.read_text()) == lab.state
        assert [path.name for path in state_file.parent.iterdir()] == ["lab.json"]
        assert lab.state["pid"] == os.getpid()
    assert not state_file.exists()


async def test_the_state_leads_to_every_host_of_every_scenario(tmp_path: Path) -> None:
    async with Lab(tmp_path) as lab:
        network = NetworkConfig(
            zones=dict.fromkeys(lab.state["zones"], (lab.state["nameserver"],)),
            dial_map=lab.state["dial_map"],
            ca_file=lab.state["ca_file"],
        )
        ssl.create_default_context(cafile=network.ca_file)
    wanted = {Endpoint(*host) for host in neighbourhood.HOSTS}
    wanted |= {Endpoint(*host) for scenario in scenarios() for host in scenario.hosts}
    assert set(network.dials) == wanted
    assert "test" in network.zones


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, asked: signal.Signals) -> None:
    state_file = tmp_path / "state.json"
    command = [sys.executable, "manage.py", "lab", "--serve", "--state", str(state_file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            state = json.loads(state_file.read_text())
            ip, _, port = state["nameserver"].rpartition(":")
            assert state["nameserver"] in line
            socket.create_connection((ip, int(port)), timeout=5).close()
            process.send_signal(asked)
            assert process.wait(timeout=10) == 0
        finally:
            with suppress(ProcessLookupError):
                process.kill()
    assert not state_file.exists()
