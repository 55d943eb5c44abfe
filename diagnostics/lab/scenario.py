"""A scenario: one customer's address, the piece of internet behind it, and what the diagnosis must come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from diagnostics.domain import SendEvent, Suppression, Verdict
from diagnostics.lab.behaviours import NameBehaviour, PortBehaviour

Records = Mapping[str, tuple[str, ...]]
"""Record type to records in presentation form (RFC 1035 section 5), names in full with the dot at their end."""
Zone = Mapping[str, Records | NameBehaviour]
"""Name, without the dot at its end, to what is known there. A name that is missing does not exist."""
Hosts = Mapping[tuple[str, int], PortBehaviour]
"""(documentation address, port) to what happens there. An address that is missing cannot be reached."""
CustomerSays = Literal["", "arrived", "spam", "quarantine", "nowhere"]

LAB_ZONE = "test"


@dataclass(frozen=True, slots=True)
class OnFile:
    """An address on a company's account."""

    company_id: str
    address: str
    administrator: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """`expects` is the tag of the cause that must come out first, empty where none must.

    With `sends_message` this takes the test message, and then the customer's answer `customer_says`.
    """

    slug: str
    title: str
    address: str
    verdict: Verdict
    expects: str = ""
    beside: tuple[str, ...] = ()
    """Tags of further causes that must be among the three that are named."""
    article: str = "timeclock"
    company_id: str = "100200"
    tier: int = 0
    """Who looks at the diagnosis: at 1 the vendor's records are counted."""
    sends_message: bool = False
    customer_says: CustomerSays = ""
    compares_with: str = ""
    """A second mailbox of the customer's: it gets the second test message, whose code is typed back."""
    our_side_seen: timedelta = timedelta()
    """How long ago the vendor's own side was looked at; zero: just now. Needs a vendor of its own."""
    on_file: tuple[OnFile, ...] = ()
    """What the lab's directory knows of the company and the address; at tier 1 and up, else it makes no difference."""
    records_down: tuple[Literal["directory", "sending"], ...] = ()
    """Which of the vendor's systems fail when they are asked about the address."""
    suppressed: tuple[Suppression, ...] = ()
    """What the lab's sending service has on its list for the address."""
    events: tuple[SendEvent, ...] = ()
    """What the sending service reports about code e-mails to the address; times are kept in relation to the newest."""
    code_asked_for: bool = True
    """Whether a code e-mail to the address was asked for at all. One without `events` was taken over, no more."""
    reports: tuple[object, ...] = ()
    """Observations that the customer reports afterwards (answers, pasted headers), in this order."""
    dns_delay: float = 0.0
    """Seconds that the name server takes for every answer about the scenario's names."""
    noises: tuple[str, ...] = ()
    """What is made harder than in the plain scenario, see `diagnostics.lab.noise`."""
    zone: Zone = field(default_factory=dict)
    hosts: Hosts = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def zones(self) -> tuple[str, ...]:
        """The suffixes that the lab must be asked for: `test`, and each name borrowed from elsewhere, by itself."""
        names = dict.fromkeys((*self.zone, self.domain))
        return (LAB_ZONE, *(name for name in names if not name.endswith(f".{LAB_ZONE}")))


def name_of(address: str, zone: Zone) -> str:
    """The first name with that address: what the host there calls itself. The address itself where there is none."""
    return next((name for name, found in _addresses(zone) if found == address), address)


def _addresses(zone: Zone) -> Iterator[tuple[str, str]]:
    for name, records in zone.items():
        if not isinstance(records, NameBehaviour):
            for rdtype in ("A", "AAAA"):
                yield from ((name, address) for address in records.get(rdtype, ()))
