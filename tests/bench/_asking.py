"""Asks the console for lists and cases and prints how long each answer took, as JSON: milliseconds by kind."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import django

SEED = 5
SINGLE, PAIR, MORE, OTHER = 25, 6, 60, 40
"""Questions for each filter alone, for each pair of filters, for three or four together, and for each other kind."""
FIELDS = ("state", "verdict", "cause", "provider", "gateway", "article", "origin", "domain", "ticket", "company")
LIST = "/console/"
AGENT = "agent-of-the-bench"
KIND = "client backend"
SLOW = 150
Query = dict[str, str]


class Took(NamedTuple):
    """In milliseconds: by the clock, and of processor time. On a busy machine the one is many times the other."""

    clock: float
    worked: float


def main() -> None:
    django.setup()
    from django.conf import settings

    from tests.bench import _cases

    settings.REQUIRE_MFA = False
    # One processor answers: what others would do in parallel could not be counted, and they may be busy.
    settings.DATABASES["default"]["OPTIONS"]["options"] = "-c max_parallel_workers_per_gather=0"
    if _cases.filled_for() != _cases.key():
        _cases.fill()
    ask = _agent()
    for _ in range(3):
        ask(LIST, {})  # templates and patterns are read once
    took = defaultdict(list)
    for kinds, path, query in _questions(random.Random(SEED)):  # noqa: S311
        answered = ask(path, query)
        if answered.worked > SLOW:
            print(f"console: {answered}: {path} {query}", file=sys.stderr, flush=True)
        for kind in kinds:
            took[kind].append(answered)
    print(json.dumps(took))


def _agent():
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.agents import make_agent

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.filter(username=AGENT).first() or make_agent(AGENT, second_factor=False))

    def ask(path: str, query: Query) -> Took:
        started, worked = time.perf_counter(), _worked()
        response = client.get(path, query)
        took = Took(1000 * (time.perf_counter() - started), _worked() - worked)
        if response.status_code != 200:
            raise RuntimeError(f"{path} {query}: {response.status_code}")
        return took

    return ask


def _worked() -> float:
    """Milliseconds that this process and its servers in the database have had of a processor (proc(5), schedstat).

    Everything asked for lies in memory, so that is how long an answer takes where nobody else is at work.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = %s", [KIND]
        )
        servers = [pid for (pid,) in cursor.fetchall()]
    ran = sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in servers)
    return 1000 * time.process_time() + ran / 1e6


def _questions(chance: random.Random) -> Iterator[tuple[list[str], str, Query]]:
    from portal.console.listing import cursor_of

    drawn = Drawn(chance)
    names = [*FIELDS, "since", "until", "q"]
    for _ in range(OTHER):
        yield ["no filter"], LIST, {}
        yield ["no filter, any page"], LIST, {"after": cursor_of(drawn.case())}
        yield ["search by the beginning of an address or company"], LIST, {"q": drawn.prefix()}
        yield (
            ["a day or a month long ago and any filter"],
            LIST,
            drawn.long_ago() | drawn.value(chance.choice(names[:-3])),
        )
        yield ["any filter, any page"], LIST, drawn.value(chance.choice(names)) | {"after": cursor_of(drawn.case())}
        yield ["ticket look-up"], f"/console/tickets/zendesk/{drawn.ticket()}/", {"all": "1"}
        yield ["case page"], f"/console/cases/{drawn.recent().reference}/", {}
    for _ in range(5):
        yield ["case page of 40 runs"], f"/console/cases/{drawn.big().reference}/", {}
    for name in names:
        for _ in range(SINGLE):
            yield [f"{name} alone"], LIST, drawn.value(name)
    for one, other in combinations(names, 2):
        for _ in range(PAIR):
            yield [f"{one} with another", f"{other} with another"], LIST, drawn.values([one, other])
    for _ in range(MORE):
        yield ["three or four filters"], LIST, drawn.values(chance.sample(names, chance.choice((3, 4))))


class Drawn:
    """What agents might ask for: values as common as they are, rare ones, and some that no case has."""

    def __init__(self, chance: random.Random) -> None:
        from diagnostics.models import Case
        from tests.bench import _cases

        self.chance = chance
        self.cases = Case.objects
        self.count = _cases.CASES
        self.newest = Case.objects.newest_first()[0].created_at
        self.rare = {
            "state": ["checking"],
            "verdict": ["inconclusive"],
            "cause": [_cases.RETIRED_CAUSE, "none", "no.such-cause"],
            "provider": ["none", "no-such-provider"],
            "gateway": ["none", "no-such-gateway"],
            "article": [_cases.RARE_ARTICLE, _cases.RETIRED_ARTICLE, "no-such-article"],
            "origin": ["api", "no-such-origin"],
            "domain": ["nowhere.test"],
            "ticket": ["no-such-ticket"],
            "company": ["NOBODY-1"],
        }

    def case(self):
        return self.cases.get(pk=self.chance.randint(1, self.count))

    def recent(self):
        from tests.bench import _cases

        return self.cases.get(pk=self.count - self.chance.randint(1, _cases.DIAGNOSED - 1))

    def big(self):
        from tests.bench import _cases

        return self.cases.get(pk=_cases.BIG_CASE)

    def ticket(self) -> str:
        return str(100_000 + self.chance.randint(1, self.count))

    def values(self, names: list[str]) -> Query:
        """Half of them together in one case at least, the others any."""
        case = self.case() if self.chance.random() < 0.5 else None
        return {name: value for each in names for name, value in self.value(each, case).items()}

    def value(self, name: str, case=None) -> Query:
        if case is None and self.chance.random() < 0.3 and name in self.rare:
            return {name: self.chance.choice(self.rare[name])}
        case = case or self.case()
        if name == "q":
            return {
                "q": self.chance.choice((case.address, case.domain, self.prefix(case), case.ticket or case.reference))
            }
        if name in ("since", "until"):
            return {name: f"{case.created_at:%Y-%m-%d}"}
        said = case.company_id if name == "company" else getattr(case, name)
        return {name: said or {"ticket": "no-such-ticket", "verdict": "cause_found"}.get(name, "none")}

    def prefix(self, case=None) -> str:
        case = case or self.case()
        said = self.chance.choice((case.address, case.company_id))
        return said[: self.chance.randint(2, 10)]

    def long_ago(self) -> Query:
        first = self.newest - timedelta(days=self.chance.randint(60, 700))
        days = self.chance.choice((1, 30))
        return {"since": _day(first), "until": _day(first + timedelta(days=days - 1))}


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


if __name__ == "__main__":
    main()
