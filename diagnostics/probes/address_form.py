"""What the address itself says: a slip of the finger, letters that look like others, a shared mailbox."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.addresses import is_disposable, is_role, lookalike, shown_domain, suggest
from diagnostics.domain import Evidence, Network, ProbeGroup, Target
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class AddressForm:
    """`suggestion` is the whole address that was probably meant; empty where nothing is close."""

    domain: str
    suggestion: str = ""
    written: str = ""
    """The domain as people write it (U-labels, RFC 5890), where that differs from `domain`."""
    looks_like: str = ""
    """A well-known domain that other letters than a to z make this one look like."""
    mixed_scripts: bool = False
    """One label mixes letters that no language writes together."""
    role: bool = False
    """The local part names a function, not a person."""
    disposable: bool = False


@probe(group=ProbeGroup.DNS, observes=AddressForm, timeout=2)
async def collect(target: Target, evidence: Evidence, net: Network) -> AddressForm:
    """What kind of address is it, and is it one slip away from a well-known one?"""
    written = shown_domain(target.domain)
    alike = lookalike(target.domain)
    return AddressForm(
        target.domain,
        suggest(str(target.address)) or "",
        written=written if written != target.domain else "",
        looks_like=alike.domain if alike else "",
        mixed_scripts=alike is not None and alike.mixed,
        role=is_role(target.address),
        disposable=is_disposable(target.address),
    )
