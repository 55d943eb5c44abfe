"""Everything that a responder is told: what to answer as, where to listen, and how much to put up with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

CREDENTIAL = "portal"
"""The password of every TURN user; no secret, since nothing is ever relayed."""
REALM = "port-test"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one visitor may do, and what all of them together may cost. Seconds and bytes."""

    requests_per_test: int = 20
    """A minute, from one source with one nonce."""
    requests_per_source: int = 600
    """A minute, whatever is asked for: an office with thirty tests under way, and nobody who floods the hand-over."""
    request_bytes: int = 2048
    """Of one request's head, or of one STUN message."""
    connection_seconds: float = 10.0
    """From the first packet to the last, idle or busy."""
    connections_per_source: int = 200
    connections: int = 4000
    """Of everybody. When one more comes, the oldest ends: a real test takes a second, who waits longer is none."""
    remembered: int = 20_000
    """Counters of requests; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class HandoverLimits:
    """How sightings go to the portal. Seconds and entries."""

    batch: int = 200
    every: float = 1.0
    waiting: int = 10_000
    """Kept while the portal is away; beyond that the oldest are dropped."""
    answer_seconds: float = 10.0
    longest_pause: float = 60.0
    farewell_seconds: float = 5.0
    """To hand over the rest when told to stop."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files; both may be the same."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Config:
    """`ports` leads from the article's ports to those listened on; `portal` is its address, without a path.

    Without a certificate there is no TLS: for a portal that is itself plain http, on this very machine.
    """

    key: bytes = field(repr=False)
    portal: str
    ports: Mapping[int, int]
    bind: str = "127.0.0.1"
    certificate: Certificate | None = None
    limits: Limits = Limits()
    handover: HandoverLimits = HandoverLimits()


def dumped(config: Config) -> str:
    """As text, for the process that `manage.py responder` becomes; holds the key."""
    return json.dumps({**asdict(config), "key": config.key.decode()}, default=str)


def loaded(text: str) -> Config:
    """What `dumped` wrote."""
    said = json.loads(text)
    certificate = said["certificate"] and Certificate(
        **{name: Path(file) for name, file in said["certificate"].items()}
    )
    return Config(
        key=said["key"].encode(),
        portal=said["portal"],
        ports={int(port): listening for port, listening in said["ports"].items()},
        bind=said["bind"],
        certificate=certificate,
        limits=Limits(**said["limits"]),
        handover=HandoverLimits(**said["handover"]),
    )
