"""What the tests of this folder ask of cases: opened by customers, worked on, finished with a verdict."""

from __future__ import annotations

from itertools import cycle

from diagnostics.domain import Verdict
from tests.chaos.stack import Stack
from tests.customer import Customer, eventually

DOMAIN = "fine.test"
SLOW_DOMAINS = ("slow-server.test", "slow-server-too.test", "another-slow-server.test")
"""Their mail servers take 2 s for their banners, so a `delivery` group can be caught at work."""
SLOW_DOMAIN = SLOW_DOMAINS[0]
RECOVERY = 20.0
"""Seconds after which all is done again once leases have run out: a sweep, a publication, the probes. Less than a
lease, whose end would hide that something was not noticed.
"""
CROWD = 5
DONE = "SELECT verdict FROM diagnostics_run WHERE finished_at IS NOT NULL"


def open_cases(stack: Stack, count: int = CROWD, *domains: str) -> list[Customer]:
    """At the one domain or at each in turn; at a healthy one where none is named."""
    customers = [stack.customer() for _ in range(count)]
    for customer, domain in zip(customers, cycle(domains or (DOMAIN,)), strict=False):
        customer.report("timeclock", address_of(customer, domain))
    return customers


def address_of(customer: Customer, domain: str) -> str:
    return f"user-{customer.network}@{domain}"


def slow_cases_at_work(stack: Stack, count: int = CROWD) -> list[Customer]:
    """Cases whose `delivery` group a worker has just begun."""
    customers = open_cases(stack, count, *SLOW_DOMAINS)
    eventually(lambda: at_work(stack) == count, RECOVERY, lambda: groups(stack))
    return customers


def groups(stack: Stack) -> list[tuple[object, ...]]:
    return stack.query("SELECT run_id, name, state, attempt FROM diagnostics_group ORDER BY id")


def at_work(stack: Stack) -> int:
    return len(stack.query("SELECT 1 FROM diagnostics_group WHERE state = 'running' AND name = 'delivery'"))


def finish(stack: Stack, runs: int = CROWD, *, seconds: float = RECOVERY) -> None:
    """Every run ends with its verdict, each probe's answer kept once."""
    eventually(lambda: len(stack.query(DONE)) == runs, seconds, lambda: groups(stack))
    # The vendor's records may answer after everything public has.
    eventually(lambda: {state for _run, _name, state, _attempt in groups(stack)} == {"done"}, seconds, "every group")
    assert stack.query(DONE) == [(Verdict.NOTHING_FOUND,)] * runs, gaps(stack)
    kept = "SELECT count(*), count(DISTINCT kind) FROM diagnostics_observationrecord WHERE group_id > 0 GROUP BY run_id"
    ((answers, different),) = set(stack.query(kept))
    assert answers == different


def gaps(stack: Stack) -> list[tuple[object, ...]]:
    """What could not be checked, and why."""
    return stack.query(
        "SELECT run_id, kind, gap, detail FROM diagnostics_observationrecord WHERE gap <> '' ORDER BY id"
    )


def connected(stack: Stack) -> list[tuple[object, ...]]:
    """What came of trying to reach the vendor's own hosts and the mail hosts."""
    return stack.query(
        "SELECT run_id, kind, data FROM diagnostics_observationrecord WHERE kind IN"
        " ('ServerPorts', 'Responders', 'Port25Control', 'MxConversations') AND data IS NOT NULL ORDER BY id"
    )


def attempts(stack: Stack) -> set[int]:
    return {int(str(attempt)) for _run, _name, _state, attempt in groups(stack)}


def message_state(stack: Stack) -> object:
    return stack.query("SELECT state FROM diagnostics_testmessage")[0][0]
