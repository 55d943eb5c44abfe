"""Sees that a test has reached us: counts it, signs an echo of it, and has the portal told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from diagnostics.echo import Echo, Way
from diagnostics.responder.config import Limits
from diagnostics.responder.limits import Rate, network_of


class Witness:
    """What all connections share: the limits on requests, the way to the portal, and what is counted for the log."""

    def __init__(self, limits: Limits, tell: Callable[[Echo], None]) -> None:
        self._tests = Rate(limits.requests_per_test, limits.remembered)
        self._sources = Rate(limits.requests_per_source, limits.remembered)
        self._tell = tell
        self.counts: Counter[str] = Counter()
        """Since the start: connections, what was answered (by way), refused and closed."""

    def admits(self, source: str) -> bool:
        """Whether the source may ask for anything at all; its request then counts."""
        return self._sources.allows(network_of(source), time.monotonic()) or self._refused()

    def sees(
        self, nonce: str, port: int, source: str, way: Way, *, tls: str = "", via: str = "", forwarded: str = ""
    ) -> Echo | None:
        """The test as it reached us at the article's `port`; None over its limit."""
        if not self._tests.allows((network_of(source), nonce), time.monotonic()):
            self._refused()
            return None
        echo = Echo(nonce, port, source, round(time.time(), 3), way, tls, via, forwarded)
        self.counts[way.value] += 1
        self._tell(echo)
        return echo

    def _refused(self) -> bool:
        self.counts["over the limit"] += 1
        return False
