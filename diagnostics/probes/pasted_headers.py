"""The headers of a message that did arrive, as the customer pasted them, beside what is known of our own mail."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.domain import ProviderKind, Vantage, Vendor
from diagnostics.headers import Headers, Hop
from diagnostics.headers.hosts import sends_for_others, under
from diagnostics.providers import provider
from diagnostics.registry import reported


class Side(StrEnum):
    """Who had the message, as seen from a customer."""

    OURS = "ours"
    """The vendor, or a sending service that works for it."""
    GATEWAY = "gateway"
    MAILBOX = "mailbox"
    """A known mailbox provider."""
    THEIRS = "theirs"
    """A host at the customer's end whose name does not tell more."""
    UNKNOWN = "unknown"


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class PastedHeaders:
    """What was read, and by what our mail is known: as the vendor's profile said then. Times are seconds."""

    headers: Headers
    domains: tuple[str, ...] = ()
    """Domains that we send from."""
    addresses: tuple[str, ...] = ()
    """IP addresses and networks that we send from."""
    profile_names_senders: bool = True
    """Whether the vendor's profile says who sends the codes; else nothing tells that a message is not ours."""
    code_lifetime: int = 600
    expected_wait: int = 60

    @property
    def ours(self) -> bool | None:
        """Is this a message of ours? None where nobody can tell."""
        read = self.headers
        claimed = (read.from_domain, read.return_path_domain, *read.dkim_domains)
        if any(under(domain, self.domains) for domain in claimed) or any(self._from_our_own(hop) for hop in read.hops):
            return True
        return False if self.profile_names_senders and (read.from_domain or read.hops) else None

    @property
    def handover(self) -> int | None:
        """Index of the hop by which the message left our side; None where that cannot be seen."""
        hops = self.headers.hops
        left = [index for index, hop in enumerate(hops) if self._came_from_us(hop) and not self._at_ours(hop)]
        if left:
            return left[0]
        return next((index for index, hop in enumerate(hops) if _side_of(hop.provider) is not Side.UNKNOWN), None)

    @property
    def sent_from_our_address(self) -> bool:
        """Whether the message left our side from an address that we are known to send from."""
        index = self.handover
        return index is not None and self._known_address(self.headers.hops[index].from_address)

    def holder(self, index: int) -> Side:
        """On whose side the message waited before hop `index`. Before the first hop, and at the hand-over, ours."""
        handover = self.handover
        if handover is None:
            return Side.UNKNOWN
        if index <= handover:
            return Side.OURS
        side = _side_of(self.headers.hops[index - 1].provider)
        return Side.THEIRS if side is Side.UNKNOWN else side

    def _came_from_us(self, hop: Hop) -> bool:
        return self._from_our_own(hop) or sends_for_others(hop.from_host)

    def _from_our_own(self, hop: Hop) -> bool:
        return under(hop.from_host, self.domains) or self._known_address(hop.from_address)

    def _at_ours(self, hop: Hop) -> bool:
        return under(hop.by_host, self.domains) or sends_for_others(hop.by_host)

    def _known_address(self, text: str) -> bool:
        if not text:
            return False
        address = ipaddress.ip_address(text)
        return any(address in network for network in _networks(self.addresses))


def pasted(headers: Headers, vendor: Vendor, also_from: Iterable[str] = ()) -> PastedHeaders:
    """The observation. `also_from` are further sender addresses of ours, as that of the test messages."""
    senders = (*vendor.senders, *also_from)
    domains = (*(sender.rpartition("@")[2].lower() for sender in senders), *vendor.domains)
    return PastedHeaders(
        headers,
        domains=tuple(dict.fromkeys(domain for domain in domains if "." in domain)),
        addresses=vendor.addresses,
        profile_names_senders=bool(vendor.senders or vendor.domains),
        code_lifetime=vendor.code_lifetime,
        expected_wait=vendor.expected_wait,
    )


def _side_of(slug: str) -> Side:
    known = provider(slug)
    if known is None:
        return Side.UNKNOWN
    if known.kind is ProviderKind.GATEWAY:
        return Side.GATEWAY
    return Side.MAILBOX if known.kind in (ProviderKind.MAILBOX, ProviderKind.CONSUMER) else Side.UNKNOWN


def _networks(texts: Iterable[str]) -> Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for text in texts:
        try:
            yield ipaddress.ip_network(text, strict=False)
        except ValueError:  # a slip in the profile must not hide the other addresses
            continue
