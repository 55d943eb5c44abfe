"""The rig: networks with faults, the vendor's side, and everything that looks at it, begun once for all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rig.looks import Looks
from tests.rig.network import ROOT, Network, why_not
from tests.rig.site import Site

HOMES = ROOT / ".local" / "test"


@pytest.fixture(scope="session")
def looks(request: pytest.FixtureRequest) -> Iterator[Looks]:
    if reason := why_not():
        pytest.skip(reason)
    _clean_up_after_killed_sessions()
    home = HOMES / f"rig-{os.getpid()}"
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, home, ignore_errors=True)
        network = Network(home / "places")
        ends.callback(network.end)
        network.start()
        site = Site(home, network)
        ends.callback(site.end)
        site.start()
        begun = Looks(site, network, _chromium(request))
        begun.begin()
        yield begun


def _chromium(request: pytest.FixtureRequest) -> Path | None:
    """Without a browser, the script still looks."""
    try:
        found: Path = request.getfixturevalue("chromium")
    except pytest.skip.Exception:
        return None
    return found


def _clean_up_after_killed_sessions() -> None:
    """Places ended with them; a database lives on."""
    for home in HOMES.glob("rig-[0-9]*"):
        if not Path(f"/proc/{home.name.removeprefix('rig-')}").exists():
            Site.servers_in(home).delete()
            shutil.rmtree(home, ignore_errors=True)
