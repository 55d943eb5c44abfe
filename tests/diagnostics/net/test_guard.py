"""The guard lets public unicast addresses pass and nothing else.

Python's own answers differ between its versions: every row is listed.
"""

from ipaddress import ip_address

import pytest

from diagnostics.net.guard import is_allowed


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "185.199.108.153", "100.63.255.255", "100.128.0.0", "2606:4700::1111", "2a00::1"]
)
def test_a_public_address_may_be_dialled(address: str) -> None:
    assert is_allowed(address)


REFUSED = {
    "this network": "0.0.0.0",  # noqa: S104
    "this network, any host": "0.1.2.3",
    "private 10/8": "10.0.0.1",
    "protocol assignments, PCP anycast": "192.0.0.9",
    "protocol assignments, TURN anycast": "192.0.0.10",
    "IPv6 that nobody was given": "1::1",
    "IPv6 that nobody was given, higher": "4000::1",
    "IPv6 that nobody was given, highest": "e000::1",
    "private 172.16/12": "172.16.0.1",
    "private 172.16/12, end": "172.31.255.255",
    "private 192.168/16": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback, any": "127.255.255.254",
    "carrier-grade NAT": "100.64.0.1",
    "Alibaba metadata": "100.100.100.200",
    "link-local": "169.254.1.1",
    "cloud metadata": "169.254.169.254",
    "protocol assignments": "192.0.0.1",
    "benchmarking": "198.18.0.1",
    "multicast": "224.0.0.1",
    "multicast, administratively scoped": "239.255.255.250",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "6to4 relay": "192.88.99.1",
    "Azure platform": "168.63.129.16",
    "unspecified v6": "::",
    "loopback v6": "::1",
    "IPv4-compatible": "::127.0.0.1",
    "IPv4-mapped private": "::ffff:10.0.0.1",
    "IPv4-mapped loopback": "::ffff:127.0.0.1",
    "IPv4-mapped public": "::ffff:8.8.8.8",
    "IPv4-translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64 of a public address": "64:ff9b::808:808",
    "local NAT64": "64:ff9b:1::1",
    "discard": "100::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ORCHID": "2001:10::1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of a public address": "2002:808:808::1",
    "documentation v6, second": "3fff::1",
    "segment routing": "5f00::1",
    "unique local": "fd00::1",
    "link-local v6": "fe80::1",
    "link-local v6 with a zone": "fe80::1%eth0",
    "site-local": "fec0::1",
    "multicast v6": "ff02::1",
    "multicast v6, global": "ff0e::1",
    "no address": "mx.example.org",
    "nothing": "",
    "a number": "2130706433",
    "octal": "0177.0.0.1",
}


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("documentation", [False, True], ids=["in the open", "in the lab"])
def test_a_special_address_is_never_dialled(address: str, documentation: bool) -> None:
    assert not is_allowed(address, documentation=documentation)


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.7", "203.0.113.255", "2001:db8::1"])
def test_a_documentation_address_is_public_in_the_lab_only(address: str) -> None:
    assert not is_allowed(address)
    assert is_allowed(address, documentation=True)


@pytest.mark.parametrize("written", ["8.8.8.8", "2606:4700:0:0::1111"])
def test_our_own_address_is_refused_however_it_is_written(written: str) -> None:
    assert is_allowed(written)
    assert not is_allowed(written, own=frozenset({str(ip_address(written))}))
    assert not is_allowed(str(ip_address(written)), own=frozenset({written.upper()}))


def test_a_zone_makes_no_other_address_of_ours() -> None:
    assert not is_allowed("2606:4700::1111%eth0", own=frozenset({"2606:4700::1111"}))
