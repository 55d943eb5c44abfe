"""DMARC: a From domain's policy and whom it counts as itself (RFC 7489)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.addresses import registered_domain
from diagnostics.health.signing_key import tags_of

POLICIES = frozenset({"none", "quarantine", "reject"})


@dataclass(frozen=True, slots=True)
class Policy:
    """`request` is none, quarantine or reject; empty where there is no policy to go by, and `fault` says why."""

    request: str = ""
    strict_spf: bool = False
    strict_dkim: bool = False
    fault: str = ""

    @property
    def enforced(self) -> bool:
        """Whether the domain asks receivers to keep back what fails."""
        return self.request in ("quarantine", "reject")


def read_policy(texts: Iterable[str], *, of_organisation: bool = False) -> Policy:
    """The policy among TXT records; takes any texts and never raises.

    `of_organisation` where the record stands at the organisational domain, whose `sp` is for its subdomains.
    """
    found = [tags for text in texts if (tags := tags_of(text)).get("v") == "DMARC1" and next(iter(tags)) == "v"]
    if not found:
        return Policy(fault="no DMARC record")
    if len(found) > 1:  # RFC 7489 section 6.6.3: as if there were none
        return Policy(fault="more than one DMARC record")
    tags = found[0]
    request = tags.get("p", "").lower()
    if of_organisation:
        request = tags.get("sp", request).lower()
    if request not in POLICIES:
        if "rua" not in tags:
            return Policy(fault="the record asks for nothing that is known")
        request = "none"  # RFC 7489 section 6.6.3
    return Policy(request, tags.get("aspf", "r").lower() == "s", tags.get("adkim", "r").lower() == "s")


def aligned(author: str, authenticated: str, *, strict: bool) -> bool:
    """Whether the domain that passed counts as the From domain (RFC 7489 section 3.1)."""
    author, authenticated = author.lower(), authenticated.lower()
    return author == authenticated or (not strict and organisation(author) == organisation(authenticated))


def organisation(domain: str) -> str:
    """The organisational domain (RFC 7489 section 3.2): one label below the public suffix."""
    return registered_domain(domain.lower())
