"""What the cause tree calls a reply, and what its words tell beyond the reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.replies import Reason
from diagnostics.replies.causes import CAUSES, cause_of, examples, tags


def test_every_reason_has_a_cause() -> None:
    assert set(CAUSES) == set(Reason)


@pytest.mark.parametrize(("tag", "example"), examples(), ids=[f"{tag}: {text[:40]}" for tag, text in examples()])
def test_a_row_decides_its_own_example(tag: str, example: str) -> None:
    assert cause_of(example).tag == tag


@pytest.mark.parametrize(
    ("text", "tag", "facts"),
    [
        (
            "554 5.7.1 Client host [203.0.113.9] blocked using zen.spamhaus.org",
            "sender.listed",
            {"list": "Spamhaus ZEN", "delist": "https://check.spamhaus.org/"},
        ),
        (
            "550 5.7.1 found in bb.barracudacentral.org, a blocklist",
            "sender.listed",
            {
                "list": "Barracuda Reputation Block List",
                "delist": "https://www.barracudacentral.org/rbl/removal-request",
            },
        ),
        (
            "550 5.7.1 messages from [203.0.113.9] weren't sent, part of their network is on our block list (S3140)",
            "sender.provider-listed",
            {"provider": "Outlook.com", "delist": "https://olcsupport.office.com/"},
        ),
        (
            "550 5.7.606 Access denied, banned sending IP [203.0.113.9]",
            "sender.provider-listed",
            {"provider": "Microsoft 365", "delist": "https://sender.office.com/"},
        ),
        (
            "554 5.7.1 Blocked - see https://ipcheck.proofpoint.com/?ip=203.0.113.9",
            "sender.provider-listed",
            {"provider": "Proofpoint", "delist": "https://ipcheck.proofpoint.com/"},
        ),
        ("550 the reputation of your server is poor", "sender.provider-listed", {}),
        (
            "554 5.7.1 Sender address blocked using dbl.spamhaus.org",
            "sender.domain-listed",
            {"list": "Spamhaus DBL", "delist": "https://check.spamhaus.org/"},
        ),
        ("550 5.7.1 very low reputation of the sending domain", "sender.domain-listed", {}),
        ("550 5.7.26 Unauthenticated mail from example.org", "sender.not-authenticated", {}),
        ("450 4.7.1 Client host rejected: cannot find your hostname", "sender.not-trusted", {}),
        ("550 5.4.1 Recipient address rejected: Access denied.", "mailbox.not-synced", {}),
        ("554 5.4.6 Too many hops", "forward.broken", {}),
        ("554 5.7.1 no codes here please gcdp - gsmtp", "policy.custom-rule", {}),
        ("550 5.7.1 Message rejected due to local policy", "policy.refused", {}),
        ("451 4.4.8 MTA-STS failure: the policy names another host", "tls.policy", {}),
        ("530 5.7.0 Must issue a STARTTLS command first", "tls.required", {}),
        ("554 5.7.1 blocked using zen.spamhaus.org; Error: open resolver", "blocklist.misread", {}),
        ("552 5.1.1 mailbox is full", "mailbox.full", {}),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_reply_names(text: str, tag: str, facts: dict[str, str]) -> None:
    named = cause_of(text)

    assert (named.tag, named.facts, named.understood) == (tag, facts, True)


@pytest.mark.parametrize("text", ["550 5.1.1", "550 5.7.1 xyzzy", "554 xyzzy", "xyzzy", "", "250 ok"])
def test_what_was_guessed_from_a_general_code_is_not_called_understood(text: str) -> None:
    assert not cause_of(text).understood


def test_a_list_of_nobody_named_is_that_of_whoever_runs_the_host() -> None:
    reply = "554 rejected because of your reputation"

    assert cause_of(reply, host="mx01.t-online.de").facts["provider"] == "Telekom"
    assert cause_of(reply, host="mx.example.org").facts == {}


@pytest.mark.parametrize(
    ("text", "domain", "tag"),
    [
        ("550 5.1.1 <anna@old.example>: user unknown", "example.org", "forward.broken"),
        ("550-5.1.1 <anna@old.example> mailbox full\n550 5.1.1 sorry", "example.org", "forward.broken"),
        ("550 5.1.1 <anna@example.org>: user unknown", "example.org", "mailbox.unknown"),
        ("550 5.1.1 <anna@mail.example.org>: user unknown", "example.org", "mailbox.unknown"),
        ("550 5.1.1 user unknown, ask <postmaster@hosting.example>", "example.org", "mailbox.unknown"),
        ("550 5.1.1 <anna@old.example>: user unknown", "", "mailbox.unknown"),
        ("550 5.7.1 <codes@vendor.example>: sender rejected", "example.org", "sender.not-trusted"),
    ],
    ids=["another domain", "lines", "the same", "its host", "a contact", "domain not known", "the sender"],
)
def test_a_refused_mailbox_of_another_domain_lies_behind_a_forward(text: str, domain: str, tag: str) -> None:
    assert cause_of(text, domain=domain).tag == tag


@settings(deadline=None, max_examples=300)
@given(text=st.text(max_size=300), domain=st.text(max_size=30), host=st.text(max_size=30))
def test_any_text_has_a_cause(text: str, domain: str, host: str) -> None:
    assert cause_of(text, domain=domain, host=host).tag in tags()
