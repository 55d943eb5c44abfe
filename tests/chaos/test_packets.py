"""Packets are dropped without a word between parts of the portal and what they talk to; part of the long set."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnostics.domain import Verdict
from tests.chaos import network
from tests.chaos.cases import DONE, connected, gaps, groups, open_cases
from tests.chaos.stack import MANAGE, START_LIMIT, Stack
from tests.customer import eventually

pytestmark = [pytest.mark.chaos_long, pytest.mark.serial, pytest.mark.timeout(600)]

DATABASE, BROKER = 5432, 6379
WITHIN = 45.0
"""Seconds after which all is done again."""
NOTICED = 30.0
"""Seconds after which a connection that nothing comes through is given up."""


@dataclass
class Apart:
    """A worker, a dispatcher, and a lab of their own, in a network whose packets can be dropped."""

    stack: Stack
    network: network.Network
    lab: Path

    def begin_relay(self) -> None:
        """To database and broker."""
        sockets = self.stack.servers.sockets
        ways = (f"{DATABASE}={sockets / '.s.PGSQL.5432'}", f"{BROKER}={sockets / 'valkey.sock'}")
        self.stack.begin("relay", self.network.command(sys.executable, "-m", "tests.chaos.relay", *ways))

    def world(self) -> set[int]:
        """The ports of name servers, mail servers and all other hosts."""
        state = json.loads(self.lab.read_text())
        endpoints = (state["nameserver"], state["spare_nameserver"], *state["dial_map"].values())
        return {int(endpoint.rpartition(":")[2]) for endpoint in endpoints}


@pytest.fixture
def apart(stack: Stack) -> Iterator[Apart]:
    if why_not := network.why_not():
        pytest.skip(why_not)
    stack.forking = False
    home = stack.home / "apart"
    home.mkdir(exist_ok=True)
    settings = {
        "DATABASE_URL": f"postgresql://portal@127.0.0.1:{DATABASE}/portal",
        "REDIS_URL": f"redis://127.0.0.1:{BROKER}/0",
        "LAB_STATE": str(home / "state.json"),
    }
    with network.Network() as wires:
        there = Apart(stack, wires, home / "state.json")
        there.begin_relay()
        stack.begin("lab-apart", wires.command(*MANAGE, "lab", "--serve"), settings)
        eventually(there.lab.exists, START_LIMIT, lambda: stack.words_of("lab-apart"))
        for name in ("worker", "dispatcher"):
            stack.parts[name].kill()
        stack.begin("worker-apart", wires.command(*stack.worker_command("worker-apart")), settings)
        stack.begin("dispatcher-apart", wires.command(*MANAGE, "dispatcher"), settings)
        eventually(lambda: stack.takes_work("worker-apart"), START_LIMIT, lambda: stack.words_of("worker-apart"))
        eventually(stack.lock_holder, START_LIMIT, lambda: stack.words_of("dispatcher-apart"))
        yield there
        for name in ("worker-apart", "dispatcher-apart", "lab-apart", "relay"):
            stack.parts[name].kill()


@pytest.mark.parametrize("known", [False, True], ids=["never seen before", "its names still known"])
@pytest.mark.parametrize("way", [network.Network.drop, network.Network.refuse], ids=["in silence", "by refusals"])
def test_a_world_that_cannot_be_reached_is_not_accused(
    apart: Apart, way: Callable[[network.Network, Collection[int]], None], known: bool
) -> None:
    stack = apart.stack
    if known:  # kept for 30 s, and all hosts, asked in vain, look as if they were down
        open_cases(stack, 1)
        eventually(lambda: len(stack.query(DONE)) == 1, WITHIN, lambda: groups(stack))
    way(apart.network, apart.world())
    open_cases(stack, 2)
    eventually(lambda: len(stack.query(DONE)) == known + 2, WITHIN, lambda: groups(stack))
    judged = stack.query("SELECT verdict, cause FROM diagnostics_run ORDER BY id")
    assert judged == [(Verdict.NOTHING_FOUND, "")] * known + [(Verdict.INCONCLUSIVE, "")] * 2, (
        gaps(stack),
        connected(stack),
    )
    apart.network.pass_all()
    # Name servers that said nothing are asked last for a while, not left out.
    open_cases(stack, 1)
    eventually(lambda: len(stack.query(DONE)) == known + 3, WITHIN, lambda: groups(stack))
    assert stack.query("SELECT verdict FROM diagnostics_run ORDER BY id")[-1] == (Verdict.NOTHING_FOUND,), gaps(stack)


def test_parts_that_cannot_reach_database_and_broker_are_replaced_and_come_back(apart: Apart) -> None:
    stack = apart.stack
    open_cases(stack, 1)
    eventually(lambda: len(stack.query(DONE)) == 1, WITHIN, lambda: groups(stack))
    stack.start_worker()
    stack.begin_dispatcher("standby")
    apart.network.drop((DATABASE, BROKER))
    began = time.monotonic()
    # What forgets its connections meanwhile, as firewalls do, will never answer on them.
    stack.parts["relay"].kill()
    open_cases(stack, 3, "slow-server.test")
    eventually(lambda: len(stack.query(DONE)) == 4, 2 * WITHIN, lambda: groups(stack))
    others = time.monotonic() - began
    eventually(lambda: time.monotonic() - began > NOTICED, NOTICED, "the time in which a dead connection is noticed")
    apart.begin_relay()
    apart.network.pass_all()
    for name in ("worker", "standby"):
        stack.parts[name].kill()
    began = time.monotonic()
    open_cases(stack, 3)
    eventually(lambda: len(stack.query(DONE)) == 7, 2 * WITHIN, lambda: groups(stack))
    back = time.monotonic() - began
    assert {verdict for (verdict,) in stack.query(DONE)} == {Verdict.NOTHING_FOUND}
    print(f"chaos: done by others after {others:.1f} s, by those who were cut off {back:.1f} s after they were not")
    assert max(others, back) < WITHIN
