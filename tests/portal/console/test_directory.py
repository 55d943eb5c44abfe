"""Agents see what the vendor's directory says, whatever the case's tier; a similar address is masked for them too."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from diagnostics.domain import Gap, Membership, ProbeGroup, Seen, Vantage
from diagnostics.models import Case
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.services.runs import finish_group, record
from tests.diagnostics.taking import claim_group
from tests.portal.console.conftest import OpenCase


def page(console: Client, case: Case, seen: Seen) -> str:
    for group in case.runs.get().groups.order_by("pk"):
        claim = claim_group(group.pk)
        assert claim
        if group.name == ProbeGroup.RECORDS:
            assert record(claim, [seen])
        finish_group(claim)
    return console.get(f"/console/cases/{case.reference}/").content.decode()


def test_the_history_tells_the_directory_s_answer_at_tier_0(console: Client, open_one: OpenCase) -> None:
    match = DirectoryMatch(Membership.NOT_ON_FILE, "b•••@example.org")
    text = page(console, open_one(), Seen(DirectoryMatch, Vantage.SERVER, timezone.now(), match))
    for expected in ("Our records", "DirectoryMatch", "not on file", "b•••@example.org", "address.not-on-file"):
        assert expected in text


def test_a_silent_directory_is_told_with_its_reason(console: Client, open_one: OpenCase) -> None:
    silent = Seen(DirectoryMatch, Vantage.SERVER, timezone.now(), gap=Gap.RECORDS_SILENT, detail="status 503")
    text = page(console, open_one(), silent)
    assert "Our directory or sending service gave no usable answer." in text
    assert "status 503" in text
