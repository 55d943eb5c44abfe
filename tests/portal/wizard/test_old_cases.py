"""Cases whose article is gone, or whose results another version recorded."""

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.models import Case, LinkKind, TestMessage
from diagnostics.services.cases import mint_link
from tests.portal.wizard.conftest import finish

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["article", "vendor"])
def gone(request, owner: Client, case: Case) -> Case:
    """A case whose article, or whose vendor profile, is not there any more."""
    Case.objects.filter(pk=case.pk).update(**{request.param: "not-there"})
    return case


@pytest.mark.parametrize("page", ["case", "section", "it"])
def test_an_article_that_is_gone_is_said_to_be_gone(owner: Client, gone: Case, page: str) -> None:
    paths = {
        "case": reverse("wizard:case", args=[gone.reference]),
        "section": reverse("wizard:section", args=[gone.reference, "address"]),
        "it": reverse("wizard:it", args=[mint_link(gone, LinkKind.IT)]),
    }
    response = owner.get(paths[page])
    text = response.content.decode()
    assert response.status_code == 410
    assert f"Case {gone.reference}" in text
    assert f'href="{reverse("wizard:home")}"' in text
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("action", ["again", "message", "code", "whereabouts", "it_page"])
def test_nothing_can_be_done_with_it(owner: Client, gone: Case, action: str) -> None:
    assert owner.post(reverse(f"wizard:{action}", args=[gone.reference])).status_code == 410
    assert gone.runs.count() == 1
    assert not TestMessage.objects.exists()


class TestResultsOfAnotherVersion:
    @pytest.fixture(autouse=True)
    def _rewritten(self, case: Case) -> None:
        finish(case)
        case.runs.update(diagnosis={"verdict": "a verdict of tomorrow", "answers": 3})

    def test_are_no_results_and_can_be_had_again(self, owner: Client, case: Case) -> None:
        response = owner.get(reverse("wizard:case", args=[case.reference]))
        text = response.content.decode()
        assert response.status_code == 200
        assert "recorded by another version" in response.context["overview"].headline
        assert {row.status.value for row in response.context["overview"].rows} == {"could_not_check"}
        assert "Check again" in text
        assert "hx-get" not in text

    def test_do_not_break_the_other_pages(self, owner: Client, case: Case) -> None:
        link = reverse("wizard:it", args=[mint_link(case, LinkKind.IT)])
        assert "recorded by another version" in owner.get(link).content.decode()
        section = owner.get(reverse("wizard:section", args=[case.reference, "spam-folder"]))
        assert section.context["row"].status == "could_not_check"
