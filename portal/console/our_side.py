"""Is it us, now? Everything that the newest look at the vendor's own side found, for the agent who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diagnostics.domain import Status
from diagnostics.probes.vendor_health import HealthItem, HealthState, VendorHealth
from diagnostics.services.health import newest
from portal.console.values import visible
from portal.console.words import GAPS, HEALTH_KINDS, HEALTH_STATES, Tag, word

TAGS = {
    HealthState.PROBLEM: Status.PROBLEM,
    HealthState.UNKNOWN: Status.COULD_NOT_CHECK,
    HealthState.FINE: Status.FINE,
}
"""In the order of the table, the worst first."""


@dataclass(frozen=True, slots=True)
class Row:
    item: HealthItem

    @property
    def kind(self) -> str:
        return word(HEALTH_KINDS, self.item.kind)

    @property
    def subject(self) -> str:
        return visible(self.item.subject)

    @property
    def detail(self) -> str:
        return visible(self.item.detail)

    @property
    def tag(self) -> Tag:
        return _tag(self.item.state)


@dataclass(frozen=True, slots=True)
class OurSide:
    """`gap` says why the look does not count, empty where it does. `rows` are problems first."""

    vendor: str
    at: datetime
    tag: Tag
    gap: str = ""
    rows: tuple[Row, ...] = ()


def our_side(vendor: str) -> OurSide | None:
    """The newest look, of whatever age; None where there was none."""
    seen = newest(vendor)
    if seen is None:
        return None
    health = seen.observation
    if not isinstance(health, VendorHealth):
        return OurSide(vendor, seen.at, _tag(HealthState.UNKNOWN), word(GAPS, seen.gap) if seen.gap else "")
    rows = tuple(Row(item) for state in TAGS for item in health.having(state))
    return OurSide(vendor, seen.at, _tag(health.state), rows=rows)


def _tag(state: HealthState) -> Tag:
    return Tag(TAGS[state], word(HEALTH_STATES, state))
