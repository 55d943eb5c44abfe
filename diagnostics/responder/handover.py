"""What was seen goes to the portal, in batches, later: nobody who asks waits for it.

While the portal is away sightings are kept, up to a number; the portal takes the same one twice without harm.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections import OrderedDict
from itertools import islice

import httpx

from diagnostics.echo import SEAL_HEADER, Echo, pack, seal
from diagnostics.responder.config import Config

logger = logging.getLogger(__name__)
PATH = "/hooks/responder/"
HOPELESS = frozenset({400, 413})
"""The portal has read the body and will never take it."""
Key = tuple[str, int, str, str]


class Handover:
    """`run` hands over until cancelled; then `farewell` hands over the rest."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._limits = config.handover
        self._waiting: OrderedDict[Key, Echo] = OrderedDict()
        self._filled = asyncio.Event()
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(), trust_env=False, timeout=self._limits.answer_seconds
        )
        self._away = False
        self.taken = 0
        self.dropped = 0

    def tell(self, echo: Echo) -> None:
        """Queue a sighting. The same test at the same port again says nothing new."""
        key = (echo.nonce, echo.port, echo.way.value, echo.source)
        self._waiting.setdefault(key, echo)
        if len(self._waiting) > self._limits.waiting:
            self._waiting.popitem(last=False)
            self.dropped += 1
        if len(self._waiting) >= self._limits.batch:
            self._filled.set()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def run(self) -> None:
        """A batch each second, or as soon as one is full; after a failure less and less often."""
        pause = self._limits.every
        while True:
            await (asyncio.sleep(pause) if self._away else self._until_filled(pause))
            handed_over = await self._hand_over()
            pause = self._limits.every if handed_over else min(pause * 2, self._limits.longest_pause)

    async def farewell(self) -> None:
        """Hand over what is left, for a few seconds and without pauses."""
        try:
            async with asyncio.timeout(self._limits.farewell_seconds):
                while self._waiting and await self._hand_over():
                    pass
        except TimeoutError:
            pass
        if self._waiting:
            logger.warning("%d sightings were never handed over", len(self._waiting))
        await self._client.aclose()

    async def _until_filled(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        except TimeoutError:
            pass

    async def _hand_over(self) -> bool:
        """One batch. It waits on until the portal has taken it; what overflows meanwhile is the oldest."""
        self._filled.clear()
        batch = dict(islice(self._waiting.items(), self._limits.batch))
        if not batch:
            return True
        try:
            status = await self._post(pack(batch.values()))
        except _Away as problem:
            if not self._away:
                logger.warning("the portal does not take sightings: %s", problem)
            self._away = True
            return False
        if self._away:
            logger.warning("the portal takes sightings again")
            self._away = False
        for key in batch:
            self._waiting.pop(key, None)
        if status in HOPELESS:
            logger.error("the portal refused a batch of sightings for good (HTTP status %d)", status)
            self.dropped += len(batch)
        else:
            self.taken += len(batch)
        if len(self._waiting) >= self._limits.batch:
            self._filled.set()
        return True

    async def _post(self, body: bytes) -> int:
        """The status that the portal answers once it has dealt with the body. Raises _Away."""
        headers = {SEAL_HEADER: seal(body, self._config.key, time.time()), "Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._limits.answer_seconds),
                self._client.stream("POST", self._config.portal + PATH, content=body, headers=headers) as response,
            ):
                status = response.status_code
        except TimeoutError as problem:
            raise _Away("no answer in time") from problem
        except httpx.HTTPError as problem:
            raise _Away(type(problem).__name__) from problem
        if status != httpx.codes.OK and status not in HOPELESS:
            raise _Away(f"HTTP status {status}")
        return status


class _Away(Exception):
    """The portal has not taken it this time, and why."""
