"""Cases through the real web, dispatcher, worker, PostgreSQL, Valkey and lab, by customers without a browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from diagnostics.articles import articles
from diagnostics.asking import QUESTIONS
from diagnostics.codec import encode
from diagnostics.domain import Verdict
from diagnostics.lab import scenarios
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.lab.trial import AT_ONCE
from diagnostics.remedies import remedies
from portal.wizard import words
from tests.customer import Answer, Customer, eventually
from tests.e2e.conftest import ROOT, Portal

pytestmark = pytest.mark.slow
LOOKS = {"diagnostics_caseview", "diagnostics_auditentry"}
"""That somebody looked at a case is kept."""
CLOCK = {"diagnostics_heartbeat", "diagnostics_outcome", "diagnostics_outcomecount", "diagnostics_valuewatch"}
"""Tables that are written every minute, whoever looks."""
BOUNCES = "SELECT count(*) FROM diagnostics_observationrecord WHERE kind = 'BounceReport'"
PATIENCE = 45.0
"""Seconds for all of the lab's cases together; the slowest group alone may take 25."""

NAMES = {
    "nothing was sent": "address-typo asked-too-often code-comes-late homograph typo-with-mail",
    "cannot be routed": "dnssec-bogus domain-gone lame-delegation mx-closed mx-literal mx-of-two-systems null-mx",
    "refused": "bare-code blocklisted custom-rule-google full-in-spanish group-closed mx-refuses-us tls-required",
    "refused, and found out later": "bounced-behind-a-forward bounced-full greylisted put-off-once stuck-inside",
    "hidden": "gone-without-a-filter held-by-mimecast in-another-tab in-quarantine in-spam only-the-second-arrives",
    "the code itself": "clock-goes-wrong older-code-typed",
    "on our side": "our-host-down our-spf",
    "healthy": "fine fine-behind-a-filter fine-with-a-long-banner implicit-mx trouble-passed",
    "nobody can know": "hangs-up open-half-silent-servers open-lost-before-the-name resolver-silent",
}
"""What a customer of the wizard meets, of every kind; `manage.py accuracy` plays all the others."""
CHOSEN = tuple(one for one in scenarios() if one.slug in " ".join(NAMES.values()).split())
ENDED = {scenario.slug: scenario for scenario in CHOSEN}
QUESTION_OF = {question.kind: question.slug for question in QUESTIONS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario came to, in the database and on the customer's page."""

    cause: str
    verdict: str
    page: Answer


@pytest.fixture(scope="module")
def outcomes(portal: Portal) -> dict[str, Outcome]:
    """Every chosen scenario's case, many under way at once."""
    # Else a case may be over before our own side was looked at for the first time, and says that it is not known.
    vendors = {articles()[scenario.article].vendor for scenario in CHOSEN}
    eventually(lambda: looked_at(portal) >= vendors, PATIENCE, lambda: looked_at(portal))
    customers = {scenario.slug: Customer(portal.url) for scenario in CHOSEN}
    for scenario in CHOSEN:
        eventually(lambda: len(unfinished_cases(portal)) < AT_ONCE, PATIENCE, lambda: unfinished_cases(portal))
        customers[scenario.slug].report(scenario.article, scenario.address)
    eventually(lambda: not unfinished_runs(portal), PATIENCE, lambda: unfinished_runs(portal))

    senders = [scenario for scenario in CHOSEN if scenario.sends_message]
    for scenario in senders:
        customers[scenario.slug].ask_for_message(scenario.article)
    eventually(lambda: not unfinished_messages(portal), PATIENCE, lambda: unfinished_messages(portal))
    for scenario in senders:
        if scenario.compares_with:
            customers[scenario.slug].compare_with(scenario.article, scenario.compares_with)
    eventually(lambda: not unfinished_messages(portal), PATIENCE, lambda: unfinished_messages(portal))
    returned = sum(any(isinstance(part, Smtp) and part.bounces for part in one.hosts.values()) for one in senders)
    eventually(lambda: portal.query(BOUNCES) == [(returned,)], PATIENCE, lambda: portal.query(BOUNCES))
    for scenario in CHOSEN:
        answer(portal, customers[scenario.slug], scenario)
    return {slug: outcome(portal, customer) for slug, customer in customers.items()}


def answer(portal: Portal, customer: Customer, scenario: Scenario) -> None:
    if scenario.customer_says == "arrived":
        customer.type_code(scenario.article, code_in(portal.mails(scenario.address)[-1]))
    elif scenario.customer_says:
        customer.say_where(scenario.article, scenario.customer_says)
    if scenario.compares_with:
        customer.type_second_code(scenario.article, code_in(portal.mails(scenario.compares_with)[-1]))
    for told in scenario.reports:
        given = encode(told)
        customer.tell(QUESTION_OF[type(told)], given["answer"])


def outcome(portal: Portal, customer: Customer) -> Outcome:
    ((cause, verdict),) = portal.query(
        "SELECT r.cause, r.verdict FROM diagnostics_run r JOIN diagnostics_case c ON c.id = r.case_id"
        " WHERE c.reference = %s",
        customer.reference,
    )
    return Outcome(str(cause), str(verdict), customer.get(customer.case))


def looked_at(portal: Portal) -> set[object]:
    """The vendors whose own side was looked at."""
    return {vendor for (vendor,) in portal.query("SELECT DISTINCT vendor FROM diagnostics_vendorhealthrecord")}


def unfinished_runs(portal: Portal) -> list[tuple[object, ...]]:
    """Groups still at work, also those that no public page waits for."""
    return portal.query(
        "SELECT c.domain, g.name, g.state, g.attempt FROM diagnostics_group g JOIN diagnostics_run r ON r.id = run_id"
        " JOIN diagnostics_case c ON c.id = r.case_id WHERE g.state NOT IN ('done', 'failed')"
    )


def unfinished_cases(portal: Portal) -> set[object]:
    return {domain for domain, *_ in unfinished_runs(portal)}


def unfinished_messages(portal: Portal) -> list[tuple[object, ...]]:
    return portal.query(
        "SELECT address, state FROM diagnostics_testmessage"
        " WHERE state IN ('queued', 'sending') OR next_try_at IS NOT NULL"
    )


def code_in(mail: str) -> str:
    found = re.search(r"\b\d{6}\b", mail)
    assert found, mail
    return found[0]


@pytest.mark.parametrize("slug", ENDED)
def test_the_customer_reads_the_cause(outcomes: dict[str, Outcome], slug: str) -> None:
    scenario, came_to = ENDED[slug], outcomes[slug]
    assert (came_to.cause, came_to.verdict) == (scenario.expects, scenario.verdict)
    assert re.fullmatch(headline(scenario), came_to.page.heading)


def headline(scenario: Scenario) -> str:
    """What the page must say on top; facts may be anything."""
    if scenario.expects:
        return re.sub(r"\\\{[a-z_]+\\\}", ".*", re.escape(remedies()[scenario.expects].headline))
    if scenario.customer_says == "arrived":
        return re.escape("Our message reaches your inbox.")
    return re.escape(str(words.VERDICTS[Verdict(scenario.verdict)]))


def test_no_work_was_done_twice(portal: Portal, outcomes: dict[str, Outcome]) -> None:
    assert (
        portal.query("SELECT name, state, attempt FROM diagnostics_group WHERE attempt > 1 OR state = 'failed'") == []
    )


def test_the_same_form_sent_twice_opens_one_case(portal: Portal) -> None:
    customer = Customer(portal.url)
    form = customer.get("/timeclock/").form("/timeclock/") | {"company_id": "TWICE-1", "address": "twice@fine.test"}
    with ThreadPoolExecutor(4) as hands:
        at_once = [hands.submit(customer.post, "/timeclock/", form) for _ in range(4)]
        ends = {sent.result().url for sent in at_once}
    ends.add(customer.post("/timeclock/", form).url)
    assert len(ends) == 1
    assert portal.query("SELECT count(*) FROM diagnostics_case WHERE company_id = 'TWICE-1'") == [(1,)]


def test_twenty_customers_at_once_are_all_served(portal: Portal) -> None:
    customers = [Customer(portal.url) for _ in range(20)]
    with ThreadPoolExecutor(len(customers)) as crowd:
        list(crowd.map(lambda one: one.report("verification", f"crowd{one.network}@fine.test", "CROWD"), customers))

    def finished() -> list[tuple[object, ...]]:
        return portal.query(
            "SELECT r.verdict FROM diagnostics_run r JOIN diagnostics_case c ON c.id = case_id"
            " WHERE company_id = 'CROWD' AND finished_at IS NOT NULL"
        )

    eventually(lambda: len(finished()) == len(customers), PATIENCE, finished)
    assert set(finished()) == {(Verdict.NOTHING_FOUND,)}


def test_looking_changes_nothing(portal: Portal) -> None:
    customer, agent = Customer(portal.url), Customer(portal.url)
    customer.report("timeclock", "looks@fine.test", "LOOKS")
    customer.ask_for_message("timeclock")
    eventually(lambda: portal.mails("looks@fine.test"), PATIENCE)
    sign_in(portal, agent)
    paths = pages_of(portal, customer)
    eventually(lambda: not (unfinished_runs(portal) or unfinished_messages(portal)), PATIENCE)
    # The clock writes too: the first look at our own side, and none for minutes after it.
    eventually(lambda: portal.query("SELECT 1 FROM diagnostics_vendorhealthrecord"), PATIENCE, "a look at our own side")
    before = row_counts(portal)
    seen = {path: customer.get(path).status for path in paths}
    seen |= {path: agent.get(path).status for path in console_pages(customer)}
    assert {path: status for path, status in seen.items() if status != 200} == {}
    assert row_counts(portal) == before


def pages_of(portal: Portal, customer: Customer) -> list[str]:
    """Every kind of page that a customer can come to, the links that were mailed or given to somebody too."""
    it_pack = next(one for one in articles()["timeclock"].sections if "it-pack" in one.blocks)
    section = f"{customer.case}{it_pack.slug}/"
    action = f"{customer.case}do/it-page/"
    with_link = customer.post(action, customer.get(section).form(action)).text + customer.get(customer.case).text
    links = [link_in(with_link, "it"), link_in(with_link, "c"), link_in(portal.mails("looks@fine.test")[0], "stop")]
    return [
        "/",
        *(f"/{slug}/" for slug in ("timeclock", "verification")),
        *(f"/timeclock/allowlist.{form}" for form in ("txt", "json")),
        customer.case,
        *(f"{customer.case}{one.slug}/" for one in articles()["timeclock"].sections),
        *(f"{customer.case}do/{one}/" for one in ("again", "message", "code", "whereabouts", "it-page")),
        *links,
        "/go/timeclock/?company=LOOKS&hd=zendesk&t=123",
        deep_link(portal),
        "/console/sign-in/",
        "/healthz/",
        "/readyz/",
    ]


def console_pages(customer: Customer) -> list[str]:
    return ["/console/", "/console/?q=LOOKS", f"/console/cases/{customer.reference}/", "/console/tickets/zendesk/7/"]


def link_in(text: str, first_part: str) -> str:
    found = re.search(rf"http://[^/\s]+(/{first_part}/[\w:-]+/)", text)
    assert found, text
    return found[1]


def deep_link(portal: Portal) -> str:
    command = ["deeplink", "--article", "timeclock", "--company", "LOOKS", "--address", "looks@fine.test"]
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    made = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "portal.settings", "EMBEDDED_HOME": str(portal.home), "LAB": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return link_in(made.stdout, "l")


def sign_in(portal: Portal, agent: Customer) -> None:
    path = "/console/sign-in/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', agent.get(path).text)
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "username": "agent", "password": portal.agent_password}
    assert agent.post(path, fields).url == f"{portal.url}/console/"


def row_counts(portal: Portal) -> dict[str, object]:
    tables = {str(name) for (name,) in portal.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    count = "SELECT count(*) FROM "
    return {name: portal.query(f'{count}"{name}"')[0][0] for name in tables - LOOKS - CLOCK}


def test_the_portal_says_that_it_is_ready(portal: Portal) -> None:
    answer = Customer(portal.url).get("/readyz/")
    assert answer.status == 200
    parts = dict.fromkeys(("database", "dispatcher", "queue", "broker"), "ok")
    assert json.loads(answer.text) == {"status": "ok", **parts}
