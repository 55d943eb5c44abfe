"""DNS for one look: each question once, only so many in all and at a time, and an end to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from diagnostics.domain import DnsAnswer, DnsStatus, Network

MOST_QUESTIONS = 800
MOST_AT_ONCE = 20
SILENCE = 20
"""So many questions without an answer, one after the other: nobody is there, and the rest need not be asked."""
UNANSWERED = DnsAnswer(DnsStatus.UNANSWERED, confirmed_by=0)


@dataclass
class Questions:
    """For one event loop. What may not be asked any more comes back as unanswered."""

    net: Network
    seconds: float
    """From now on; a question that is under way then may take its own time limit longer."""
    _answers: dict[tuple[str, str], asyncio.Task[DnsAnswer]] = field(default_factory=dict)
    _unanswered: int = 0

    def __post_init__(self) -> None:
        self._until = asyncio.get_running_loop().time() + self.seconds
        self._at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def ask(self, name: str, rdtype: str) -> DnsAnswer:
        key = (name.lower().rstrip("."), rdtype)
        if key not in self._answers:
            if len(self._answers) >= MOST_QUESTIONS:
                return UNANSWERED
            self._answers[key] = asyncio.create_task(self._ask(*key))
        return await self._answers[key]

    async def _ask(self, name: str, rdtype: str) -> DnsAnswer:
        async with self._at_once:
            late = asyncio.get_running_loop().time() >= self._until
            if late or self._unanswered >= SILENCE:
                return UNANSWERED
            answer = await self.net.resolve(name, rdtype)
        self._unanswered = self._unanswered + 1 if answer.status is DnsStatus.UNANSWERED else 0
        return answer


def nothing_there(answer: DnsAnswer) -> bool:
    """There certainly is no such record."""
    return answer.status in (DnsStatus.NO_SUCH_NAME, DnsStatus.NO_DATA)
