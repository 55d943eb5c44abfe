"""Which addresses may be dialled: public unicast ones.

So no name in anybody's DNS leads us into a private network. Python's own `is_global` says yes to multicast, to
addresses that carry an IPv4 address inside and to a few others; those are refused here.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

NONE: frozenset[str] = frozenset()
Networks = tuple[IPv4Network | IPv6Network, ...]


@lru_cache(maxsize=4096)
def is_allowed(address: str, *, own: frozenset[str] = NONE, documentation: bool = False, inside: Networks = ()) -> bool:
    """Whether a connection to the IP address may be tried; False for anything that is no IP address.

    `own` are our own public addresses. `documentation` counts the documentation ranges (RFC 5737, RFC 3849) as public:
    a lab or a closed test network lives there, behind a dial map. Private, loopback and all other special addresses are
    refused even then, but for those in `inside`: networks of the vendor's own, for what is sent to systems of theirs.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if "%" in address:  # a zone (RFC 4007): meant for this link alone, and another spelling of what stands before it
        return False
    if address in own or parsed in {ip_address(one) for one in own if is_address(one)}:
        return False
    if _listed(parsed, inside):
        return True
    if _listed(parsed, _REFUSED):
        return False
    if _listed(parsed, _DOCUMENTATION):
        return documentation
    if parsed.version == 6 and parsed not in _ALLOCATED:
        return False
    return parsed.is_global and not parsed.is_multicast


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_REFUSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's platform address, reachable from inside only
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 of the local network (RFC 8215)
        "2002::/16",  # 6to4 (RFC 3056)
        "2001::/32",  # Teredo (RFC 4380)
        "::/96",  # IPv4-compatible (RFC 4291), loopback and the unspecified address
        "::ffff:0:0/96",  # IPv4-mapped (RFC 4291)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765)
        "fec0::/10",  # site-local (RFC 3879)
        "3fff::/20",  # documentation (RFC 9637), newer than what the lab uses
        "5f00::/16",  # segment routing (RFC 9602)
    )
)
_ALLOCATED = IPv6Network("2000::/3")
"""All of IPv6 that is given out as global unicast (RFC 4291 section 2.4)."""
_DOCUMENTATION = tuple(
    ip_network(network) for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def _listed(address: IPv4Address | IPv6Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
