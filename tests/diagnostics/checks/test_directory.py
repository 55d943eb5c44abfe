"""What the directory's answer proves, and at which tier it counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.checks.directory import PROVED_BY, code_goes_to_this_address
from diagnostics.domain import Evidence, Gap, Membership, Seen, Status, Strength, Vantage, Who
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.remedies import filled, remedies
from diagnostics.verdicts import diagnose

P, H, R = Strength.PROVES, Strength.HINTS, Strength.RULES_OUT
CAUSES = {tag: remedy.cause for tag, remedy in remedies().items()}
NEAR = "a•••@example.org"


def seen(match: DirectoryMatch | None, gap: Gap | None = None, *, applies: bool = True) -> Evidence:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return Evidence([Seen(DirectoryMatch, Vantage.SERVER, now, match, gap, applies)])


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (DirectoryMatch(Membership.COMPANY_UNKNOWN), [("company.unknown", P)]),
        (DirectoryMatch(Membership.OTHER_COMPANY), [("address.other-company", P)]),
        (DirectoryMatch(Membership.NOT_ON_FILE), [("address.not-on-file", P)]),
        (DirectoryMatch(Membership.NOT_ON_FILE, NEAR), [("address.not-on-file", P), ("address.near-match", H)]),
        (DirectoryMatch(Membership.NOT_ADMINISTRATOR), [("address.not-administrator", P)]),
        (
            DirectoryMatch(Membership.ADMINISTRATOR),
            [(tag, R) for tag in (*PROVED_BY.values(), "address.near-match")],
        ),
    ],
    ids=lambda value: f"{value.membership}{value.near and ' near'}" if isinstance(value, DirectoryMatch) else None,
)
def test_the_directory_proves(match: DirectoryMatch, expected: list[tuple[str, Strength]]) -> None:
    assert [(finding.tag, finding.strength) for finding in code_goes_to_this_address(match)] == expected


@pytest.mark.parametrize(
    ("tag", "who"),
    [
        ("company.unknown", (Who.USER,)),
        ("address.other-company", (Who.USER,)),
        ("address.near-match", (Who.USER,)),
        ("address.not-on-file", (Who.USER, Who.VENDOR)),
        ("address.not-administrator", (Who.USER, Who.VENDOR)),
    ],
)
def test_who_can_fix_it(tag: str, who: tuple[Who, ...]) -> None:
    assert CAUSES[tag].who == who


def test_the_masked_address_is_shown_where_there_is_one() -> None:
    texts = filled(remedies()["address.near-match"], {"near": NEAR})
    assert texts.headline.endswith(f"{NEAR}.")
    assert "like yours" not in filled(remedies()["address.not-on-file"], {}).meaning


@pytest.mark.parametrize(
    ("gap", "applies", "status"),
    [
        (Gap.RECORDS_SILENT, True, Status.COULD_NOT_CHECK),
        (Gap.NOT_SET_UP, False, Status.DOES_NOT_APPLY),
    ],
)
def test_silence_is_could_not_check(gap: Gap, applies: bool, status: Status) -> None:
    answer = diagnose(seen(None, gap, applies=applies), causes=CAUSES).answer("directory")
    assert answer is not None
    assert (answer.status, answer.gap, answer.findings) == (status, gap, ())


@pytest.mark.parametrize("membership", Membership)
def test_at_tier_0_neither_question_nor_answer_exist(membership: Membership) -> None:
    diagnosis = diagnose(seen(DirectoryMatch(membership, NEAR)), causes=CAUSES, tier=0)
    assert diagnosis == diagnose(Evidence(), causes=CAUSES, tier=0)
    assert diagnosis.answer("directory") is None
