"""The network as the site's settings describe it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from diagnostics.codec import decode
from diagnostics.net.config import PORTS, NetworkConfig, check_dial_map, load_dial_map
from diagnostics.net.live import LiveNetwork
from diagnostics.vendors import vendors


def configured_network() -> LiveNetwork:
    """The process's network, made anew when the lab was started anew; raises ImproperlyConfigured."""
    return _network(os.getpid(), _lab_version())


def webhook_network() -> LiveNetwork:
    """The way to webhooks' receivers: other ports than probes', and the private networks that the settings allow."""
    ports, inside = frozenset(settings.WEBHOOK_PORTS), tuple(settings.WEBHOOK_ALLOW_PRIVATE)
    return _webhook_network(os.getpid(), _lab_version(), ports, inside)


def network_config() -> NetworkConfig:
    """What the settings LAB, LAB_STATE, PROBE_* and HELO_NAME say; raises ImproperlyConfigured.

    With LAB the zones that its state file names are the lab's, and its dial map and certificate authority apply; every
    other name goes to the real resolver. The ports that vendor profiles name may be dialled.
    """
    try:
        dial_map = load_dial_map(settings.PROBE_DIAL_MAP) if settings.PROBE_DIAL_MAP else {}
        zones: dict[str, tuple[str, ...]] = {}
        ca_file = ""
        if settings.LAB:
            lab = _lab_state()
            zones = dict.fromkeys(lab.zones, tuple(filter(None, (lab.nameserver, lab.spare_nameserver))))
            dial_map |= check_dial_map(lab.dial_map, f"LAB_STATE {settings.LAB_STATE}")
            ca_file = lab.ca_file
        return NetworkConfig(
            nameservers=tuple(settings.PROBE_NAMESERVERS),
            zones=zones,
            dial_map=dial_map,
            closed=settings.PROBE_CLOSED_NETWORK,
            helo_name=settings.HELO_NAME,
            own_addresses=frozenset(settings.OWN_ADDRESSES),
            allowed_ports=PORTS | _vendor_ports(),
            ca_file=ca_file,
            responder_key=settings.RESPONDER_KEY,
        )
    except ValueError as problem:
        raise ImproperlyConfigured(str(problem)) from problem


def lab_sending() -> str:
    """Where the running lab plays a sending service; raises ImproperlyConfigured where no lab runs."""
    return _lab_state().sending


def lab_directory() -> str:
    """Where the running lab's directory answers; raises ImproperlyConfigured where no lab runs."""
    return _lab_state().directory


@lru_cache(maxsize=1)
def _network(process: int, lab_version: tuple[int, int] | None) -> LiveNetwork:
    return LiveNetwork(network_config())


@lru_cache(maxsize=1)
def _webhook_network(
    process: int, lab_version: tuple[int, int] | None, ports: frozenset[int], inside: tuple[str, ...]
) -> LiveNetwork:
    return LiveNetwork(replace(network_config(), allowed_ports=ports, inside=inside))


def _lab_version() -> tuple[int, int] | None:
    """Changes whenever the lab's state file is written; None without a lab."""
    if not settings.LAB:
        return None
    try:
        state = Path(settings.LAB_STATE).stat()
    except OSError as problem:
        raise ImproperlyConfigured(f"LAB is on, but {settings.LAB_STATE} is missing: start the lab first") from problem
    return state.st_mtime_ns, state.st_ino


@dataclass(frozen=True)
class _Lab:
    """What a running lab writes down about itself, as far as it matters here."""

    nameserver: str
    zones: tuple[str, ...]
    dial_map: dict[str, str]
    spare_nameserver: str = ""
    ca_file: str = ""
    directory: str = ""
    sending: str = ""


def _lab_state() -> _Lab:
    _lab_version()
    try:
        state = json.loads(Path(settings.LAB_STATE).read_text(encoding="utf-8"))
        return decode(_Lab, state)
    except (OSError, ValueError) as problem:
        raise ImproperlyConfigured(f"LAB_STATE {settings.LAB_STATE}: cannot be read ({problem})") from problem


def _vendor_ports() -> frozenset[int]:
    return frozenset(
        port
        for vendor in vendors().values()
        for port in (
            *vendor.ports,
            *(port for host in vendor.hosts for port in (*host.ports, *host.tls_ports)),
            *(port for responder in vendor.responders for port in responder.ports),
        )
    )
