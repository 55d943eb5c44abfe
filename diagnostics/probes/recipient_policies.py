"""What does the domain ask of senders: genuine mail (DMARC), encryption (MTA-STS, DANE)?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import DnsStatus, Evidence, Network, ProbeGroup, Target
from diagnostics.probes.mailbox_behind import text_of
from diagnostics.probes.mx import MxRecords
from diagnostics.registry import probe

MOST_HOSTS = 2
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Dane:
    """TLSA records of a mail host on port 25 (RFC 7672). They bind senders only where `authentic` by DNSSEC."""

    host: str
    records: int
    authentic: bool


@dataclass(frozen=True, slots=True)
class RecipientPolicies:
    """Published records, to be set beside a refusal that quotes them. Empty: none was found.

    `unanswered` names the look-ups that got no answer.
    """

    domain: str
    dmarc: str = ""
    """RFC 7489; at the very domain, not at the one above it."""
    dane: tuple[Dane, ...] = ()
    unanswered: tuple[str, ...] = ()


@probe(group=ProbeGroup.DNS, observes=RecipientPolicies, needs=(MxRecords,), timeout=6)
async def collect(target: Target, evidence: Evidence, net: Network) -> RecipientPolicies:
    """Which rules for senders does the domain publish?"""
    mx = evidence.get(MxRecords)
    hosts = [host.name for host in mx.hosts if host.name][:MOST_HOSTS] if mx else []
    dmarc_name, tlsa_names = f"_dmarc.{target.domain}", [f"_25._tcp.{host}" for host in hosts]
    asked = [net.resolve(dmarc_name, "TXT"), *(net.resolve(name, "TLSA") for name in tlsa_names)]
    dmarc, *tlsa = [await one for one in asked]
    answers = zip((dmarc_name, *tlsa_names), (dmarc, *tlsa), strict=True)
    return RecipientPolicies(
        domain=target.domain,
        dmarc=next((text[:LONGEST] for text in map(text_of, dmarc.records) if text.startswith("v=DMARC1")), ""),
        dane=tuple(
            Dane(host, len(answer.records), answer.authentic)
            for host, answer in zip(hosts, tlsa, strict=True)
            if answer.records
        ),
        unanswered=tuple(name for name, answer in answers if answer.status is DnsStatus.UNANSWERED),
    )
