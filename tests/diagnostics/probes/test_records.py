"""Probes of the vendor's own records, and of the proof that opens them to the customer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from diagnostics import registry
from diagnostics.domain import DirectoryAnswer, DnsStatus, Evidence, Gap, Membership, Target, Unobserved
from diagnostics.net.live import NoRecords
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.domain_proof import DomainProof
from diagnostics.runner import observe
from tests.diagnostics.networks import WrittenNetwork, target

NAME = ("_portal-check.example.org", "TXT")


async def evidence_for(kind: type[object], net: WrittenNetwork) -> Evidence:
    probe = registry.probe_for(kind)
    assert probe is not None
    return await observe([probe], target(), net)


@dataclass(frozen=True)
class OnFile(NoRecords):
    answer: DirectoryAnswer | None

    async def directory(self, target: Target) -> DirectoryAnswer:
        if self.answer is None:
            raise Unobserved(Gap.RECORDS_SILENT, "status 500")
        return self.answer


async def test_of_a_similar_address_no_more_is_kept_than_may_be_shown() -> None:
    records = OnFile(DirectoryAnswer(Membership.NOT_ON_FILE, "annabel@example.org"))
    match = (await evidence_for(DirectoryMatch, WrittenNetwork(records=records)))[DirectoryMatch]
    assert match == DirectoryMatch(Membership.NOT_ON_FILE, "a•••@example.org")


@pytest.mark.parametrize(
    ("records", "gap", "applies"),
    [(OnFile(None), Gap.RECORDS_SILENT, True), (NoRecords(), Gap.NOT_SET_UP, False)],
    ids=["silent", "none set up"],
)
async def test_without_an_answer_there_is_no_match(records: NoRecords, gap: Gap, applies: bool) -> None:
    seen = (await evidence_for(DirectoryMatch, WrittenNetwork(records=records))).latest(DirectoryMatch)
    assert seen is not None
    assert (seen.observation, seen.gap, seen.applies) == (None, gap, applies)


def test_the_directory_is_private_and_the_proof_is_public() -> None:
    assert (registry.tier_of(DirectoryMatch), registry.tier_of(DomainProof)) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        (('"portal-check=abc123"',), ("abc123",)),
        (('"portal-check= abc123 "', '"v=spf1 -all"', '"portal-check=other"'), ("abc123", "other")),
        (('"portal-" "check=abc" "123"',), ("abc123",)),
        (('"abc123"', '"PORTAL-CHECK=abc123"', '""'), ()),
        ((f'"portal-check={"a" * 500}"',), ("a" * 64,)),
        (tuple(f'"portal-check={number}"' for number in range(40)), tuple(str(number) for number in range(10))),
        (DnsStatus.NO_SUCH_NAME, ()),
        (DnsStatus.NO_DATA, ()),
    ],
    ids=["one", "several", "in pieces", "other texts", "too long", "too many", "no such name", "no TXT"],
)  # fmt: skip
async def test_every_token_under_the_domain_is_written_down(answer, tokens: tuple[str, ...]) -> None:
    found = await evidence_for(DomainProof, WrittenNetwork({NAME: answer}))
    assert found[DomainProof] == DomainProof("example.org", tokens)


async def test_a_silent_resolver_proves_nothing_and_denies_nothing() -> None:
    seen = (await evidence_for(DomainProof, WrittenNetwork({NAME: DnsStatus.UNANSWERED}))).latest(DomainProof)
    assert seen is not None
    assert seen.gap is Gap.RESOLVER_SILENT
