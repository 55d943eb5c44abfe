"""Ports side by side: our hosts and test points as our server sees them, and every place that the customer tried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.domain import Status
from diagnostics.probes.network_look import PortState, Turn
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import causes
from portal.wizard.endpoints import endpoints
from portal.wizard.network.lines import lines_for
from portal.wizard.network.sentence import headline_of, sentence_for
from portal.wizard.network.table import Row, rows_for
from portal.wizard.network.tried import Tried, all_tried, blamed_ports, spots_of

AWAITED = timedelta(seconds=30)
"""How long after a test our responders may still hand over what they saw."""
LOOKED_AGAIN = timedelta(seconds=12)
"""How long our server may take to look at our test points once more."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`sentence` locates the fault, `lines` are what else follows from what was seen.

    `waiting` while our responders may still tell something about the newest test.
    """

    sentence: words.Words
    status: Status
    ports: tuple[int, ...]
    rows: tuple[Row, ...]
    lines: tuple[words.Words, ...]
    waiting: bool

    @property
    def word(self) -> words.Words:
        return words.STATUSES[self.status]


def picture(file: CaseFile) -> Picture:
    """All that is known of the ports, the newest look of every place and tool."""
    tried = all_tried(file)
    ports = _ports(file, tried)
    cause = next((one for one in causes(file) if one.tag.startswith(("network.", "ports."))), None)
    blamed = blamed_ports(file)
    spots = spots_of(tried, blamed)
    sentence, status = headline_of(cause) if cause else sentence_for(file, spots)
    return Picture(
        sentence=sentence,
        status=status,
        ports=ports,
        rows=tuple(rows_for(file, tried, ports)),
        lines=tuple(dict.fromkeys(map(str, lines_for(file, tried, spots, blamed, cause)))),
        waiting=any(_awaits(one, file.now) for one in tried),
    )


def _awaits(one: Tried, now: datetime) -> bool:
    """Something may still be told of it.

    Our server looks at our test points again; or the page heard our refusal, and our responder has not said so yet.
    """
    heard = any(told.port.turn is Turn.REACHED and told.state is not PortState.OPEN for told in one.ports)
    closed = any(told.state is not PortState.OPEN for told in one.ports)
    longest = AWAITED if heard else LOOKED_AGAIN if closed else timedelta(0)
    return timedelta(0) <= now - one.at < longest


def _ports(file: CaseFile, tried: Iterable[Tried]) -> tuple[int, ...]:
    vendor = file.vendor
    return tuple(
        sorted(
            {
                *vendor.ports,
                *(port for host in vendor.hosts for port in (*host.ports, *host.tls_ports)),
                *(one.port for one in endpoints(vendor)),
                *(told.port.port for one in tried for told in one.ports),
            }
        )
    )
