"""Nobody learns from us who is a customer, an administrator or an agent: the answer is the same for everybody.

That pages do not change either while the records are asked is in tests/portal/wizard/test_tiers.py; how long answers
take is measured by tests/bench/enumeration.py.
"""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from diagnostics.models import Case, DirectoryEntry, LinkKind
from diagnostics.services.cases import mint_link
from diagnostics.services.domain_proof import record_text
from tests.attacks import asking
from tests.attacks.asking import Answer, Person, told
from tests.portal.wizard.conftest import AT, finish

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = Person("anna-one"), Person("anja-two")
"""The same first letter and the same length: what pages show masked is theirs to know, not ours."""


@pytest.fixture(autouse=True)
def one_is_on_file(settings) -> None:
    settings.DIRECTORY = "database"
    asking.put_on_file(KNOWN)
    assert DirectoryEntry.objects.filter(address=KNOWN.address).exists()


@pytest.fixture(scope="module", autouse=True)
def at_one_moment():
    with time_machine.travel(AT, tick=False):
        yield


def everything_by_the_form(person: Person) -> list[Answer]:
    """From the start page to the end of the case: every page of it, before and after its checks."""
    client, opened = asking.start_form(person)
    assert opened.status_code == 303
    case = Case.objects.get(address=person.address, tier=0)
    secrets = (case.reference, case.reference.lower(), record_text(case))
    answers = [told(opened, person, secrets=secrets)]
    for state in ("before", "after"):
        if state == "after":
            finish(case)
        paths = ["", "company-id/", "compare/", "mail-server/"]
        answers += [told(client.get(f"/cases/{case.reference}/{path}"), person, secrets=secrets) for path in paths]
        fragment = client.get(f"/cases/{case.reference}/", headers={"HX-Request": "true", "HX-Target": "progress"})
        answers.append(told(fragment, person, secrets=secrets))
        sent = client.post(f"/cases/{case.reference}/do/message/", {"purpose": "primary"})
        answers.append(told(sent, person, secrets=secrets))
    token = mint_link(case, LinkKind.IT)
    answers.append(told(Client().get(f"/it/{token}/"), person, secrets=(*secrets, token)))
    return answers


def everything_by_the_api(person: Person) -> list[Answer]:
    key = asking.bare_key()
    opened = asking.open_by_api(person, key)
    assert opened.status_code == 201, opened.content
    case = Case.objects.get(reference=opened.json()["reference"])
    finish(case)
    reading = Client(headers={"Authorization": f"Bearer {key}"})
    paths = ("", "/diagnosis", "/events")
    answers = [opened, *(reading.get(f"/api/v1/cases/{case.reference}{path}") for path in paths)]
    return [told(answer, person, secrets=(case.reference,)) for answer in answers]


def signing_in(person: Person) -> list[Answer]:
    return [told(asking.sign_in(person), person) for _ in range(3)]


def links(person: Person) -> list[Answer]:
    paths = (
        f"/go/timeclock/?company={person.company}",
        f"/start?flow=timeclock&hd=zendesk&t={person.name}",
        f"/l/{person.name}{'x' * 14}/",
        f"/agent/t/zendesk/{person.name}/",
    )
    return [told(Client().get(path), person) for path in paths]


@pytest.mark.parametrize("ask", [everything_by_the_form, everything_by_the_api, signing_in, links])
def test_the_answers_are_the_same(ask) -> None:
    known, unknown = ask(KNOWN), ask(UNKNOWN)
    assert len(known) == len(unknown) > 2
    for one, other in zip(known, unknown, strict=True):
        assert one == other


def test_a_limit_that_was_reached_tells_nothing_either() -> None:
    """Earlier cases of a customer's own, which a signed link opened, count for nobody who only guesses."""
    answers = []
    for person in (KNOWN, UNKNOWN):
        statuses = [asking.start_form(person)[1].status_code for _ in range(14)]
        answers.append(statuses)
    assert answers[0] == answers[1]
    assert set(answers[0]) == {303, 429}


def test_there_is_no_other_way_to_ask_about_an_account() -> None:
    for path in (
        "/console/password/reset/",
        "/accounts/password/reset/",
        "/admin/password_reset/",
        "/console/sign-up/",
    ):
        assert Client().get(path).status_code in (302, 404), path
