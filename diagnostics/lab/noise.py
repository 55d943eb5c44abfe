"""The same scenarios on a bad day: what must be named stays the same, the evidence is harder to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from diagnostics.domain import SmtpStage
from diagnostics.lab.behaviours import Closed, Filtered, NameBehaviour, PortBehaviour, Smtp
from diagnostics.lab.scenario import Hosts, Records, Scenario, Zone

Noise = Callable[[Scenario], Scenario | None]
"""A scenario with the noise; None where it has nothing to be noisy about."""

SLOW_ANSWER = 0.4
SLOW_BANNER = 2.0
"""Seconds."""
DEAD_ADDRESSES = ("192.0.2.251", "192.0.2.252")
"""Nobody else's: one turns connections away, the other lets them wait."""
UNREACHABLE_IPV6 = "2001:db8:dead::25"
PREAMBLES = (
    "Delivery to this recipient failed. The details follow.",
    "Ihre Nachricht konnte nicht zugestellt werden. Einzelheiten stehen am Ende.",
    "Le message n'a pas pu être remis. Les détails suivent.",
)
"""What servers say before they come to the point, in several languages."""


def noisy(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Each scenario with two of the noises that fit it, in turn, so that all noises meet all kinds of causes."""
    return tuple(_with_two(scenario, turn) for turn, scenario in enumerate(scenarios))


def slow_names(scenario: Scenario) -> Scenario | None:
    """Every DNS answer takes a while."""
    return replace(scenario, dns_delay=SLOW_ANSWER)


def one_dead_host(scenario: Scenario) -> Scenario | None:
    """The preferred one of two mail hosts does not answer."""
    dead = f"dead-mx.{scenario.domain}"
    records = _records(scenario.zone, scenario.domain)
    mx = records.get("MX", ())
    if not any(_listens(scenario, host) for host in map(_host_of, mx)):
        return None
    address = DEAD_ADDRESSES[len(scenario.slug) % 2]
    behaviour: PortBehaviour = Closed() if address == DEAD_ADDRESSES[0] else Filtered()
    zone: Zone = {
        **scenario.zone,
        scenario.domain: {**records, "MX": (f"1 {dead}.", *mx)},
        dead: {"A": (address,)},
    }
    return replace(scenario, zone=zone, hosts={**scenario.hosts, (address, 25): behaviour})


def dead_ipv6(scenario: Scenario) -> Scenario | None:
    """The mail hosts have IPv6 addresses, too, that cannot be reached."""
    mx = [_host_of(entry) for entry in _records(scenario.zone, scenario.domain).get("MX", ())]
    found = [host for host in mx if _listens(scenario, host) and "AAAA" not in _records(scenario.zone, host)]
    if not found:
        return None
    with_ipv6 = {host: {**_records(scenario.zone, host), "AAAA": (UNREACHABLE_IPV6,)} for host in found}
    return replace(scenario, zone={**scenario.zone, **with_ipv6})


def wordy(scenario: Scenario) -> Scenario | None:
    """Refusals come in several lines, the point last, the rest in another language."""
    return _with_servers(scenario, lambda server: replace(server, replies=_wordy_replies(server.replies)))


def slow_banner(scenario: Scenario) -> Scenario | None:
    """Mail servers let everyone wait before they say a word."""
    return _with_servers(scenario, lambda server: replace(server, banner_after=max(server.banner_after, SLOW_BANNER)))


NOISES: Mapping[str, Noise] = {
    "slow DNS": slow_names,
    "one dead MX": one_dead_host,
    "wordy replies": wordy,
    "dead IPv6": dead_ipv6,
    "slow banner": slow_banner,
}


def _with_two(scenario: Scenario, turn: int) -> Scenario:
    names = list(NOISES)
    added: list[str] = []
    for step in range(len(names)):
        name = names[(turn + step) % len(names)]
        harder = NOISES[name](scenario)
        if harder is not None:
            scenario = harder
            added.append(name)
        if len(added) == 2:
            break
    return replace(scenario, noises=tuple(added))


def _with_servers(scenario: Scenario, change: Callable[[Smtp], Smtp]) -> Scenario | None:
    hosts: Hosts = {where: change(part) if isinstance(part, Smtp) else part for where, part in scenario.hosts.items()}
    return None if hosts == scenario.hosts else replace(scenario, hosts=hosts)


def _wordy_replies(replies: Mapping[SmtpStage, str]) -> dict[SmtpStage, str]:
    return {stage: "\n".join(_wordy(reply)) for stage, reply in replies.items()}


def _wordy(reply: str) -> Iterator[str]:
    """The reply with every preamble before it; a reply without enhanced status gets none (RFC 2034)."""
    lines = reply.splitlines()
    code, rest = lines[-1][:3], lines[-1][4:]
    if not code.isdigit():
        yield from lines
        return
    status = rest.partition(" ")[0]
    status = f"{status} " if status.count(".") == 2 and status.replace(".", "").isdigit() else ""
    yield from (f"{code}-{status}{preamble}" for preamble in PREAMBLES)
    yield from (f"{line[:3]}-{line[4:]}" for line in lines[:-1])
    yield lines[-1]


def _host_of(entry: str) -> str:
    return entry.partition(" ")[2].rstrip(".")


def _listens(scenario: Scenario, host: str) -> bool:
    """Whether a mail server of the scenario's plays at one of the host's addresses."""
    return any(
        isinstance(scenario.hosts.get((address, 25)), Smtp) for address in _records(scenario.zone, host).get("A", ())
    )


def _records(zone: Zone, name: str) -> Records:
    found = zone.get(name, {})
    return {} if isinstance(found, NameBehaviour) else found
