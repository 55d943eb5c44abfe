import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from diagnostics.asking import QUESTIONS
from diagnostics.models import Case, ObservationRecord
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer
from diagnostics.services.limits import TOLD_BY_CASE
from diagnostics.services.runs import diagnosis_of, evidence_of
from portal.wizard.casefile import content_for
from portal.wizard.questions import ASKED, CHOICES
from tests.portal.wizard.conftest import finish

pytestmark = pytest.mark.django_db


def home(client: Client, case: Case, query: str = "") -> str:
    return client.get(reverse("wizard:case", args=[case.reference]) + query).content.decode()


def answer(client: Client, case: Case, question: str, choice: str):
    return client.post(reverse("wizard:answer", args=[case.reference]), {"question": question, "answer": choice})


def test_every_question_and_choice_has_words() -> None:
    assert {one.slug: set(one.choices) for one in QUESTIONS} == {slug: set(CHOICES[slug]) for slug in ASKED}


def test_nothing_is_asked_while_checks_are_under_way(owner: Client, case: Case) -> None:
    assert "One question" not in home(owner, case)


def test_one_question_at_a_time_leads_to_a_cause(owner: Client, case: Case) -> None:
    finish(case)
    assert "Has an e-mail with a code come by now?" in home(owner, case)
    assert answer(owner, case, "code", "elsewhere")["Location"] == reverse("wizard:case", args=[case.reference])
    page = home(owner, case)
    assert "Where did you find the e-mail with the code?" in page
    assert "Yes, but not in my inbox" in page
    answer(owner, case, "place", "rule")
    page = home(owner, case)
    assert "A rule, a blocked list or another program takes the e-mail away." in page
    assert "One question" not in page


def test_an_answer_can_be_changed(owner: Client, case: Case) -> None:
    finish(case)
    answer(owner, case, "code", "elsewhere")
    answer(owner, case, "place", "spam")
    page = home(owner, case, "?answer=code")
    assert "One question" in page
    assert "Has an e-mail with a code come by now?" in page
    answer(owner, case, "code", "nothing")
    assert evidence_of(case.runs.get())[CodeArrivalAnswer] == CodeArrivalAnswer(CodeArrival.NOTHING)


def test_the_same_answer_twice_is_kept_once(owner: Client, case: Case) -> None:
    finish(case)
    for _ in range(2):
        assert answer(owner, case, "code", "nothing").status_code == 303
    assert ObservationRecord.objects.filter(kind="CodeArrivalAnswer").count() == 1


@pytest.mark.parametrize("choice", ["", "nonsense", "spam"], ids=["nothing chosen", "no choice", "another question's"])
def test_a_missing_answer_is_asked_for_in_place(owner: Client, case: Case, choice: str) -> None:
    finish(case)
    page = answer(owner, case, "code", choice).content.decode()
    assert "Choose the answer that fits best" in page
    assert "<title>Error: " in page
    assert not ObservationRecord.objects.filter(vantage="customer").exists()


def test_a_question_that_is_not_asked_leads_back(owner: Client, case: Case) -> None:
    finish(case)
    assert "no longer asked" in answer(owner, case, "nonsense", "yes").content.decode()


def test_not_being_sure_accuses_nobody(owner: Client, case: Case) -> None:
    finish(case)
    before = diagnosis_of(case.runs.get())
    for one in QUESTIONS:
        answer(owner, case, one.slug, "unsure")
    after = diagnosis_of(case.runs.get())
    assert before
    assert after
    assert (after.verdict, after.causes) == (before.verdict, before.causes)


def test_every_form_of_a_case_s_pages_can_be_sent(owner: Client, case: Case) -> None:
    """A form without its token is refused by the site that showed it."""
    finish(case)
    sections = [reverse("wizard:section", args=[case.reference, one.slug]) for one in content_for(case)[0].sections]
    for url in (reverse("wizard:case", args=[case.reference]), *sections):
        page = owner.get(url).content.decode()
        for form in re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL):
            assert "csrfmiddlewaretoken" in form, f"{url}: {form[:120]}"


def test_answers_have_a_limit_because_every_one_is_kept(owner: Client, case: Case) -> None:
    finish(case)
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False):
        for number in range(TOLD_BY_CASE.count):
            assert answer(owner, case, "code", ("nothing", "late")[number % 2]).status_code == 303
        assert answer(owner, case, "code", "works").status_code == 429
