"""Tier 1 by DNS: the right token under the right domain opens one case, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from diagnostics.domain import Address, ProbeGroup, Seen, Vantage
from diagnostics.models import Case
from diagnostics.probes.domain_proof import DomainProof
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.domain_proof import can_be_proven, record_name, record_text
from diagnostics.services.runs import finish_group, record
from tests.diagnostics.taking import claim_group


def play(case: Case, proof: DomainProof | None, group: ProbeGroup = ProbeGroup.DNS) -> None:
    """What a worker does with the newest run's group, where the probe saw this."""
    claim = claim_group(case.runs.order_by("-number")[0].groups.get(name=group).pk)
    assert claim is not None
    if proof:
        assert record(claim, [Seen(DomainProof, Vantage.SERVER, timezone.now(), proof)])
    finish_group(claim)
    case.refresh_from_db()


def token(case: Case) -> str:
    return record_text(case).removeprefix("portal-check=")


def test_the_record_stands_under_the_domain_and_is_the_case_s_own(case: Case, report: Report) -> None:
    other = open_case(replace(report, source="192.0.2.10"))
    assert record_name(case) == record_name(other) == "_portal-check.example.org"
    assert record_text(case) == record_text(Case.objects.get(pk=case.pk))
    assert record_text(case) != record_text(other)
    assert case.reference.lower() not in record_text(case).lower()


def test_the_case_s_token_raises_its_tier(case: Case) -> None:
    play(case, DomainProof("example.org", ("something-else", token(case))))
    assert case.tier == 1


def test_pages_of_the_new_tier_never_bear_the_number_of_an_old_one(case: Case) -> None:
    play(case, DomainProof("example.org", (token(case),)))
    run = case.runs.get()
    assert run.full_version > run.version


@pytest.mark.parametrize(
    "tokens",
    [(), ("",), ("0" * 32,), ("ä" * 32,)],
    ids=["none", "empty", "wrong", "not ASCII"],
)
def test_no_other_token_does(case: Case, tokens: tuple[str, ...]) -> None:
    play(case, DomainProof("example.org", tokens))
    assert case.tier == 0


def test_a_part_of_the_token_is_not_the_token(case: Case) -> None:
    play(case, DomainProof("example.org", (token(case)[:-1], f"{token(case)}0", token(case).upper())))
    assert case.tier == 0


def test_another_case_s_token_does_not(case: Case, report: Report) -> None:
    other = open_case(replace(report, source="192.0.2.10"))
    play(case, DomainProof("example.org", (token(other),)))
    other.refresh_from_db()
    assert (case.tier, other.tier) == (0, 0)


def test_a_token_found_under_another_domain_does_not(case: Case) -> None:
    play(case, DomainProof("example.net", (token(case),)))
    assert case.tier == 0


def test_a_silent_resolver_does_not(case: Case) -> None:
    play(case, None)
    assert case.tier == 0


def test_a_proof_may_come_with_a_later_run_and_outlasts_the_record(case: Case) -> None:
    for group in ProbeGroup:
        play(case, DomainProof("example.org") if group is ProbeGroup.DNS else None, group)
    assert case.tier == 0
    start_run(case)
    for group in ProbeGroup:
        play(case, DomainProof("example.org", (token(case),)) if group is ProbeGroup.DNS else None, group)
    assert case.tier == 1
    start_run(case)
    play(case, DomainProof("example.org"))
    assert case.tier == 1


def test_a_new_case_of_the_same_customer_starts_anew(case: Case, report: Report) -> None:
    play(case, DomainProof("example.org", (token(case),)))
    again = open_case(replace(report, source="192.0.2.10"))
    play(again, DomainProof("example.org", (token(case),)))
    assert again.tier == 0


def test_a_domain_that_a_provider_s_customers_share_is_nobody_s(report: Report, db: None) -> None:
    case = open_case(replace(report, address=Address("anna", "gmail.com")))
    assert not can_be_proven(case)
    play(case, DomainProof("gmail.com", (token(case),)))
    assert case.tier == 0


def test_a_token_made_under_an_earlier_secret_key_still_counts(case: Case, settings) -> None:
    before = token(case)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "kX9-vQ2mZr7Lw4TfYh8Jb3NcPd6Sg1Ae5Uo0Ri_xMyWzEqHtBnCs"
    assert token(case) != before
    play(case, DomainProof("example.org", (before,)))
    assert case.tier == 1
