"""What a poll is compared with before anything is read is what the page was answered with, whatever befell the case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from diagnostics.domain import Address, DnsStatus, SendOutcome
from diagnostics.models import Case, CaseLink, Incident, LinkKind, Purpose, Run, TestMessage
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.services import messages, runs
from diagnostics.services.cases import mint_link, start_run
from diagnostics.services.standing import standing
from portal.wizard.polling import etag
from tests.agents import make_agent
from tests.diagnostics.taking import claim_group
from tests.portal.wizard.conftest import finish, give, observed, opened, sent

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "progress"}
MX = MxRecords(DnsStatus.OK, (MxHost(10, "mx.example.org"),))


def url(case: Case) -> str:
    return reverse("wizard:case", args=[case.reference])


def nothing(case: Case) -> None:
    pass


def some_answers(case: Case) -> None:
    claim = claim_group(case.runs.get().groups.get(name="dns").pk)
    assert claim
    runs.record(claim, observed(MX))


def our_records(case: Case) -> None:
    claim = claim_group(case.runs.get().groups.get(name="records").pk)
    assert claim
    runs.finish_group(claim)


def to_the_end(case: Case) -> None:
    finish(case, MX)


def second_run(case: Case) -> None:
    finish(case, MX)
    start_run(case)


def long_ago(case: Case) -> None:
    case.runs.update(created_at=timezone.now() - timedelta(seconds=40))


def too_long_ago(case: Case) -> None:
    case.runs.update(created_at=timezone.now() - timedelta(minutes=4))


def asked_for(case: Case) -> None:
    finish(case)
    local_part, _, domain = case.address.partition("@")
    address = Address(local_part, domain)
    messages.request_message(case, purpose=Purpose.PRIMARY, address=address, source="192.0.2.1")


def two_messages(case: Case) -> None:
    finish(case)
    sent(case)
    sent(case, purpose=Purpose.COMPARISON, address="anna@elsewhere.example.org")


def put_off(case: Case) -> None:
    finish(case)
    sent(case, outcome=SendOutcome.DEFERRED, code=451, reply="4.7.1 Greylisted")


def typed(case: Case) -> None:
    finish(case)
    messages.type_code(sent(case), TestMessage.objects.get().code)


def incident(dimension: str, value: str, **said: object) -> Callable[[Case], None]:
    def begins(case: Case) -> None:
        Case.objects.filter(pk=case.pk).update(provider="microsoft-365", gateway="")
        now = timezone.now()
        usual = {"began_at": now, "found_at": now, "usual": 0.02, "share": 0.2, "cases": 6}
        Incident.objects.create(dimension=dimension, value=value, **(usual | said))

    return begins


BEFELL = {
    "nothing": nothing,
    "some answers": some_answers,
    "our records": our_records,
    "the end": to_the_end,
    "a second run": second_run,
    "30 seconds": long_ago,
    "3 minutes": too_long_ago,
    "a message asked for": asked_for,
    "two messages": two_messages,
    "a message put off": put_off,
    "a code typed": typed,
    "its provider's incident": incident("provider", "microsoft-365"),
    "its article's incident": incident("article", "verification"),
    "an incident of ours": incident("all", ""),
    "another provider's incident": incident("provider", "google"),
    "an incident of nobody's gateway": incident("gateway", ""),
    "an incident that hits too few": incident("provider", "microsoft-365", cases=5),
    "an incident that is over": incident("provider", "microsoft-365", ended_at=timezone.now()),
}


@pytest.mark.parametrize("befell", BEFELL.values(), ids=BEFELL)
def test_one_query_knows_what_the_page_was_answered_with(client: Client, befell: Callable[[Case], None]) -> None:
    case = opened(tier=1 if befell is our_records else 0)
    token = give(client, case)
    befell(case)
    full = client.get(url(case))
    found = standing(token, case.reference)
    assert found
    assert etag(found, timezone.now()) == full["ETag"]
    poll = HTMX | {"If-None-Match": full["ETag"]}
    assert client.get(url(case), headers=poll).status_code == 304  # all the way round
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(url(case), headers=poll)
    assert answer.status_code == 304
    assert len(asked) == 1
    assert {name: answer[name] for name in ("ETag", "Cache-Control", "X-Robots-Tag")} == {
        name: full[name] for name in ("ETag", "Cache-Control", "X-Robots-Tag")
    }


@pytest.mark.parametrize("befell", [some_answers, to_the_end, asked_for, incident("all", "")])
def test_a_poll_is_answered_once_something_befell(owner: Client, case: Case, befell: Callable[[Case], None]) -> None:
    before = owner.get(url(case))["ETag"]
    befell(case)
    assert owner.get(url(case), headers=HTMX | {"If-None-Match": before}).status_code == 200


class TestWhoeverHoldsNoLiveLinkLearnsNothing:
    def poll(self, client: Client, case: Case, etag: str) -> int:
        return client.get(url(case), headers=HTMX | {"If-None-Match": etag}).status_code

    def test_without_a_cookie(self, client: Client, owner: Client, case: Case) -> None:
        known = owner.get(url(case))["ETag"]
        owner.cookies.clear()
        assert self.poll(client, case, known) == 404
        assert self.poll(client, case, "*") == 404

    def test_with_another_cases_link(self, client: Client, case: Case) -> None:
        give(client, opened("bert@example.org"))
        ((_, morsel),) = client.cookies.items()
        client.cookies[f"case_{case.reference}"] = morsel.value
        assert self.poll(client, case, "*") == 404

    def test_with_a_link_for_it(self, client: Client, case: Case) -> None:
        client.cookies[f"case_{case.reference}"] = mint_link(case, LinkKind.IT)
        assert self.poll(client, case, "*") == 404

    def test_with_a_link_that_has_ended(self, owner: Client, case: Case) -> None:
        known = owner.get(url(case))["ETag"]
        CaseLink.objects.update(expires_at=timezone.now())
        assert self.poll(owner, case, known) == 404

    def test_where_the_details_were_deleted(self, owner: Client, case: Case) -> None:
        known = owner.get(url(case))["ETag"]
        Case.objects.update(details_deleted_at=timezone.now())
        assert self.poll(owner, case, known) == 410


def test_an_agent_polls_without_a_link(client: Client, case: Case) -> None:
    client.force_login(make_agent())
    known = client.get(url(case))["ETag"]
    assert client.get(url(case), headers=HTMX | {"If-None-Match": known}).status_code == 304


def test_a_section_that_polls_is_told_so_too(owner: Client, case: Case) -> None:
    finish(case, gaps=())
    sent(case)
    path = f"{url(case)}quarantine/"
    known = owner.get(path)["ETag"]
    assert owner.get(path, headers=HTMX | {"If-None-Match": known}).status_code == 304
    Run.objects.update(version=99)
    assert owner.get(path, headers=HTMX | {"If-None-Match": known}).status_code == 200
