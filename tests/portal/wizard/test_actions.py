import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.domain import Address, SendOutcome
from diagnostics.models import Case, CaseLink, LinkKind, MailStop, ObservationRecord, Purpose, Run, TestMessage
from diagnostics.services import messages
from tests.portal.wizard.conftest import finish, give, opened, sent

pytestmark = pytest.mark.django_db


def act(client: Client, case: Case, action: str, **fields: str):
    return client.post(reverse(f"wizard:{action}", args=[case.reference]), {"section": "spam-folder"} | fields)


def page_of(case: Case, section: str = "spam-folder") -> str:
    return reverse("wizard:section", args=[case.reference, section])


def test_checking_again_starts_one_run_however_often_it_is_asked_for(owner: Client, case: Case) -> None:
    finish(case)
    for _ in range(2):
        response = act(owner, case, "again")
    assert (response.status_code, response["Location"]) == (303, reverse("wizard:case", args=[case.reference]))
    assert [run.number for run in case.runs.order_by("number")] == [1, 2]


def test_a_test_message_is_asked_for_once(owner: Client, case: Case) -> None:
    for _ in range(2):
        response = act(owner, case, "message", purpose="primary")
    assert response["Location"] == f"{page_of(case)}#message-primary"
    assert [message.address for message in TestMessage.objects.all()] == [case.address]


def test_a_second_mailbox_gets_its_own_test_message(owner: Client, case: Case) -> None:
    response = act(owner, case, "message", purpose="comparison", address="anna@example.net")
    assert response.status_code == 303
    assert case.test_messages.get().address == "anna@example.net"


def test_a_bad_second_mailbox_is_explained_in_place(owner: Client, case: Case) -> None:
    finish(case)
    response = owner.post(
        reverse("wizard:message", args=[case.reference]),
        {"section": "spam-folder", "purpose": "comparison", "address": "anna@localhost"},
    )
    assert "Enter an address that can be reached from the internet" in response.content.decode()
    assert "<title>Error: " in response.content.decode()
    assert not TestMessage.objects.exists()


def test_a_stopped_mailbox_is_left_alone_and_the_page_says_so(owner: Client, case: Case) -> None:
    messages.stop_mail(messages.stop_token(case.address))
    response = act(owner, case, "message", purpose="primary")
    assert "asked us to send it no more test messages" in response.content.decode()
    assert not TestMessage.objects.exists()


def test_a_reached_limit_is_shown_in_place(owner: Client, case: Case) -> None:
    messages.request_message(
        opened(), purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.2"
    )
    response = act(owner, case, "message", purpose="primary")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "asked for too often" in response.content.decode()
    assert response.context["section"].slug == "spam-folder"


class TestTheTestCode:
    def test_typed_back_proves_arrival(self, owner: Client, case: Case) -> None:
        finish(case)
        message = sent(case)
        code = f" {message.code[:3]} {message.code[3:]} "
        assert act(owner, case, "code", purpose="primary", code=code).status_code == 303
        assert "It arrived." in owner.get(page_of(case)).content.decode()

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("", "Type the 6 digits of the test message"),
            ("12345", "The test code has 6 digits"),
            ("abcdef", "The test code has 6 digits"),
            ("wrong", "The test code has 6 digits"),
            (None, "That is not the code of our test message"),
        ],
        ids=["empty", "too short", "letters", "a word", "another code"],
    )
    def test_a_wrong_one_is_kept_and_explained(self, owner: Client, case: Case, typed: str | None, words: str) -> None:
        message = sent(case)
        typed = f"{(int(message.code) + 1) % 10**6:06}" if typed is None else typed
        text = act(owner, case, "code", purpose="primary", code=typed).content.decode()
        assert words in text
        assert 'href="#primary_code"' in text
        assert f'value="{typed}"' in text or not typed
        message.refresh_from_db()
        assert message.typed_at is None

    def test_is_not_guessed_at_for_ever(self, owner: Client, case: Case) -> None:
        message = sent(case)
        TestMessage.objects.update(wrong_codes=messages.MOST_WRONG_CODES)
        text = act(owner, case, "code", purpose="primary", code=message.code).content.decode()
        assert "the wrong code too often" in text

    def test_cannot_be_typed_before_anything_was_sent(self, owner: Client, case: Case) -> None:
        assert "Send the test message first." in act(owner, case, "code", code="123456").content.decode()


def test_where_the_message_was_found_is_kept_and_judged(owner: Client, case: Case) -> None:
    finish(case)
    sent(case)
    assert act(owner, case, "whereabouts", purpose="primary", where="spam").status_code == 303
    assert case.runs.get().cause == "placed.spam"


@pytest.mark.parametrize("outcome", [SendOutcome.REFUSED, SendOutcome.DEFERRED, SendOutcome.UNREACHABLE])
def test_what_was_not_taken_cannot_have_been_found(owner: Client, case: Case, outcome: SendOutcome) -> None:
    finish(case)
    sent(case, outcome=outcome, code=550, reply="5.1.1 no such user")
    before = counts()
    response = act(owner, case, "whereabouts", purpose="primary", where="inbox")
    assert "has not taken our test message" in response.content.decode()
    assert counts() == before


def test_the_same_answer_again_changes_nothing_and_another_one_does(owner: Client, case: Case) -> None:
    finish(case)
    sent(case)
    act(owner, case, "whereabouts", purpose="primary", where="spam")
    before = counts()
    assert act(owner, case, "whereabouts", purpose="primary", where="spam").status_code == 303
    assert counts() == before
    act(owner, case, "whereabouts", purpose="primary", where="quarantine")
    assert counts() != before


@pytest.mark.parametrize("section", ["", "é", "no-such-section", "a\x00b", "../.."])
class TestAFormFromAnUnknownSection:
    def test_keeps_the_second_mailbox_that_was_typed(self, owner: Client, section: str) -> None:
        compared = opened(slug="timeclock")
        give(owner, compared)
        response = act(owner, compared, "message", section=section, purpose="comparison", address="anna@localhost")
        assert "compare" in response.context["section"].blocks
        assert 'value="anna@localhost"' in response.content.decode()

    def test_keeps_the_code_that_was_typed(self, owner: Client, case: Case, section: str) -> None:
        sent(case)
        response = act(owner, case, "code", section=section, purpose="primary", code="12")
        assert "test-message" in response.context["section"].blocks
        assert 'value="12"' in response.content.decode()

    def test_explains_a_missing_choice_where_it_can_be_made(self, owner: Client, case: Case, section: str) -> None:
        sent(case)
        response = act(owner, case, "whereabouts", section=section, purpose="primary")
        assert "test-message" in response.context["section"].blocks

    def test_leads_on_to_a_page_that_is_there(self, owner: Client, case: Case, section: str) -> None:
        for action in ("again", "message", "it_page"):
            response = act(owner, case, action, section=section)
            assert response.status_code == 303
            assert owner.get(response["Location"]).status_code == 200


def test_a_limit_where_nothing_was_typed_does_not_speak_of_it(owner: Client, case: Case) -> None:
    messages.request_message(
        opened(), purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.2"
    )
    text = act(owner, case, "message", purpose="primary").content.decode()
    assert "asked for too often" in text
    assert "what you typed" not in text


def test_no_choice_of_where_is_explained(owner: Client, case: Case) -> None:
    sent(case)
    text = act(owner, case, "whereabouts", purpose="primary").content.decode()
    assert '<a href="#primary_where_0">Choose where you found the test message</a>' in text


@pytest.mark.parametrize("action", ["again", "message", "code", "whereabouts", "it_page"])
def test_a_get_changes_nothing_and_leads_back(owner: Client, case: Case, action: str) -> None:
    finish(case)
    before = counts()
    response = owner.get(reverse(f"wizard:{action}", args=[case.reference]))
    assert (response.status_code, response["Location"]) == (302, reverse("wizard:case", args=[case.reference]))
    assert counts() == before


@pytest.mark.parametrize("action", ["again", "message", "code", "whereabouts", "it_page"])
def test_nobody_else_can_do_anything(client: Client, case: Case, action: str) -> None:
    before = counts()
    assert act(client, case, action).status_code == 404
    assert counts() == before


class TestThePageForIt:
    def page(self, owner: Client, case: Case) -> tuple[str, str]:
        response = act(owner, case, "it_page")
        assert response.status_code == 303
        token = owner.cookies[f"it_{case.reference}"].value
        link = reverse("wizard:it", args=[token])
        return link, Client().get(link).content.decode()

    def test_shows_the_refusal_and_the_allowlist_without_the_mailboxes_name(self, owner: Client, case: Case) -> None:
        finish(case)
        sent(case, outcome=SendOutcome.REFUSED, code=550, reply="5.1.1 <Anna@Example.org>: no such user")
        _, text = self.page(owner, case)
        assert "550 5.1.1 &lt;A•••@Example.org&gt;: no such user" in text
        assert "5.75.209.81" in text
        assert "anna@" not in text.lower()

    def test_has_no_form_and_tells_nobody_its_address(self, owner: Client, case: Case) -> None:
        link, text = self.page(owner, case)
        assert "<form" not in text
        assert Client().get(link)["Referrer-Policy"] == "no-referrer"

    def test_is_made_once_and_opens_nothing_else(self, owner: Client, case: Case) -> None:
        link, _ = self.page(owner, case)
        assert self.page(owner, case)[0] == link
        assert CaseLink.objects.filter(kind=LinkKind.IT).count() == 1
        stranger = Client()
        stranger.get(link)
        assert stranger.get(reverse("wizard:case", args=[case.reference])).status_code == 404

    def test_does_not_open_with_the_owners_token(self, owner: Client, case: Case) -> None:
        token = owner.cookies[f"case_{case.reference}"].value
        assert Client().get(reverse("wizard:it", args=[token])).status_code == 404

    def test_comes_with_an_e_mail_that_fits_every_mail_program(self, owner: Client, case: Case) -> None:
        finish(case)
        sent(case, outcome=SendOutcome.REFUSED, code=550, reply="5.7.1 " + "long words " * 180)
        link, _ = self.page(owner, case)
        block = next(one for one in owner.get(page_of(case, "allowlist")).context["blocks"] if one.name == "it-pack")
        letter = block.data["letter"]
        assert len(letter.mailto) < 1800
        assert link in letter.body
        assert "long words" in letter.body
        assert "anna@" not in letter.body


class TestTheStopLink:
    def test_changes_nothing_until_the_button_is_pressed(self, client: Client) -> None:
        link = reverse("wizard:stop", args=[messages.stop_token("anna@example.org")])
        assert client.get(link).status_code == 200
        assert not MailStop.objects.exists()
        assert client.post(link).status_code == 200
        assert MailStop.objects.count() == 1

    def test_that_is_not_ours_stops_nothing(self, client: Client) -> None:
        assert client.post(reverse("wizard:stop", args=["forged"])).status_code == 404
        assert not MailStop.objects.exists()


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Run, TestMessage, ObservationRecord, CaseLink))
