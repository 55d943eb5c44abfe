"""Many customers at once, who try again where the portal does not answer, as people do, and note how long it took."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from tests.chaos.neighbours import ARTICLE
from tests.customer import Answer, Customer

PATIENCE = 120.0
"""Seconds after which a customer gives up, and the test with them."""
PAUSE = 0.3
TRY_AGAIN = (429, 502, 503, 504)
"""A limit, or a portal that knows that it cannot answer now. Any other 5xx is a fault of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the customer saw it, redirects included; status 0: the connection was refused or cut."""

    at: float
    path: str
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Share:
    """So many of a hundred customers come with an address of this domain, about this article, maybe from a ticket."""

    of_hundred: int
    domain: str
    article: str = "timeclock"
    with_ticket: bool = False


HEALTHY = (Share(45, "fine.test"), Share(50, "slow-server.test"), Share(5, "fine.test", ARTICLE, with_ticket=True))
ALL_SORTS = (
    Share(66, "fine.test"),
    Share(16, "slow-server.test"),
    Share(4, "put-off-once.test"),
    Share(1, "tarpit.test"),
    Share(1, "resolver-silent.test"),
    Share(12, "fine.test", ARTICLE, with_ticket=True),
)


class Gone(Exception):
    """The customer gave up: the portal did not answer for longer than anybody waits."""


@dataclass
class Visitor(Customer):
    """A customer who sends the same request again where no answer came: nothing may come of that twice."""

    asked: list[Asked] = field(default_factory=list)

    def report_from_ticket(self, article: str, address: str, ticket: str) -> None:
        form = self.get(f"/start?flow={article}&hd=generic&t={ticket}").form(f"/{article}/")
        assert form["ticket"] == ticket, form
        answer = self.post(f"/{article}/", form | {"company_id": "ACME-1", "address": address})
        assert "/cases/" in answer.url, answer.text
        self.case = "/" + answer.url.split("/", 3)[3]

    def _ask(self, path: str, body: bytes | None = None) -> Answer:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            began = time.monotonic()
            try:
                answer = super()._ask(path, body)
            except (OSError, http.client.HTTPException):
                answer = Answer(0, path, "")
            self.asked.append(Asked(began, path, answer.status, time.monotonic() - began))
            if answer.status not in (0, *TRY_AGAIN):
                return answer
            time.sleep(PAUSE)
        raise Gone(path)


@dataclass
class Crowd:
    """`total` visitors who come one after the other in a few threads, as long as there is `room` for more."""

    site: str
    total: int
    shares: Sequence[Share]
    seed: int
    room: Callable[[], bool] = lambda: True
    threads: int = 6
    asked: list[Asked] = field(default_factory=list)
    come: list[Visitor] = field(default_factory=list)
    """Those whose case was opened and whose message was asked for, as they were told."""
    problems: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Crowd:
        self._numbers = count()
        self._stop = threading.Event()
        self._random = random.Random(self.seed)
        self._choosing = threading.Lock()
        self._at_it = [threading.Thread(target=self._come, daemon=True) for _ in range(self.threads)]
        for thread in self._at_it:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._at_it:
            thread.join(PATIENCE)

    @property
    def done(self) -> bool:
        if self.problems:
            raise self.problems[0]
        return not any(thread.is_alive() for thread in self._at_it)

    def _come(self) -> None:
        try:
            while not self._stop.is_set():
                if not self.room():
                    self._stop.wait(0.05)
                    continue
                number = next(self._numbers)
                if number >= self.total:
                    return
                self._one(number)
        except BaseException as problem:
            self.problems.append(problem)
            raise

    def _one(self, number: int) -> None:
        with self._choosing:
            (share,) = self._random.choices(self.shares, [share.of_hundred for share in self.shares])
        visitor = Visitor(self.site, asked=self.asked)
        address = f"user-{self.seed}-{number}@{share.domain}"
        if share.with_ticket:
            visitor.report_from_ticket(share.article, address, f"T-{self.seed}-{number}")
        else:
            visitor.report(share.article, address)
        visitor.ask_for_message(share.article)
        self.come.append(visitor)
