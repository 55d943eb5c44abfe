"""The headers of a message that arrived, pasted by the customer."""

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.domain import SendOutcome
from diagnostics.models import Case, ObservationRecord
from tests.diagnostics.headers.samples import samples
from tests.portal.wizard.conftest import finish, give, opened, sent

pytestmark = pytest.mark.django_db
OURS = samples()["proofpoint held it for twenty minutes, then microsoft"].replace("example.com", "clockify.me")
SECTIONS = {"verification": ("spam-folder", "quarantine"), "timeclock": ("folders", "third-party-filter")}


def paste(client: Client, case: Case, text: str, section: str = "spam-folder"):
    return client.post(reverse("wizard:headers", args=[case.reference]), {"section": section, "headers": text})


def page(client: Client, case: Case, section: str = "spam-folder") -> str:
    return client.get(reverse("wizard:section", args=[case.reference, section])).content.decode()


@pytest.mark.parametrize(
    ("slug", "section"), [(slug, section) for slug, named in SECTIONS.items() for section in named]
)
def test_the_sections_about_folders_and_quarantine_ask_for_headers(client: Client, slug: str, section: str) -> None:
    case = opened(slug=slug)
    give(client, case)
    text = page(client, case, section)
    assert "Did it arrive late or in spam? Paste its headers" in text
    assert 'name="headers"' in text
    assert "Not possible in these apps" in text


def test_who_delayed_it_is_shown_and_named_as_the_cause(owner: Client, case: Case) -> None:
    finish(case)
    response = paste(owner, case, OURS)
    assert (response.status_code, response["Location"].endswith("/spam-folder/#headers")) == (303, True)
    text = page(owner, case)
    assert "It was 20 min 9 s under way." in text
    assert "It waited longest, 20 min 5 s, after mx0a-00000001.pphosted.com had taken it (Proofpoint" in text
    assert "▮▮▮▮▮▮▮▮▮▮▮▮" in text
    assert "A mail filter held our message for 20 minutes." in text
    assert case.runs.get().verdict == "cause_found"


def test_the_text_itself_is_not_kept(owner: Client, case: Case) -> None:
    finish(case)
    paste(owner, case, OURS + "To: anna@example.org\nSubject: Your code is 123456\n\nDear Anna\n")
    record = ObservationRecord.objects.get(kind="PastedHeaders")
    assert "anna" not in str(record.data).lower()
    assert "123456" not in str(record.data)


def test_the_same_headers_again_change_nothing(owner: Client, case: Case) -> None:
    finish(case)
    for _ in range(2):
        assert paste(owner, case, OURS).status_code == 303
    assert ObservationRecord.objects.filter(kind="PastedHeaders").count() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste the headers of the message"),
        ("  \n ", "We cannot find headers in this text"),
        ("Your code is <123456>", "We cannot find headers in this text"),
        ("From: codes@clockify.me\nSubject: Your code", "There are no headers of mail servers in this text"),
        ("a\x00b", "We cannot find headers in this text"),
    ],
    ids=["nothing", "spaces", "the message", "visible lines only", "a NUL"],
)
@pytest.mark.parametrize("section", ["spam-folder", "quarantine", "no-such-section"])
def test_text_that_cannot_be_used_is_explained_and_kept(
    owner: Client, case: Case, section: str, text: str, words: str
) -> None:
    response = paste(owner, case, text, section)
    shown = response.content.decode()
    assert words in shown
    assert 'href="#pasted_headers"' in shown
    assert "<title>Error: " in shown
    block = next(one for one in response.context["blocks"] if one.name == "headers")
    assert block.data["form"]["headers"].value() == text
    assert not ObservationRecord.objects.filter(kind="PastedHeaders").exists()


def test_headers_of_somebody_elses_mail_conclude_nothing(owner: Client, case: Case) -> None:
    finish(case)
    paste(owner, case, samples()["not ours at all"])
    assert "These headers are not from a message of ours" in page(owner, case)
    assert case.runs.get().cause == ""


def test_hostile_headers_are_only_ever_text(owner: Client, case: Case) -> None:
    finish(case)
    hostile = (
        "Received: from <script>alert(1) by <img/src=x>.example.org with SMTP; Mon, 2 Mar 2026 10:42:00 +0000\n"
        "Received: from x by **bold**.clockify.me with ESMTPS; Mon, 2 Mar 2026 10:41:00 +0000\n"
        "From: codes@clockify.me\n"
        "Authentication-Results: <b>mx</b>.example.org; spf=pass smtp.mailfrom=<script>.example\n"
    )
    paste(owner, case, hostile)
    text = page(owner, case)
    assert "<img/src" not in text
    assert "<script>alert" not in text
    assert "<strong>bold" not in text


def test_it_sees_the_way_without_a_form(owner: Client, case: Case) -> None:
    finish(case)
    paste(owner, case, OURS)
    owner.post(reverse("wizard:it_page", args=[case.reference]), {"section": "quarantine"})
    token = owner.cookies[f"it_{case.reference}"].value
    text = Client().get(reverse("wizard:it", args=[token])).content.decode()
    assert "mx0a-00000001.pphosted.com" in text
    assert "<textarea" not in text


def test_nobody_else_can_paste_and_a_get_leads_back(client: Client, case: Case) -> None:
    assert paste(client, case, OURS).status_code == 404
    give(client, case)
    response = client.get(reverse("wizard:headers", args=[case.reference]))
    assert response["Location"] == reverse("wizard:case", args=[case.reference])


def test_a_message_that_came_in_spam_outweighs_what_a_filter_may_hold(owner: Client, case: Case) -> None:
    finish(case)
    sent(case, outcome=SendOutcome.ACCEPTED)
    paste(owner, case, samples()["microsoft, filed as junk"].replace("example.com", "clockify.me"))
    assert case.runs.get().cause == "placed.spam"
    assert "put into junk" in page(owner, case)
