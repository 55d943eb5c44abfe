"""The name servers of the benchmarks' world: any number of domains made up as they are asked for, each answer late.

One process with plain sockets: a question costs it some 15 µs, so it is never what a benchmark measures. Every domain
`d000123.test` has its own mail host, addresses and records, so that no cache knows them from another domain. It is
`python -m tests.bench._names`; it says where it listens on standard output, and ends when its standard input does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from time import monotonic
from typing import IO

ZONE = b"\x04test\x00"
MAIL_ZONE = b"\x02mx" + ZONE
"""Where the mail hosts are: one wildcard certificate does for all of them."""
MADE_UP = re.compile(rb"(?P<before>.*)(?P<zone>\x07(?P<label>[ds][0-9]{6})(?P<mail>\x02mx)?\x04test\x00)", re.DOTALL)
SLOW = b"s"
"""First letter of a domain whose mail server lets its visitors wait; `d` of one that greets at once."""
FAST_HOSTS = [IPv4Address("203.0.113.0") + one for one in range(1, 255)]
FAST_HOSTS += [IPv4Address("198.51.100.0") + one for one in range(1, 255)]
SLOW_HOSTS = [IPv4Address("192.0.2.0") + one for one in range(128, 255)]
VENDOR_MX, *VENDOR_HOSTS = (IPv4Address("192.0.2.0") + one for one in (25, 10, 11))
VENDOR = "vendor.test"
TTL = 300
A, NS, CNAME, SOA, MX, TXT, AAAA, SRV, OPT = 1, 2, 5, 6, 15, 16, 28, 33, 41
ECHO, ANSWER, NO_SUCH_NAME = b"\x00\x01", 0x8180, 0x8183
EDNS = b"\x00" + struct.pack("!HHIH", OPT, 1232, 0, 0)
ROOM = 4 << 20
"""Octets of answers and questions that a socket holds for whoever is late."""
AT_A_TURN = 64

Records = dict[int, bytes]
"""By type: the record's data."""


def domain(number: int, *, slow: bool = False) -> str:
    """The name of one of the made-up domains."""
    return f"{'s' if slow else 'd'}{number:06d}.test"


def answer(question: bytes) -> bytes:
    """The whole answer to a query; raises ValueError or IndexError for what is none."""
    end = question.index(b"\x00", 12) + 1
    name, rdtype = question[12:end].lower(), int.from_bytes(question[end : end + 2])
    records, owner = _records_of(name)
    data = None if records is None else records.get(rdtype) or records.get(CNAME)
    flags = NO_SUCH_NAME if records is None else ANSWER
    edns = EDNS if question[10:12] != b"\x00\x00" else b""
    counts = struct.pack("!HHHHH", flags, 1, int(data is not None), int(data is None), int(bool(edns)))
    if data is None:
        record = struct.pack("!HHHIH", 0xC000 | 12 + owner, SOA, 1, TTL, len(_SOA)) + _SOA
    else:
        found = rdtype if rdtype in (records or {}) else CNAME
        record = struct.pack("!HHHIH", 0xC00C, found, 1, TTL, len(data)) + data
    return question[:2] + counts + question[12 : end + 4] + record + edns


def _records_of(name: bytes) -> tuple[Records | None, int]:
    """What a name has, None where it does not exist; and where in the name its zone begins."""
    if made_up := MADE_UP.fullmatch(name):
        make = (_MAIL_NAMES if made_up["mail"] else _NAMES).get(made_up["before"])
        return (make(made_up["label"]) if make else None), made_up.start("zone")
    if name in _VENDOR:
        return _VENDOR[name], 0
    return None, max(0, len(name) - len(ZONE)) if name.endswith(ZONE) else len(name) - 1


def _wire(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\x00"


def _text(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _inside(label: bytes, *before: bytes, zone: bytes = ZONE) -> bytes:
    """On the wire: a name in a made-up domain."""
    return b"".join(bytes([len(one)]) + one for one in (*before, label)) + zone


def _spf(label: bytes, *includes: bytes) -> Records:
    named = b"".join(b" include:" + one + b"." + label + b".test" for one in includes)
    return {TXT: _text(b"v=spf1 ip4:203.0.113.0/24" + named + b" -all")}


def _apex(label: bytes) -> Records:
    return {
        SOA: _SOA,
        NS: _inside(label, b"ns1"),
        MX: struct.pack("!H", 10) + _inside(label, zone=MAIL_ZONE),
        **_spf(label, b"spf1", b"spf2", b"spf3"),
    }


def _mail_host(label: bytes) -> Records:
    number, hosts = int(label[1:]), SLOW_HOSTS if label[:1] == SLOW else FAST_HOSTS
    v6 = IPv6Address("2001:db8::25") + (number << 16)
    return {A: hosts[number % len(hosts)].packed, AAAA: v6.packed}


_SOA = _wire("ns1.test") + _wire("hostmaster.test") + struct.pack("!IIIII", 1, 3600, 600, 86400, TTL)
_NAMES: dict[bytes, Callable[[bytes], Records]] = {
    b"": _apex,
    b"\x04spf1": lambda label: _spf(label, b"spf4"),
    b"\x04spf2": lambda label: _spf(label, b"spf5"),
    **dict.fromkeys((b"\x04spf3", b"\x04spf4", b"\x04spf5"), lambda label: _spf(label)),
    b"\x06_dmarc": lambda label: {TXT: _text(b"v=DMARC1; p=reject; rua=mailto:dmarc@" + label + b".test")},
    b"\x0cautodiscover": lambda label: {CNAME: _inside(label, b"mail")},
    b"\x0d_autodiscover\x04_tcp": lambda label: {SRV: struct.pack("!HHH", 0, 0, 443) + _inside(label, b"mail")},
    b"\x04mail": lambda label: {A: VENDOR_HOSTS[0].packed},
    b"\x03ns1": lambda label: {A: VENDOR_HOSTS[1].packed},
    # These exist and have nothing, as where a wildcard or a name below makes them: one question, not two.
    **dict.fromkeys((b"\x0clyncdiscover", b"\x08_mta-sts"), lambda label: {}),
}
_MAIL_NAMES: dict[bytes, Callable[[bytes], Records]] = {b"": _mail_host, b"\x03_25\x04_tcp": lambda label: {}}
"""By what stands before the domain, or the mail host. Everything else does not exist there."""
_VENDOR: dict[bytes, Records] = {
    _wire(VENDOR): {
        SOA: _SOA,
        MX: struct.pack("!H", 10) + _wire(f"mx.{VENDOR}"),
        TXT: _text(b"v=spf1 ip4:192.0.2.25 -all"),
    },
    _wire(f"mx.{VENDOR}"): {A: VENDOR_MX.packed},
    **{_wire(f"clocks{place}.{VENDOR}"): {A: host.packed} for place, host in enumerate(VENDOR_HOSTS, 1)},
}


def serve(sockets: list[socket.socket], delay: float, seen: IO[str] | None) -> None:
    """Answer for ever, each question `delay` seconds after it came."""
    waiting: deque[tuple[float, socket.socket, bytes, tuple[str, int]]] = deque()
    while True:
        rest = max(0.0, waiting[0][0] - monotonic()) if waiting else None
        ready, _, _ = select.select(sockets, [], [], rest)
        for one in ready:
            for asked, who in _questions(one):
                waiting.append((monotonic() + delay, one, asked, who))
        while waiting and waiting[0][0] <= monotonic():
            due, one, asked, who = waiting.popleft()
            try:
                said = answer(asked)
                if seen:  # first: whoever has the answer finds it there
                    event = {"asked": due - delay, "answered": monotonic(), "answer": said.hex()}
                    seen.write(json.dumps(event) + "\n")
                one.sendto(said, who)
            except (ValueError, IndexError, OSError):
                continue  # not a question, or whoever asked has gone


def _questions(one: socket.socket) -> Iterator[tuple[bytes, tuple[str, int]]]:
    for _ in range(AT_A_TURN):
        try:
            yield one.recvfrom(1500)
        except BlockingIOError:
            return
        except OSError:
            continue  # somebody has closed the port that an answer went to


def _listening(port: int) -> socket.socket:
    """With room for bursts."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    one.bind(("127.0.0.1", port))
    one.setblocking(False)
    return one


def end_with_parent() -> None:
    """This process's life is its parent's: the pipe between them breaks with either."""
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--ports", type=json.loads, required=True, help="one for each name server")
    arguments.add_argument("--delay", type=float, default=0.02)
    arguments.add_argument("--seen", type=argparse.FileType("w", bufsize=1))
    told = arguments.parse_args()
    sockets = [_listening(port) for port in told.ports]
    end_with_parent()
    print(json.dumps(told.ports), flush=True)
    serve(sockets, told.delay, told.seen)


if __name__ == "__main__":
    main()
