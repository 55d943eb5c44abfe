"""Does the domain allow mail over verified encryption only, and to which hosts (MTA-STS)?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.domain import (
    ConnectOutcome,
    DnsStatus,
    Evidence,
    Gap,
    Network,
    PolicyFetch,
    ProbeGroup,
    Target,
    Unobserved,
)
from diagnostics.probes.mailbox_behind import text_of
from diagnostics.registry import probe

MOST_PATTERNS = 50
LONGEST_PATTERN = 255
LONGEST_AGE = 31_557_600
"""Seconds; the most that RFC 8461 section 3.2 lets a policy live."""


class Mode(StrEnum):
    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a policy file says: patterns for MX hosts, `*.` for one label; `max_age` in seconds."""

    mode: Mode
    mx: tuple[str, ...] = ()
    max_age: int = 0

    def allows(self, host: str) -> bool:
        """RFC 8461 section 4.1: the whole name, or a wildcard for its first label alone."""
        name = host.lower().rstrip(".")
        wild = f"*.{name.partition('.')[2]}"
        return any(pattern in (name, wild) for pattern in self.mx)


@dataclass(frozen=True, slots=True)
class MtaStsPolicy:
    """`announced`: the TXT record that tells senders to fetch the policy. `policy` is None where there is none to use.

    `fetched` is how far the request for it came, `status` the HTTP status; `detail` says what went wrong.
    """

    domain: str
    announced: bool
    policy: Policy | None = None
    fetched: ConnectOutcome | None = None
    status: int = 0
    detail: str = ""


@probe(group=ProbeGroup.DNS, observes=MtaStsPolicy, timeout=20)
async def collect(target: Target, evidence: Evidence, net: Network) -> MtaStsPolicy:
    """Does the domain publish an MTA-STS policy (RFC 8461), and what does it say?"""
    answer = await net.resolve(f"_mta-sts.{target.domain}", "TXT")
    if answer.status is DnsStatus.UNANSWERED:
        raise Unobserved(Gap.RESOLVER_SILENT)
    if sum(text.startswith("v=STSv1;") for text in map(text_of, answer.records)) != 1:
        return MtaStsPolicy(target.domain, announced=False)
    fetched = await net.fetch_policy(target.domain)
    if not fetched.in_time:  # it is there and slow, for all we know: who has more patience may get it
        raise Unobserved(Gap.TIMED_OUT, fetched.detail)
    return _read(target.domain, fetched)


def read_policy(text: str) -> Policy | None:
    """A policy file (RFC 8461 section 3.2); None where it is not valid. Takes any text and never raises."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip().lower(), []).append(value.strip())
    mode, age = _first(fields, "mode"), _first(fields, "max_age")
    if _first(fields, "version") != "STSv1" or mode not in set(Mode) or not (age.isascii() and age.isdigit()):
        return None
    patterns = tuple(one.lower().rstrip(".") for one in fields.get("mx", ()) if one and len(one) <= LONGEST_PATTERN)
    if not patterns and mode != Mode.NONE:
        return None
    return Policy(Mode(mode), patterns[:MOST_PATTERNS], min(int(age[:10]), LONGEST_AGE))


def _first(fields: dict[str, list[str]], key: str) -> str:
    """Of a key that stands twice, the first counts."""
    values: Iterable[str] = fields.get(key, ())
    return next(iter(values), "")


def _read(domain: str, fetch: PolicyFetch) -> MtaStsPolicy:
    policy = read_policy(fetch.text) if fetch.status == 200 else None
    return MtaStsPolicy(domain, True, policy, fetch.outcome, fetch.status, fetch.detail)
