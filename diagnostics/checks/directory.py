"""Is the code sent to this address at all?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Membership, hints, proves, rules_out
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.registry import check

PROVED_BY = {
    Membership.COMPANY_UNKNOWN: "company.unknown",
    Membership.OTHER_COMPANY: "address.other-company",
    Membership.NOT_ON_FILE: "address.not-on-file",
    Membership.NOT_ADMINISTRATOR: "address.not-administrator",
}


@check(DirectoryMatch, answers="directory", emits={*PROVED_BY.values(), "address.near-match"})
def code_goes_to_this_address(match: DirectoryMatch) -> Iterator[Finding]:
    """Codes go to administrators on file only. That another address there is very like the typed one is a hint."""
    tag = PROVED_BY.get(match.membership)
    if tag is None:
        yield from (rules_out(one) for one in (*PROVED_BY.values(), "address.near-match"))
        return
    near = {"near": match.near} if match.near else {}
    yield proves(tag, **near)
    if near:
        yield hints("address.near-match", **near)
