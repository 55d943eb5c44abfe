"""The reply to the customer, over every verdict and every remedy: whole sentences, no holes, the right people named."""

import re
from dataclasses import replace

import pytest

from diagnostics.domain import Vendor, VendorHost, Verdict, Who
from diagnostics.providers import providers
from diagnostics.remedies import filled, remedies
from portal.console.reply_text import NamedCause, Situation, reply_text, short_reply_text
from portal.recipes import recipe

VENDOR = Vendor(
    slug="timeclock",
    name="Timeclock",
    senders=("codes@timeclock.example.net",),
    domains=("timeclock.example.net",),
    addresses=("192.0.2.10",),
    hosts=(VendorHost("clocks.example.net", (443,)),),
    ports=(443, 59777),
)
BARE = Situation("ABCD2345", "a•••@example.org", VENDOR)
ALL = remedies()
HOLE = re.compile(r"\{\w*\}|\(\s*\)|:\s*\.|  +[.,;:]")
LINK = "https://portal.example.org/c/token/"


def named(tag: str, **facts: str) -> NamedCause:
    return NamedCause(filled(ALL[tag], {"domain": "example.org", **facts}))


def found(*causes: NamedCause, verdict: Verdict = Verdict.CAUSE_FOUND) -> Situation:
    return replace(BARE, verdict=verdict, causes=causes)


@pytest.mark.parametrize("tag", sorted(ALL))
def test_every_cause_makes_a_whole_reply(tag: str) -> None:
    facts = dict.fromkeys(ALL[tag].facts, "a fact")
    for known in (facts, {}):
        cause = named(tag, **known)
        for text in (reply_text(found(cause)), short_reply_text(found(cause))):
            assert cause.remedy.headline in text
            assert "ABCD2345" in text
            assert "[link to the case]" in text
            assert not re.search(r"\{\w*\}", text)
            assert "**" not in text
            assert not re.search(r"\n{3,}", text)
        whole = reply_text(found(cause))
        for heading in ("What we found", "What to do now", "If it does not help", "Who does it: "):
            assert heading in whole, heading
    assert not HOLE.search(reply_text(found(named(tag, **facts))))


@pytest.mark.parametrize("tag", sorted(tag for tag, one in ALL.items() if one.who[:1] == (Who.VENDOR,)))
def test_what_is_ours_is_said_to_be_ours(tag: str) -> None:
    for text in (reply_text(found(named(tag))), short_reply_text(found(named(tag)))):
        assert "The first step is ours" in text
    assert "you have done that already" in reply_text(found(named(tag)))


def test_what_is_theirs_is_not_said_to_be_ours() -> None:
    assert "The first step is ours" not in reply_text(found(named("mailbox.full")))


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (named("mailbox.full"), "We are sure of this."),
        (replace(named("mailbox.full"), sure=False), "This is likely, not certain."),
        (replace(named("mailbox.full"), contradicted=True), "something else that we saw speaks against it"),
    ],
    ids=["proved", "likely", "contradicted"],
)
def test_it_says_how_sure_we_are(cause: NamedCause, words: str) -> None:
    for text in (reply_text(found(cause)), short_reply_text(found(cause))):
        assert words in text


def test_only_where_we_are_not_sure_other_causes_are_named() -> None:
    other = named("mx.null")
    assert other.remedy.headline not in reply_text(found(named("mailbox.full"), other))
    likely = replace(named("mailbox.full"), sure=False)
    assert f"It may also be:\n- {other.remedy.headline}" in reply_text(found(likely, other))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(BARE, verdict=Verdict.NOTHING_FOUND), "does not prove that it reaches your inbox"),
        (replace(BARE, verdict=Verdict.INCONCLUSIVE), "our limit, not your fault"),
        (BARE, "still under way"),
        (replace(BARE, verdict=Verdict.NOTHING_FOUND, arrived=True), "has arrived in your mailbox"),
    ],
    ids=["nothing found", "inconclusive", "not finished", "arrived"],
)
def test_without_a_cause_it_says_what_can_be_done_all_the_same(now: Situation, words: str) -> None:
    text = reply_text(now)
    assert words in text
    assert words in short_reply_text(now)
    assert "1. Ask for one new code" in text
    assert "codes@timeclock.example.net" in text
    assert "send yourself a test message" in text or now.arrived
    assert "To be allowed:" in text
    assert not HOLE.search(text)


def test_a_vendor_of_whom_little_is_known_leaves_no_hole() -> None:
    text = reply_text(replace(BARE, vendor=Vendor(slug="x", name="X"), verdict=Verdict.NOTHING_FOUND))
    assert "To be allowed:" not in text
    assert not HOLE.search(text)


def test_the_providers_own_steps_and_the_list_are_for_it() -> None:
    steps = recipe(providers()["microsoft-365"], VENDOR, address=BARE.address)
    cause = replace(named("filter.gateway"), with_provider=(("Microsoft 365", "Look *there*."),))
    text = reply_text(replace(found(cause), recipes=(steps,)))
    assert "To let our e-mail in with Microsoft 365:\n1. " in text
    assert "With Microsoft 365:\nLook there." in text
    assert "Sender addresses: codes@timeclock.example.net" in text
    assert "Ports: " not in text, "no firewall stands in the way of this one"


def test_what_it_cannot_mend_is_not_sent_to_it() -> None:
    text = reply_text(
        replace(found(named("mailbox.full")), recipes=(recipe(providers()["mimecast"], VENDOR, address=""),))
    )
    assert "For your IT department" not in text
    assert "To be allowed" not in text


def test_a_network_cause_lists_hosts_and_ports_instead() -> None:
    tag = next(tag for tag, one in ALL.items() if one.stage == "network" and one.who[:1] == (Who.IT,))
    text = reply_text(found(named(tag)))
    assert "Server names: clocks.example.net" in text
    assert "Ports: 443, 59777" in text
    assert "Sender addresses" not in text


def test_a_link_stands_where_its_place_was() -> None:
    text = reply_text(replace(found(named("mailbox.full")), link=LINK))
    assert LINK in text
    assert "[link" not in text


def test_nobody_is_named_and_no_mailbox_whole() -> None:
    text = reply_text(found(named("mailbox.full")))
    assert text.startswith("Hello,\n")
    assert "a•••@example.org" in text
