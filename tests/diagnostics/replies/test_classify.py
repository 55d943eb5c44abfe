"""What servers say, and what the portal makes of it."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.replies import Group, Reason, classify

TABLES = [
    tomllib.loads((Path(__file__).parent / name).read_text("utf-8"))
    for name in ("realistic_replies.toml", "unseen_replies.toml", "second_reader.toml", "published_replies.toml")
]
REPLIES = [(Reason(reason), text) for table in TABLES for reason, texts in table.items() for text in texts]


@pytest.mark.parametrize(("reason", "text"), REPLIES, ids=[f"{reason}: {text[:60]!r}" for reason, text in REPLIES])
def test_a_reply_means(reason: Reason, text: str) -> None:
    assert classify(text).reason is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("550 5.1.1 Your IP is listed by Spamhaus", Reason.IP_REPUTATION),
        ("550 5.7.1 User unknown", Reason.MAILBOX_UNKNOWN),
        ("554 5.7.1 mailbox full", Reason.MAILBOX_FULL),
        ("550 5.1.1 Greylisted, come back later", Reason.GREYLISTED),
        ("452 4.2.2 message refused: SPF failed", Reason.AUTH_FAILURE),
    ],
)
def test_words_outweigh_codes(text: str, reason: Reason) -> None:
    assert classify(text).reason is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("550 5.7.1 Blacklisted by recipient", Reason.RECIPIENT_RESTRICTED),
        ("550 5.7.1 Your IP 203.0.113.9 has been blocked by recipient server", Reason.IP_REPUTATION),
        ("550 <anna@example.org> recipient rejected", Reason.RECIPIENT_RESTRICTED),
        ("451 recipient rejected, try again later", Reason.TEMPORARY_SYSTEM),
        ("550 <anna@example.org> is now disabled", Reason.MAILBOX_DISABLED),
        ("550 203.0.113.9 is now blocked", Reason.IP_REPUTATION),
        ("550 Les emails ont ete bloques par nos services", Reason.IP_REPUTATION),
        ("550 Votre message a ete bloque par nos filtres antispam", Reason.CONTENT_SPAM),
    ],
)
def test_what_looks_alike_is_told_apart(text: str, reason: Reason) -> None:
    assert classify(text).reason is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("550 5.2.2 xyzzy", Reason.MAILBOX_FULL),
        ("550 5.1.1 xyzzy", Reason.MAILBOX_UNKNOWN),
        ("550 5.7.26 xyzzy", Reason.AUTH_FAILURE),
        ("550 xyzzy", Reason.POLICY_REJECTED),
        ("451 xyzzy", Reason.TEMPORARY_SYSTEM),
        ("503 xyzzy", Reason.PROTOCOL_ERROR),
        ("xyzzy", Reason.UNKNOWN),
    ],
)
def test_codes_decide_where_no_words_are_understood(text: str, reason: Reason) -> None:
    assert classify(text).reason is reason


@pytest.mark.parametrize("text", ["550", "550 hm", "551", "552", "554", "451 xyzzy", "550 xyzzy plugh\n550 frotz"])
def test_the_caller_can_tell_a_guess_from_the_code(text: str) -> None:
    assert classify(text).rule.startswith("code-")


@pytest.mark.parametrize("text", ["", "xyzzy", "550 5.1.1 xyzzy", "550 user unknown", "554 rejected", "250 ok"])
def test_what_was_understood_is_not_called_a_guess_from_the_code(text: str) -> None:
    assert not classify(text).rule.startswith("code-")


@pytest.mark.parametrize(
    "text",
    [
        "550-5.1.1 The mailbox you wrote to does\n550-5.1.1 not\n550 5.1.1 exist",
        "550-5.1.1 The mailbox you wrote to does\r\n550-5.1.1 not\r\n550 5.1.1 exist",
        "550-5.1.1 The mailbox you wrote to does 550-5.1.1 not 550 5.1.1 exist",
        "550 5.1.1 THE MAILBOX   DOES\tNOT\tEXIST",
        "550 5.1.1 the mailbox does=20not ex=\nist",
        "host mx.example.org[192.0.2.25] said: 550 5.1.1 mailbox does not exist (in reply to RCPT TO command)",
        "smtp; 550 5.1.1 <spam-blocked@example.org>: mailbox does not exist",
        "5.1.0 - Unknown address error 550-'5.1.1 mailbox does not exist' (delivery attempts: 0)",
        "SMTP error from remote mail server after MAIL FROM:<news@example.org> SIZE=2048: "
        "host mx.example.org [192.0.2.25]: 550 5.1.1 mailbox does not exist",
        ">>> MAIL From:<news@example.org>\n<<< 550 5.1.1 mailbox does not exist",
    ],
)
def test_form_does_not_change_the_meaning(text: str) -> None:
    reply = classify(text)

    assert (reply.reason, reply.group, reply.code, reply.enhanced) == (
        Reason.MAILBOX_UNKNOWN,
        Group.RECIPIENT,
        550,
        "5.1.1",
    )


def test_quoted_printable_letters_are_read() -> None:
    assert classify("552 Bo=C3=AEte pleine").reason is Reason.MAILBOX_FULL


@pytest.mark.parametrize("address", ["192.0.2.9", "[203.0.113.250]", "198.51.100.1:25"])
def test_any_internet_address_is_one_word(address: str) -> None:
    assert classify(f"550 Mail from {address} rejected").rule == "address-turned-away"


def test_the_words_of_an_address_do_not_count() -> None:
    assert classify("550 <user-unknown@spamhaus.example> xyzzy").reason is Reason.POLICY_REJECTED


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("550 5.1.1 no", 550, "5.1.1"),
        ("550-no", 550, None),
        ("550 #5.1.0 no", 550, "5.1.0"),
        ("4.4.1 no answer", None, "4.4.1"),
        ("no answer from 192.0.2.250", None, None),
        ("mx.example.org[198.51.100.4]: 421 busy", 421, None),
        ("no", None, None),
    ],
)
def test_codes_are_found(text: str, code: int | None, enhanced: str | None) -> None:
    reply = classify(text)

    assert (reply.code, reply.enhanced) == (code, enhanced)


@pytest.mark.parametrize(
    ("text", "temporary"),
    [
        ("450 user unknown", True),
        ("550 try again later", False),
        ("4.2.2 mailbox full", True),
        ("5.2.2 mailbox full", False),
        ("Connection refused", True),
        ("message expired", False),
        ("mailbox full", False),
    ],
)
def test_temporary_follows_the_code_and_else_the_reason(text: str, temporary: bool) -> None:
    assert classify(text).temporary is temporary


@settings(deadline=None, max_examples=300)
@given(st.text(st.characters(), max_size=400))
def test_any_text_has_an_answer(text: str) -> None:
    reply = classify(text)

    assert reply.group is reply.reason.group


WORDS = sorted({word for _, text in REPLIES for word in text.split()})


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_any_mixture_of_server_words_has_an_answer(text: str) -> None:
    assert classify(text).reason in Reason


@pytest.mark.parametrize(
    "text",
    [
        "\ud800\udfff 550 user unknown",
        "\x00" * 100,
        "a" * 10_000_000,
        "a " * 5_000_000,
        "@" * 10_000_000,
        "550-" * 2_500_000,
        "the user of the mailbox is not " * 400_000,
        "ip address sender domain message rejected from " * 200_000,
        "=C3=A9" * 1_000_000,
        "=E9" * 1_000_000,
        "получатель ящик " * 500_000,
        "5.1.1" * 2_000_000,
        "(in reply to " * 800_000,
    ],
    ids=lambda text: repr(text[:16]),
)
def test_hostile_text_is_read_quickly(text: str) -> None:
    classify("")
    started = time.perf_counter()
    classify(text)

    assert time.perf_counter() - started < 5
