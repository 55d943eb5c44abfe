"""Who may do how much. Memory is bounded, whatever comes in."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

WINDOW = 60.0
"""Seconds that requests are counted over."""
OWN_NETWORK = 64
"""Bits of an IPv6 address that one customer's network has in common."""


def source_of(peer: str) -> str:
    """The address that a connection comes from: an IPv4 address as such, wherever it arrived."""
    return str(_address(peer))


def network_of(source: str) -> str:
    """What counts as one source: an IPv4 address, or an IPv6 network of /64, in which every address is free."""
    address = _address(source)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, OWN_NETWORK), strict=False))
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


class Rate:
    """How often each key may come within a minute of its first coming."""

    def __init__(self, most: int, remembered: int) -> None:
        self._most = most
        self._remembered = remembered
        self._counts: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()
        """By key, the beginning of its minute and its count; in the order of those beginnings."""

    def allows(self, key: Hashable, now: float) -> bool:
        """Whether the key may come once more, which then counts. `now` in seconds of a clock that never goes back."""
        self._forget(now - WINDOW)
        begun, count = self._counts.get(key, (now, 0))
        if count >= self._most:
            return False
        self._counts[key] = begun, count + 1
        if len(self._counts) > self._remembered:
            self._counts.popitem(last=False)
        return True

    def _forget(self, begun_before: float) -> None:
        while self._counts and next(iter(self._counts.values()))[0] <= begun_before:
            self._counts.popitem(last=False)

    def __len__(self) -> int:
        return len(self._counts)


class Crowd:
    """How many connections each source has open."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def enter(self, network: str) -> bool:
        """Whether the source may have one more, which then counts until it leaves."""
        if self._open[network] >= self._most:
            return False
        self._open[network] += 1
        return True

    def leave(self, network: str) -> None:
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]
