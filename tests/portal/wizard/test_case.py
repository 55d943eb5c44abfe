from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics.domain import DnsStatus, SendOutcome
from diagnostics.models import Case
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.probes.test_message import Whereabouts
from diagnostics.services import messages
from diagnostics.services.cases import start_run
from tests.portal.wizard.conftest import finish, give, opened, sent

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "progress"}


def url(case: Case) -> str:
    return reverse("wizard:case", args=[case.reference])


def domain_gone(case: Case) -> tuple[object, ...]:
    return DomainStatus(case.domain, exists=False, confirmed_by=2), MxRecords(DnsStatus.NO_SUCH_NAME)


def test_while_the_run_is_unfinished_the_page_polls_and_offers_a_link(owner: Client, case: Case) -> None:
    response = owner.get(url(case))
    assert f'hx-get="{url(case)}"' in response.content.decode()
    assert "Show the latest results" in response.content.decode()
    assert "We are checking the way of your e-mail." in response.content.decode()


def test_a_finished_run_is_not_polled_any_more(owner: Client, case: Case) -> None:
    finish(case, *domain_gone(case))
    assert "hx-get" not in owner.get(url(case)).content.decode()


def test_the_headline_says_the_cause_how_sure_and_who(owner: Client, case: Case) -> None:
    finish(case, *domain_gone(case))
    overview = owner.get(url(case)).context["overview"]
    assert overview.headline == "example.org does not exist on the internet."
    assert overview.cause.sureness == "We are sure."
    assert overview.next_step.section.slug == "address"


def test_unanswered_questions_are_our_limit_and_are_listed_with_their_reason(owner: Client, case: Case) -> None:
    finish(case)
    response = owner.get(url(case))
    overview = response.context["overview"]
    assert overview.headline == "We could not find out. This is our limit, not your fault."
    assert overview.verdict == "inconclusive"
    assert "No answer came in the time that we allow." in response.content.decode()
    assert "Fine" not in [row.word for row in overview.rows]


def test_accepted_and_not_yet_answered_asks_where_the_message_is(owner: Client, case: Case) -> None:
    finish(case, MailSystem(gateway="mimecast"))
    sent(case)
    overview = owner.get(url(case)).context["overview"]
    assert overview.headline.startswith("Your mail server accepted our message at ")
    assert overview.next_step.text == "Look for our test message, then tell us where you found it."
    assert overview.route[-1].status == "not_checked"
    messages.answer_whereabouts(case.test_messages.get(), Whereabouts.NOWHERE)
    overview = owner.get(url(case)).context["overview"]
    assert overview.headline.startswith("The filter in front of your mailbox probably holds our message")
    assert [stop.status for stop in overview.route if stop.name == "Mimecast"] == ["problem"]


def test_a_refusal_of_its_own_leads_it_to_the_page_for_it(owner: Client, case: Case) -> None:
    finish(case)
    sent(case, outcome=SendOutcome.REFUSED, code=550, reply="5.7.1 Message rejected due to local policy")
    overview = owner.get(url(case)).context["overview"]
    assert overview.cause.tag == "policy.refused"
    assert "it-pack" in overview.next_step.section.blocks


class TestPolling:
    def test_gets_the_part_that_changes_and_nothing_around_it(self, owner: Client, case: Case) -> None:
        text = owner.get(url(case), headers=HTMX).content.decode()
        assert text.strip().startswith('<div id="progress"')
        assert "<html" not in text

    def test_is_answered_with_304_until_something_changes(self, owner: Client, case: Case) -> None:
        etag = owner.get(url(case))["ETag"]
        assert owner.get(url(case), headers=HTMX | {"If-None-Match": etag}).status_code == 304
        finish(case)
        assert owner.get(url(case), headers=HTMX | {"If-None-Match": etag}).status_code == 200

    def test_notices_what_happens_to_a_test_message(self, owner: Client, case: Case) -> None:
        finish(case)
        message = sent(case)
        etag = owner.get(url(case))["ETag"]
        messages.answer_whereabouts(message, Whereabouts.SPAM)
        assert owner.get(url(case))["ETag"] != etag

    def test_a_reload_is_always_answered_in_full(self, owner: Client, case: Case) -> None:
        etag = owner.get(url(case))["ETag"]
        assert owner.get(url(case), headers={"If-None-Match": etag}).status_code == 200

    @pytest.mark.parametrize(
        ("waited", "slow", "polls"),
        [(timedelta(seconds=5), False, True), (timedelta(seconds=31), True, True), (timedelta(minutes=3), True, False)],
        ids=["at first", "after 30 seconds", "after 3 minutes"],
    )
    def test_says_when_it_takes_long_and_ends_after_three_minutes(
        self, owner: Client, case: Case, waited: timedelta, slow: bool, polls: bool
    ) -> None:
        case.runs.update(created_at=timezone.now() - waited)
        text = owner.get(url(case)).content.decode()
        assert ("taking longer than usual" in text) is slow
        assert ("hx-get" in text) is polls
        assert "Show the latest results" in text


@pytest.mark.parametrize("runs", [1, 4], ids=["one run", "four runs"])
@pytest.mark.parametrize("path", ["", "quarantine/", "spam-folder/"], ids=["home", "quarantine", "spam folder"])
def test_the_number_of_queries_does_not_grow_with_the_case(
    client: Client, django_assert_num_queries, runs: int, path: str
) -> None:
    case = opened()
    give(client, case)
    finish(case, MailSystem(gateway="proofpoint", mailbox_provider="microsoft-365"))
    sent(case)
    for _ in range(runs - 1):
        start_run(case)
        finish(case, MxRecords(DnsStatus.OK, (MxHost(10, "mx.example.org"),)))
    before = 2 if runs > 1 and not path else 0  # what changed: the run before, and what was known then
    look = 0 if path else 1  # that somebody looked at the home is kept
    # Link and case; run, test messages and incident; what is known (evidence, groups and our own side at once).
    with django_assert_num_queries(3 + before + look):
        client.get(url(case) + path)


def test_the_route_does_not_call_fine_what_nobody_looked_at(owner: Client, case: Case) -> None:
    finish(case, MailSystem(gateway="mimecast"), DomainStatus(case.domain, exists=True), MxAddresses(()))
    stops = {stop.name: str(stop.status) for stop in owner.get(url(case)).context["overview"].route}
    assert stops == {
        "Our servers": "not_checked",
        "Mimecast": "could_not_check",
        "Your mail server": "not_checked",
        "Your mailbox": "not_checked",
    }


def test_the_page_shows_the_link_to_come_back_with(client: Client, case: Case, settings) -> None:
    token = give(client, case)
    assert f"{settings.PORTAL_URL}/c/{token}/" in client.get(url(case)).content.decode()


def test_an_agent_sees_the_case_without_the_customers_link(admin_client: Client, case: Case) -> None:
    assert "/c/" not in admin_client.get(url(case)).content.decode()
