"""The long set (`make chaos`): thousands of customers while parts are killed, frozen and emptied at random moments.

Environment: CHAOS_RUNS, CHAOS_KILLS, CHAOS_ROUNDS (of each measured recovery), CHAOS_SEED.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

import psycopg
import pytest

from diagnostics.lab.mailbox import FOLDER_HEADER
from tests.bench.figures import Figure
from tests.chaos.crowd import ALL_SORTS, HEALTHY, Asked, Crowd
from tests.chaos.neighbours import Neighbours
from tests.chaos.stack import SLOW, Stack
from tests.chaos.storm import DISPATCHERS, WORKERS, Storm, forget_limits
from tests.customer import eventually

pytestmark = [pytest.mark.chaos_long, pytest.mark.serial, pytest.mark.timeout(4 * 3600)]

RUNS = int(os.environ.get("CHAOS_RUNS", "10000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "200"))
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "3"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)

MOST_WAITING = 100
"""Unfinished runs at which no further customer comes: what is measured is recovery, not a queue that grows."""
AT_WORK = 6
"""So many runs must be under way when something is killed."""
OPEN_RUNS = "SELECT id FROM diagnostics_run WHERE finished_at IS NULL"
UNDELIVERED = "SELECT 1 FROM diagnostics_webhookdelivery WHERE state NOT IN ('delivered', 'given_up')"
TRIES = "SELECT id, run_id, attempt FROM diagnostics_group"
UNLUCKY = """
    SELECT DISTINCT ON (m.id) split_part(m.address, '@', 2), m.state, m.sent_at, m.finished_at,
           left(o.data -> 'transmission' ->> 'detail', 100)
    FROM diagnostics_testmessage m
    LEFT JOIN diagnostics_observationrecord o ON o.message_id = m.id AND o.kind = 'TestMessageReport'
    WHERE m.state <> 'accepted' AND split_part(m.address, '@', 2) IN ('fine.test', 'slow-server.test')
    ORDER BY m.id, o.at DESC
"""
AGAIN = """
    SELECT g.id, g.name, split_part(c.address, '@', 2), g.attempt, r.created_at, g.finished_at
    FROM diagnostics_group g JOIN diagnostics_run r ON r.id = g.run_id JOIN diagnostics_case c ON c.id = r.case_id
    WHERE g.attempt <> 1 ORDER BY g.id
"""
SETTLED = """
    SELECT (SELECT count(*) FROM diagnostics_run WHERE finished_at IS NULL)
         + (SELECT count(*) FROM diagnostics_group WHERE state IN ('queued', 'running'))
         + (SELECT count(*) FROM diagnostics_testmessage
             WHERE state IN ('queued', 'sending') OR next_try_at IS NOT NULL)
         + (SELECT count(*) FROM diagnostics_caseevent WHERE position IS NULL)
"""


@pytest.fixture
def figures() -> Iterator[list[Figure]]:
    told: list[Figure] = []
    yield told
    say(f"seed {SEED}; {os.getloadavg()[1]:.0f} processes wanted a processor, of {os.cpu_count()}, in the last minutes")
    for figure in told:
        say(f"chaos: {figure}")


@pytest.fixture
def big_stack(running_stack: Stack, neighbours: Neighbours) -> Stack:
    running_stack.forking = True
    running_stack.settle()
    running_stack.start(WORKERS, DISPATCHERS)
    neighbours.desk.tickets = AnyTicket()
    return running_stack


class AnyTicket(set[str]):
    """A helpdesk in which every ticket exists."""

    def __contains__(self, ticket: object) -> bool:
        return True


def test_it_recovers_in_time(big_stack: Stack, figures: list[Figure]) -> None:
    stack = big_stack
    stack.forking = False  # what is killed takes as long to come back as in production

    def workers_killed() -> None:
        for name in WORKERS:
            stack.parts[name].kill()

    def broker_restarted() -> None:
        stack.kill_broker()
        stack.start_broker()

    faults: tuple[tuple[str, Callable[[], None], float], ...] = (
        ("after kill -9 of all workers", workers_killed, 45),
        ("after a restart of the broker, which forgot everything", broker_restarted, 15),
        ("after a crash of PostgreSQL", stack.restart_database, 30),
    )
    asked: list[Asked] = []
    for what, fault, bar in faults:
        took = [recovery(stack, fault, SEED + number, asked) for number in range(ROUNDS)]
        figures.append(Figure(f"recovery {what}, the longest of {ROUNDS}", max(took), "s", at_most=bar))
    stack.kill_broker()
    with Crowd(f"http://127.0.0.1:{stack.port}", 20, HEALTHY, SEED + ROUNDS) as crowd:
        eventually(lambda: crowd.done, 120)
    stack.start_broker()
    taken = sum(one.status == 200 for one in crowd.asked) / len(crowd.asked) * 100
    figures.append(Figure("requests answered while the broker is away", taken, "%", at_least=100))
    figures.append(slowest([*asked, *crowd.asked]))
    wait_until_settled(stack)
    assert all(figure.reached for figure in figures), missed(figures)


def recovery(stack: Stack, fault: Callable[[], None], seed: int, asked: list[Asked]) -> float:
    """Seconds from the end of a fault until every run is over that was begun before it, or while it lasted."""
    storm = Storm(stack, seed)
    with Crowd(f"http://127.0.0.1:{stack.port}", 10**6, HEALTHY, seed, room_in(stack, 3 * AT_WORK), asked=asked):
        tended(storm, lambda: len(stack.query(OPEN_RUNS)) >= AT_WORK, 120)
        fault()
        ended = time.monotonic()
        held_up = {pk for (pk,) in stack.query(OPEN_RUNS)}
        tended(storm, lambda: not held_up & {pk for (pk,) in stack.query(OPEN_RUNS)}, 240)
        took = time.monotonic() - ended
    say(f"{len(held_up)} runs, over after {took:.1f} s")
    return took


def test_nothing_is_lost_and_nothing_sent_twice(
    big_stack: Stack, neighbours: Neighbours, figures: list[Figure]
) -> None:
    stack, storm = big_stack, Storm(big_stack, SEED)
    draw = random.Random(SEED)
    moments = sorted(draw.uniform(0.01, 0.99) * RUNS for _ in range(KILLS))
    began = time.monotonic()
    with Crowd(f"http://127.0.0.1:{stack.port}", RUNS, ALL_SORTS, SEED, room_in(stack, MOST_WAITING)) as crowd:
        while not crowd.done:
            storm.tend()
            if moments and len(crowd.come) >= moments[0]:
                moments.pop(0)
                time.sleep(draw.uniform(0, 0.5))
                name = storm.strike()
                say(f"{time.monotonic() - began:7.1f} s, {len(crowd.come):5} of {RUNS}: {name.replace('_', ' ')}")
            time.sleep(0.05)
    storm.calm()
    for one in crowd.asked:
        if one.seconds > SLOW:
            say(f"{one.at - began:7.1f} s: {one.path} took {one.seconds:.1f} s, status {one.status}")
    took = time.monotonic() - began
    wait_until_settled(stack, storm)
    for fault, times in sorted(storm.faults.items()):
        say(f"{fault.replace('_', ' ')}: {times}")

    for line in (*unlucky_messages(stack, began), *second_tries(stack, storm, began)):
        say(line)
    runs = stack.query("SELECT count(*), count(finished_at), count(*) FILTER (WHERE verdict = '') FROM diagnostics_run")
    ((begun, finished, without_verdict),) = [tuple(map(int, map(str, row))) for row in runs]
    mails = mails_by_message_id(stack)
    intents = {str(one): state for one, state in stack.query("SELECT message_id, state FROM diagnostics_testmessage")}
    twice = [one for one, times in mails.items() if times > 1]
    missing = [one for one, state in intents.items() if state == "accepted" and not mails[one]]
    again = {pk: run for pk, run, attempt in stack.query(TRIES) if attempt != 1}
    doubled = stack.query(
        "SELECT 1 FROM diagnostics_observationrecord WHERE group_id > 0 GROUP BY group_id, kind HAVING count(*) > 1"
    )
    needless = {run for pk, run in again.items() if pk not in storm.interrupted}
    figures += [
        Figure("customers served", len(crowd.come), at_least=RUNS),
        Figure("faults", storm.faults.total(), at_least=KILLS),
        Figure("minutes", took / 60),
        Figure("runs", begun, at_least=RUNS, at_most=RUNS),
        Figure("runs lost", begun - finished + without_verdict, at_most=0),
        Figure("intents to send", len(intents), at_least=RUNS, at_most=RUNS),
        Figure("mails sent twice", len(twice), at_most=0),
        Figure("mails said to be accepted that never came", len(missing), at_most=0),
        *(Figure(f"messages to {where}", times) for where, times in sorted(Counter(ends(stack)).items())),
        Figure("runs tried again because their worker was lost", len(set(again.values())) - len(needless)),
        Figure("runs checked twice without need, of 1,000", len(needless) / begun * 1000, at_most=9),
        Figure("answers kept twice", len(doubled), at_most=0),
        *told_to_others(stack, neighbours),
        Figure("requests answered with 500", sum(one.status == 500 for one in crowd.asked), at_most=0),
        *around_web_deaths(crowd.asked, storm.web_deaths),
    ]
    assert all(figure.reached for figure in figures), missed(figures)


def told_to_others(stack: Stack, neighbours: Neighbours) -> list[Figure]:
    """Webhooks at least once and in the order of each case, notes on tickets at most once."""
    eventually(
        lambda: not stack.query(UNDELIVERED),
        240,
        lambda: stack.query("SELECT state, count(*) FROM diagnostics_webhookdelivery GROUP BY state"),
    )
    wanted = stack.query("SELECT webhook_id, line_id FROM diagnostics_webhookdelivery ORDER BY id")
    first_seen: dict[str, int] = {}
    for number, message in enumerate(neighbours.receiver.taken):
        first_seen.setdefault(message.webhook_id, number)
    by_case: dict[object, list[int]] = {}
    for webhook_id, case in wanted:
        by_case.setdefault(case, []).append(first_seen.get(str(webhook_id), -1))
    out_of_order = sum(places != sorted(places) for places in by_case.values())
    notes = neighbours.notes_by_text()
    return [
        Figure("webhooks", len(wanted)),
        Figure("webhooks lost", sum(str(webhook_id) not in first_seen for webhook_id, _case in wanted), at_most=0),
        Figure("cases whose webhooks came out of order", out_of_order, at_most=0),
        Figure("webhooks that came again", len(neighbours.receiver.taken) - len(first_seen)),
        Figure("notes on tickets", notes.total()),
        Figure("notes on tickets twice", sum(times - 1 for times in notes.values()), at_most=0),
    ]


def unlucky_messages(stack: Stack, began: float) -> Iterator[str]:
    """Those to healthy servers that did not get there, each with its time and what it met."""
    for domain, state, sent, ended, met in stack.query(UNLUCKY):
        yield f"{when(sent, began)} to {when(ended, began)} s: a message to {domain} is {state}: {met}"


def second_tries(stack: Stack, storm: Storm, began: float) -> Iterator[str]:
    """Of groups that were not at work when a worker was killed, frozen or cut off."""
    for pk, name, domain, attempt, began_at, ended in stack.query(AGAIN):
        if pk not in storm.interrupted:
            what = f"group {pk}, {name} of {domain}, was tried {attempt} times without need"
            yield f"{when(began_at, began)} to {when(ended, began)} s: {what}"


def when(moment: object, began: float) -> str:
    """In seconds since the beginning, which is told by the monotonic clock."""
    if not isinstance(moment, datetime):
        return "?"
    return f"{moment.timestamp() - (time.time() - time.monotonic()) - began:.1f}"


def ends(stack: Stack) -> Iterator[str]:
    for domain, state in stack.query("SELECT split_part(address, '@', 2), state FROM diagnostics_testmessage"):
        yield f"{domain} {state}"


def mails_by_message_id(stack: Stack) -> Counter[str]:
    """What the lab's mailboxes hold of test messages. One message a file."""
    found: Counter[str] = Counter()
    for path in (stack.home / "lab" / "mail").glob("*/*.eml"):
        if path.parent.name.startswith("user-"):
            head = path.read_text(errors="replace").partition("\n\n")[0]
            assert head.startswith(FOLDER_HEADER), path
            found.update(line.split(":", 1)[1].strip() for line in head.splitlines() if line.startswith("Message-ID:"))
    return found


def around_web_deaths(asked: list[Asked], deaths: list[float]) -> list[Figure]:
    """The slowest request with what it waited for a web process to be there at all taken off, and with it.

    There is one web process, where production has several: from its death to the first answer of its successor nobody
    could answer. That successor takes connections before it can serve, so that requests wait instead of being refused;
    what they wait longer than that is the portal's own.
    """
    answered = sorted(one.at + one.seconds for one in asked if one.status)
    away = [(death, next((end for end in answered if end > death + 0.1), death)) for death in deaths]
    alone = _together(away)
    served = [one.seconds - sum(_common(one, down, up) for down, up in alone) for one in asked]
    return [
        Figure("the slowest request, while there was a web process", max(served), "s", at_most=SLOW),
        Figure("the slowest request, its wait for a web process included", max(one.seconds for one in asked), "s"),
        Figure("the longest start of a killed web process", max((up - down for down, up in away), default=0.0), "s"),
    ]


def _together(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that touch as one."""
    joined: list[tuple[float, float]] = []
    for down, up in sorted(spans):
        if joined and down <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(up, joined[-1][1]))
        else:
            joined.append((down, up))
    return joined


def _common(one: Asked, down: float, up: float) -> float:
    return max(0.0, min(up, one.at + one.seconds) - max(down, one.at))


def slowest(asked: list[Asked]) -> Figure:
    return Figure("the slowest request", max(one.seconds for one in asked), "s", at_most=SLOW)


def room_in(stack: Stack, most: int) -> Callable[[], bool]:
    """Whether fewer runs than that are unfinished; looked at twice a second, and no while the database is away."""
    seen = [0.0, False]

    def room() -> bool:
        if time.monotonic() - seen[0] > 0.5:
            seen[0] = time.monotonic()
            try:
                seen[1] = len(stack.query(OPEN_RUNS)) < most
            except psycopg.OperationalError:
                seen[1] = False
        return bool(seen[1])

    return room


def tended(storm: Storm, look: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, storm.stack.query(
            "SELECT name, state, attempt, count(*) FROM diagnostics_group GROUP BY 1, 2, 3"
        )
        storm.tend()
        time.sleep(0.05)


def wait_until_settled(stack: Stack, storm: Storm | None = None) -> None:
    """Nothing is under way any more, of nobody."""
    storm = storm or Storm(stack, SEED)
    tended(storm, lambda: stack.query(SETTLED) == [(0,)], 300)
    forget_limits(stack)


def missed(figures: list[Figure]) -> str:
    return "; ".join(str(figure) for figure in figures if not figure.reached) + f" (CHAOS_SEED={SEED})"


def say(line: str) -> None:
    print(line, file=sys.__stdout__, flush=True)
