"""Who sees what: nothing below tier 1 tells whether a company or an address is on file; from tier 1 on, pages do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics import registry
from diagnostics.domain import Gap, Membership, ProbeGroup, Seen, Vantage
from diagnostics.models import Case, LinkKind
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.domain_proof import DomainProof
from diagnostics.services import runs
from diagnostics.services.cases import mint_link
from diagnostics.services.domain_proof import record_text
from diagnostics.services.runs import evidence_of
from portal.wizard.casefile import read
from portal.wizard.causes import causes
from portal.wizard.for_it import letter
from tests.diagnostics.taking import claim_group
from tests.portal.wizard.conftest import AT, finish, give, opened

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "progress"}
NEAR = "b•••@example.org"


def matched(membership: Membership, near: str = "") -> Seen:
    return Seen(DirectoryMatch, Vantage.SERVER, AT, DirectoryMatch(membership, near))


SILENT = Seen(DirectoryMatch, Vantage.SERVER, AT, gap=Gap.RECORDS_SILENT)
NOT_SET_UP = Seen(DirectoryMatch, Vantage.SERVER, AT, gap=Gap.NOT_SET_UP, applies=False)

KNOWN = matched(Membership.ADMINISTRATOR)
UNKNOWN = matched(Membership.COMPANY_UNKNOWN)
OTHERS = [
    *(matched(one) for one in Membership if one is not Membership.ADMINISTRATOR),
    matched(Membership.NOT_ON_FILE, NEAR),
    replace(SILENT, elapsed_ms=3000),
    NOT_SET_UP,
]
LATE = [ProbeGroup.DNS, ProbeGroup.PORTS, ProbeGroup.DELIVERY, ProbeGroup.RECORDS]
EARLY = [ProbeGroup.RECORDS, *LATE[:-1]]
BETWEEN = [ProbeGroup.DNS, ProbeGroup.RECORDS, ProbeGroup.PORTS, ProbeGroup.DELIVERY]


def url(case: Case, section: str = "") -> str:
    return (
        reverse("wizard:section", args=[case.reference, section])
        if section
        else reverse("wizard:case", args=[case.reference])
    )


def work(case: Case, name: ProbeGroup, *seen: Seen) -> None:
    """What a worker does with one group: what was not seen, was not seen in time."""
    claim = claim_group(case.runs.order_by("-number")[0].groups.get(name=name).pk)
    assert claim is not None
    mine = [probe.observes for probe in registry.probes() if probe.group is name]
    told = [one for one in seen if one.kind in mine]
    silent = [kind for kind in mine if kind not in {one.kind for one in told}]
    assert runs.record(claim, [*told, *(Seen(kind, Vantage.SERVER, AT, gap=Gap.TIMED_OUT) for kind in silent)])
    runs.finish_group(claim)
    case.refresh_from_db()


def without_names(text: str, case: Case, client: Client) -> str:
    """The text without what differs from any case to any other: reference, run, links and form tokens."""
    for token in [cookie.value for cookie in client.cookies.values()]:
        text = text.replace(token, "TOKEN")
    text = text.replace(record_text(case), "PROOF").replace(case.reference, "REFERENCE")
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "CSRF", text)
    run = case.runs.get()
    return (
        text.replace(f'"{run.pk}-', '"RUN-')
        .replace(f"&quot;{run.pk}-", "&quot;RUN-")
        .replace(f'\\"{run.pk}-', '\\"RUN-')
    )


def told(response: Any, case: Case, client: Client) -> tuple[object, ...]:
    """All that a visitor could tell two answers apart by."""
    body = without_names(response.content.decode(), case, client)
    headers = {name: without_names(value, case, client) for name, value in response.items()}
    headers.pop("Content-Length", None)
    cookies = {name.replace(case.reference, "") for name in response.cookies}
    return response.status_code, len(body), body, headers, cookies


def life_of_a_case(match: Seen, order: list[ProbeGroup]) -> list[tuple[object, ...]]:
    """Everything that a browser is told from opening a case to its end, and after each group a poll and all pages."""
    client = Client()
    case = opened("anna@example.org", "timeclock", source=f"192.0.2.{Case.objects.count() + 1}")
    give(client, case)
    seen: list[tuple[object, ...]] = []
    etag = client.get(url(case))["ETag"]
    for name in order:
        work(case, name, match)
        for _ in range(2):
            poll = client.get(url(case), headers=HTMX | {"If-None-Match": etag})
            seen.append(told(poll, case, client))
            etag = poll["ETag"]
        seen += [told(client.get(url(case, section)), case, client) for section in ("", "company-id", "compare")]
    run = case.runs.get()
    it = client.get(reverse("wizard:it", args=[mint_link(case, LinkKind.IT)]))
    seen.append((run.version, run.finished_at, run.diagnosis, it.status_code, len(it.content)))
    return seen


@pytest.mark.parametrize(
    ("order", "others"),
    [(LATE, OTHERS), (EARLY, [UNKNOWN, SILENT]), (BETWEEN, [UNKNOWN, SILENT])],
    ids=["directory last", "directory first", "directory in between"],
)
@pytest.mark.slow
def test_below_tier_1_on_file_and_not_on_file_look_the_same_at_every_moment(
    order: list[ProbeGroup], others: list[Seen]
) -> None:
    with time_machine.travel(AT + timedelta(seconds=5), tick=False):
        known = life_of_a_case(KNOWN, order)
        for other in others:
            assert life_of_a_case(other, order) == known, other


def test_a_directory_that_answers_late_changes_nothing_and_is_not_waited_for(client: Client) -> None:
    case = opened()
    give(client, case)
    for name in LATE[:-1]:
        work(case, name)
    before, run = client.get(url(case)), case.runs.get()
    assert run.finished
    work(case, ProbeGroup.RECORDS, UNKNOWN)
    after = client.get(url(case), headers=HTMX | {"If-None-Match": before["ETag"]})
    assert after.status_code == 304
    run.refresh_from_db()
    assert (run.version, run.finished_at) == (case.runs.get().version, case.runs.get().finished_at)
    assert run.full_version > run.version


def test_the_comparison_would_notice_a_difference() -> None:
    """The same customer at tier 1: here, where it may, the answer makes a difference."""
    bodies = []
    for match in (KNOWN, UNKNOWN):
        client, case = Client(), opened(tier=1, source=f"192.0.2.{Case.objects.count() + 1}")
        give(client, case)
        for name in LATE:
            work(case, name, match)
        bodies.append(without_names(client.get(url(case, "address")).content.decode(), case, client))
    assert bodies[0] != bodies[1]


@pytest.mark.parametrize(
    ("match", "headline"),
    [
        (DirectoryMatch(Membership.COMPANY_UNKNOWN), "This company ID is not the right one: no code is sent."),
        (DirectoryMatch(Membership.OTHER_COMPANY), "We know this address, but with another company ID."),
        (
            DirectoryMatch(Membership.NOT_ON_FILE),
            "This address is not on the account, so it gets no code.",
        ),
        (DirectoryMatch(Membership.NOT_ADMINISTRATOR), "This address is on the account, but it may not receive codes."),
    ],
    ids=lambda value: value.membership if isinstance(value, DirectoryMatch) else "",
)  # fmt: skip
def test_a_signed_link_shows_what_the_directory_says(client: Client, match: DirectoryMatch, headline: str) -> None:
    case = opened(slug="timeclock", tier=1)
    give(client, case)
    finish(case, match)
    overview = client.get(url(case)).context["overview"]
    assert overview.headline == headline
    assert overview.next_step.section.slug == "company-id"
    assert (overview.route[0].status, overview.route[0].note) == ("problem", "send no code to this address")


def test_a_similar_address_is_shown_masked_and_never_whole(client: Client) -> None:
    case = opened(slug="timeclock", tier=1)
    give(client, case)
    finish(case, DirectoryMatch(Membership.NOT_ON_FILE, NEAR))
    text = client.get(url(case, "company-id")).content.decode()
    assert f"An address on file is very like the one you gave: {NEAR}." in text
    assert "A similar address on file" in text
    assert set(re.findall(r"[\w.•]+@example\.org", text)) <= {NEAR, "anna@example.org"}


def test_an_administrator_on_file_is_one_question_answered(client: Client) -> None:
    case = opened(slug="timeclock", tier=1)
    give(client, case)
    finish(case, DirectoryMatch(Membership.ADMINISTRATOR))
    text = client.get(url(case, "company-id")).content.decode()
    assert "Do our records have this address as an administrator of this company?" in text
    assert "an administrator’s address on this company’s account" in text


def test_a_silent_directory_is_our_limit(client: Client) -> None:
    case = opened(slug="timeclock", tier=1)
    give(client, case)
    for name in LATE:
        work(case, name, SILENT)
    assert "Our own records could not be asked right now." in client.get(url(case, "company-id")).content.decode()


class TestProofOfTheDomain:
    def test_is_offered_with_the_record_to_publish(self, owner: Client, case: Case) -> None:
        text = owner.get(url(case)).content.decode()
        assert "Prove that the domain is yours" in text
        assert "_portal-check.example.org" in text
        assert record_text(case) in text

    def test_is_not_offered_where_there_is_nothing_to_gain(self, client: Client, settings) -> None:
        for case in (opened("anna@gmail.com"), opened("bert@example.org", tier=1, source="192.0.2.2")):
            give(client, case)
            assert "Prove that the domain" not in client.get(url(case)).content.decode()
        settings.LAB, settings.DIRECTORY = False, ""
        case = opened("carla@example.org", source="192.0.2.3")
        give(client, case)
        assert "Prove that the domain" not in client.get(url(case)).content.decode()

    def test_is_not_for_the_page_for_it_whose_reader_need_not_be_the_customer(self, client: Client, case: Case) -> None:
        text = client.get(reverse("wizard:it", args=[mint_link(case, LinkKind.IT)])).content.decode()
        assert record_text(case) not in text

    def test_once_it_is_found_the_page_says_what_the_directory_knows(self, owner: Client, case: Case) -> None:
        etag = owner.get(url(case))["ETag"]
        token = record_text(case).partition("=")[2]
        proof = Seen(DomainProof, Vantage.SERVER, timezone.now(), DomainProof("example.org", (token,)))
        match = Seen(DirectoryMatch, Vantage.SERVER, timezone.now(), DirectoryMatch(Membership.NOT_ADMINISTRATOR))
        work(case, ProbeGroup.RECORDS, match)
        assert owner.get(url(case), headers=HTMX | {"If-None-Match": etag}).status_code == 304
        work(case, ProbeGroup.DNS, proof)
        poll = owner.get(url(case), headers=HTMX | {"If-None-Match": etag})
        assert "This address is on the account, but it may not receive codes." in poll.content.decode()
        assert "Prove that the domain" not in owner.get(url(case)).content.decode()

    @pytest.mark.parametrize(
        "match",
        [
            DirectoryMatch(Membership.COMPANY_UNKNOWN),
            DirectoryMatch(Membership.OTHER_COMPANY),
            DirectoryMatch(Membership.NOT_ON_FILE, NEAR),
        ],
        ids=["no such company", "another company's", "a similar address"],
    )
    def test_tells_a_domain_s_owner_neither_who_is_a_company_nor_who_else_is_on_it(
        self, owner: Client, case: Case, match: DirectoryMatch
    ) -> None:
        token = record_text(case).partition("=")[2]
        work(case, ProbeGroup.RECORDS, Seen(DirectoryMatch, Vantage.SERVER, timezone.now(), match))
        work(
            case,
            ProbeGroup.DNS,
            Seen(DomainProof, Vantage.SERVER, timezone.now(), DomainProof("example.org", (token,))),
        )
        case.refresh_from_db()
        file = read(case)
        assert [cause.tag for cause in causes(file)] == ["address.not-on-file"]
        assert file.evidence[DirectoryMatch] == DirectoryMatch(Membership.NOT_ON_FILE)
        assert evidence_of(case.runs.get())[DirectoryMatch] == match
        text = owner.get(url(case, "company-id")).content.decode()
        assert NEAR not in text
        assert "company_unknown" not in text


def test_the_letter_to_it_says_nothing_of_our_records(client: Client) -> None:
    case = opened(tier=1)
    give(client, case)
    for name in ProbeGroup:
        work(case, name, *([matched(Membership.NOT_ON_FILE)] if name is ProbeGroup.RECORDS else []))
    file = read(case)
    assert "address.not-on-file" in [cause.tag for cause in causes(file)]
    assert "not on the account" not in letter(file, "https://portal.example.org/it/x/").body
