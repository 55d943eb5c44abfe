"""Has somebody put our token into the domain's DNS, to show that the domain is theirs?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagnostics.domain import DnsStatus, Evidence, Gap, Network, ProbeGroup, Target, Unobserved
from diagnostics.registry import probe

LABEL = "_portal-check"
"""Under the domain (RFC 8552): whoever can set a name there runs the domain's DNS."""
KEY = "portal-check="
MOST_TOKENS = 10
LONGEST_TOKEN = 64
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')
"""The quoted strings of a TXT record in presentation form (RFC 1035 section 5.1); together they are its text."""


@dataclass(frozen=True, slots=True)
class DomainProof:
    """Every token found there. Whether one of them is this case's is not for a probe to say."""

    domain: str
    tokens: tuple[str, ...] = ()


@probe(group=ProbeGroup.DNS, observes=DomainProof)
async def collect(target: Target, evidence: Evidence, net: Network) -> DomainProof:
    """Does the domain publish a token that shows whose it is?"""
    answer = await net.resolve(f"{LABEL}.{target.domain}", "TXT")
    if answer.status is DnsStatus.UNANSWERED:
        raise Unobserved(Gap.RESOLVER_SILENT)
    texts = ("".join(_STRINGS.findall(record)).strip() for record in answer.records)
    tokens = (text.removeprefix(KEY).strip()[:LONGEST_TOKEN] for text in texts if text.startswith(KEY))
    return DomainProof(target.domain, tuple(tokens)[:MOST_TOKENS])
