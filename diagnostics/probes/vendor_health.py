"""What the scheduled look at the vendor's own side found. One look serves every case, so it is reported, not probed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from diagnostics.domain import Facts, Vantage
from diagnostics.registry import reported


class HealthKind(StrEnum):
    """What was looked at."""

    SPF = "spf"
    """A sender domain's record as a whole, or what it says of one sending address (RFC 7208)."""
    DKIM = "dkim"
    """One public key (RFC 6376 section 3.6)."""
    DMARC = "dmarc"
    """The policy of a From domain (RFC 7489 section 6)."""
    ALIGNMENT = "alignment"
    """Whether SPF or DKIM can pass for the From domain (RFC 7489 section 3.1)."""
    PTR = "ptr"
    """A sending address has a name that leads back to it (RFC 1912 section 2.1); or a HELO name has an address."""
    BLOCKLIST = "blocklist"
    """One list (RFC 5782) and an address or domain; or a list that could not be relied on."""
    HOST = "host"
    """One host and port of the profile."""
    DRIFT_EXTRA = "drift-extra"
    """The article names it, and it is no longer ours."""
    DRIFT_MISSING = "drift-missing"
    """It may send for us, and the article does not name it."""


class HealthState(StrEnum):
    FINE = "fine"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HealthItem:
    """One thing looked at. `detail` is for readers of evidence; `facts` are what checks and remedies go by."""

    kind: HealthKind
    subject: str
    state: HealthState
    detail: str = ""
    facts: Facts = field(default_factory=dict)


@reported(vantage=Vantage.SERVER)
@dataclass(frozen=True, slots=True)
class VendorHealth:
    """Everything that one look at one vendor's side found; no items where its profile names nothing to look at."""

    vendor: str
    items: tuple[HealthItem, ...] = ()

    def of(self, *kinds: HealthKind) -> tuple[HealthItem, ...]:
        return tuple(item for item in self.items if item.kind in kinds)

    def having(self, state: HealthState) -> tuple[HealthItem, ...]:
        return tuple(item for item in self.items if item.state is state)

    @property
    def state(self) -> HealthState:
        """A problem anywhere, else unknown where anything is, or where nothing was looked at."""
        states = {item.state for item in self.items}
        worst_first = (HealthState.PROBLEM, HealthState.UNKNOWN, HealthState.FINE)
        return next((state for state in worst_first if state in states), HealthState.UNKNOWN)
