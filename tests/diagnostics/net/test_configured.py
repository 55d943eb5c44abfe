"""The network that the site's settings describe."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from diagnostics.domain import ConnectOutcome
from diagnostics.net.configured import configured_network, network_config

from .conftest import NameServer, listener, name_server

STATE = {
    "nameserver": "127.0.0.1:5301",
    "zones": ["test", "typo.example"],
    "dial_map": {"198.51.100.7:25": "127.0.0.1:2501"},
    "pid": 1,
}


@pytest.fixture(autouse=True)
def _plain_settings(settings) -> None:
    settings.LAB = False
    settings.PROBE_NAMESERVERS, settings.PROBE_DIAL_MAP, settings.PROBE_CLOSED_NETWORK = [], None, False
    settings.HELO_NAME = "probe.example.org"


@pytest.fixture
def state(settings, tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    settings.LAB, settings.LAB_STATE = True, path
    return path


def test_in_production_there_is_nothing_but_the_real_network() -> None:
    config = network_config()
    assert (config.nameservers, dict(config.zones), dict(config.dial_map), config.closed) == ((), {}, {}, False)
    assert config.helo_name == "probe.example.org"
    assert {25, 80, 443, 59777, 59778} <= config.allowed_ports


def test_a_closed_network_has_its_own_name_servers_and_dial_map(settings, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text('{"198.51.100.7:25": "127.0.0.1:2501"}')
    settings.PROBE_NAMESERVERS, settings.PROBE_DIAL_MAP, settings.PROBE_CLOSED_NETWORK = ["127.0.0.1:5353"], path, True
    config = network_config()
    assert (config.nameservers, config.closed) == (("127.0.0.1:5353",), True)
    assert dict(config.dial_map) == {"198.51.100.7:25": "127.0.0.1:2501"}


def test_the_lab_gets_its_zone_and_the_rest_stays_real(state: Path) -> None:
    _write(state, STATE)
    config = network_config()
    assert dict(config.zones) == {"test": ("127.0.0.1:5301",), "typo.example": ("127.0.0.1:5301",)}
    assert dict(config.dial_map) == STATE["dial_map"]
    assert (config.nameservers, config.closed) == ((), False)


def test_the_network_is_kept_until_the_lab_is_started_anew(state: Path) -> None:
    _write(state, STATE)
    first = configured_network()
    assert configured_network() is first
    _write(state, {**STATE, "nameserver": "127.0.0.1:5302"})
    os.utime(state, ns=(1, 1))
    assert configured_network() is not first
    assert configured_network().config.zones["test"] == ("127.0.0.1:5302",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing: start the lab first"),
        ("{", "cannot be read"),
        ("{}", "not a readable"),
        (json.dumps({**STATE, "nameserver": "localhost"}), "not an address and a port"),
        (json.dumps({**STATE, "dial_map": {"198.51.100.7:25": "8.8.8.8:25"}}), "loopback addresses only"),
    ],
    ids=["missing", "half written", "empty", "bad name server", "leads outside"],
)
def test_an_unusable_state_file_is_named(state: Path, content: str | None, said: str) -> None:
    if content is not None:
        state.write_text(content)
    with pytest.raises(ImproperlyConfigured, match=said):
        configured_network()


async def test_a_lab_address_is_really_reached(state: Path) -> None:
    async with name_server(NameServer({("mx.mail.test", "A"): ["198.51.100.7"]})) as lab, listener() as server:
        dial_map = {"198.51.100.7:443": server.endpoint}
        _write(state, {"nameserver": lab.endpoint, "zones": ["test"], "dial_map": dial_map, "pid": os.getpid()})
        async with asyncio.timeout(5):
            seen = await configured_network().connect("mx.mail.test", 443)
    assert (seen.outcome, seen.address) == (ConnectOutcome.OPEN, "198.51.100.7")


def _write(state: Path, content: dict[str, object]) -> None:
    state.write_text(json.dumps(content))
