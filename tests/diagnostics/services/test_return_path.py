import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.domain import Address
from diagnostics.models import Case, Purpose, TestMessage
from diagnostics.services.messages import claim_message, request_message
from diagnostics.services.return_path import address_for, message_behind

BOUNCES = "bounces@bounces.example.org"


@pytest.fixture(autouse=True)
def bounce_address(settings) -> None:
    settings.BOUNCE_ADDRESS = BOUNCES


@pytest.fixture
def message(case: Case) -> TestMessage:
    address = Address("anna", "example.org")
    return request_message(case, purpose=Purpose.PRIMARY, address=address, source="192.0.2.9")


def test_each_message_has_a_return_path_of_its_own(message: TestMessage) -> None:
    envelope = claim_message(message.pk)
    assert envelope
    assert envelope.sender == address_for(message)
    assert envelope.sender.startswith("bounces+")
    assert envelope.sender.endswith("@bounces.example.org")
    assert BOUNCES.encode() not in envelope.content
    assert message_behind([envelope.sender]) == message


def test_without_a_setting_the_return_path_is_the_sender(message: TestMessage, settings) -> None:
    settings.BOUNCE_ADDRESS = ""
    envelope = claim_message(message.pk)
    assert envelope
    assert f"From: {envelope.sender}".encode() in envelope.content
    assert message_behind([envelope.sender]) is None


@pytest.mark.parametrize("change", [str.upper, str.swapcase, "<{}>".format, " {}\n".format])
def test_servers_may_change_its_case_and_wrap_it(message: TestMessage, change) -> None:
    assert message_behind(["postmaster@example.org", change(address_for(message))]) == message


def test_nobody_can_make_one_up(message: TestMessage, settings) -> None:
    genuine = address_for(message)
    assert message_behind([genuine.replace("bounces+", "other+")]) is None
    assert message_behind([genuine.replace("@bounces.", "@evil.")]) is None
    wrong = "b" if genuine[8] == "a" else "a"
    assert message_behind([f"bounces+{wrong}{genuine[9:]}"]) is None
    settings.SECRET_KEY = "another key, of another portal, that is just as long as the first"
    assert message_behind([genuine]) is None


def test_it_outlives_a_change_of_the_key(message: TestMessage, settings) -> None:
    genuine = address_for(message)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, of this portal, that is just as long as the first one"
    assert message_behind([genuine]) == message


@given(st.integers(1, 2**63 - 1))
def test_it_is_short_enough_for_every_server(number: int) -> None:
    assert len(address_for(TestMessage(pk=number)).partition("@")[0]) <= 64


@given(st.text())
def test_no_address_makes_it_fail(text: str) -> None:
    assert message_behind([text, f"bounces+{text}@bounces.example.org"]) is None
