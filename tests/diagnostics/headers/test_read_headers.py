"""Headers of many mail systems, and what copying and pasting does to them."""

import html
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.codec import decode, encode
from diagnostics.headers import (
    AuthResult,
    Filed,
    Forwarding,
    Headers,
    Source,
    SpamSystem,
    SpamWord,
    WhyFiled,
    read_headers,
)
from diagnostics.headers.delays import LONGEST_TRANSIT
from diagnostics.headers.received import read_date, read_hop
from diagnostics.headers.types import SpamVerdict
from tests.diagnostics.headers.samples import samples

SAMPLES = samples()
PLAIN = SAMPLES["google, at once"]
LATE = SAMPLES["proofpoint held it for twenty minutes, then microsoft"]
S, W, Y, F = SpamSystem, SpamWord, WhyFiled, Filed


@pytest.mark.parametrize(
    ("name", "transit", "slowest"),
    [
        ("google, at once", 2, "mx.google.com"),
        ("microsoft, filed as junk", 8, "du2eur01ft001.mail.protection.outlook.com"),
        ("proofpoint held it for twenty minutes, then microsoft", 1209, "du2eur01ft001.mail.protection.outlook.com"),
        ("mimecast, greylisted for ten minutes", 614, "eu-smtp-inbound-1.mimecast.com"),
        ("late before it left us", 481, "out1.example.com"),
        ("one clock in the middle is wrong", 5, "mailbox.example.org"),
        ("yahoo, sealed", 9, "atlas1.free.mail.ir2.yahoo.com"),
        ("gmx, junk", 9, "mx-ha.gmx.net"),
        ("no time can be read", None, None),
        ("exchange server, only the level", None, None),
    ],
)
def test_the_way_is_timed(name: str, transit: int | None, slowest: str | None) -> None:
    read = read_headers(SAMPLES[name])
    host = None if read.slowest is None else read.hops[read.slowest].by_host
    assert (read.transit_seconds, host) == (transit, slowest)


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("google, its own spam headers say spam", [(S.GOOGLE, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("microsoft, filed as junk", [(S.MICROSOFT, W.SPAM, Y.SCORE, F.JUNK)]),
        ("microsoft, spam by score, kept in the inbox by the user", [(S.MICROSOFT, W.SPAM, Y.SCORE, F.INBOX)]),
        ("microsoft, phishing by category", [(S.MICROSOFT, W.SPAM, Y.PHISHING, F.UNSAID)]),
        ("microsoft, released from quarantine", [(S.MICROSOFT, W.CLEAN, Y.RELEASED, F.UNSAID)]),
        ("microsoft, bulk but clean", [(S.MICROSOFT, W.SUSPECT, Y.BULK, F.UNSAID)]),
        ("exchange server, only the level", [(S.MICROSOFT, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("proofpoint calls it spam", [(S.PROOFPOINT, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("proofpoint, of the sender's own gateway", []),
        ("mimecast, greylisted for ten minutes", [(S.MIMECAST, W.CLEAN, Y.SCORE, F.UNSAID)]),
        ("mimecast suspects an impersonation", [(S.MIMECAST, W.SUSPECT, Y.IMPERSONATION, F.UNSAID)]),
        ("mimecast, a high score", [(S.MIMECAST, W.SUSPECT, Y.SCORE, F.UNSAID)]),
        ("barracuda tags it", [(S.BARRACUDA, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("barracuda lets it pass", [(S.BARRACUDA, W.CLEAN, Y.SCORE, F.UNSAID)]),
        ("cisco, sealed", [(S.CISCO, W.UNKNOWN, Y.UNSAID, F.UNSAID)]),
        ("sophos, a probability", [(S.SOPHOS, W.SUSPECT, Y.SCORE, F.UNSAID)]),
        ("sophos puremessage", [(S.SOPHOS, W.CLEAN, Y.SCORE, F.UNSAID)]),
        ("trend micro says yes", [(S.TREND_MICRO, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("trend micro says no", [(S.TREND_MICRO, W.CLEAN, Y.SCORE, F.UNSAID)]),
        ("spamassassin flags it", [(S.SPAMASSASSIN, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("rspamd, far from its threshold", [(S.RSPAMD, W.CLEAN, Y.SCORE, F.UNSAID)]),
        ("rspamd adds its header", [(S.RSPAMD, W.SPAM, Y.SCORE, F.UNSAID)]),
        ("apple, filed as junk", [(S.APPLE, W.SPAM, Y.UNSAID, F.JUNK)]),
        ("yahoo, sealed", [(S.YAHOO, W.UNKNOWN, Y.UNSAID, F.UNSAID)]),
        ("gmx, junk", [(S.GMX, W.SPAM, Y.SCORE, F.JUNK)]),
    ],
)
def test_verdicts_of_spam_filters_are_read(
    name: str, verdicts: list[tuple[SpamSystem, SpamWord, WhyFiled, Filed]]
) -> None:
    found = read_headers(SAMPLES[name]).spam
    assert [(one.system, one.word, one.why, one.filed) for one in found] == verdicts


def test_a_score_is_kept_in_the_filters_own_notation() -> None:
    (found,) = read_headers(SAMPLES["microsoft, filed as junk"]).spam
    assert found == SpamVerdict(S.MICROSOFT, W.SPAM, "SCL 5, SFV SPM, CAT SPM, BCL 0", Y.SCORE, F.JUNK)


@pytest.mark.parametrize(
    ("sfv", "word", "why"),
    [
        ("SPM", W.SPAM, Y.SCORE),
        ("SKS", W.SPAM, Y.BLOCKED_BY_POLICY),
        ("SKB", W.SPAM, Y.BLOCKED_BY_POLICY),
        ("BLK", W.SPAM, Y.BLOCKED_BY_USER),
        ("NSPM", W.CLEAN, Y.SCORE),
        ("SFE", W.CLEAN, Y.ALLOWED_BY_USER),
        ("SKA", W.CLEAN, Y.ALLOWED_BY_POLICY),
        ("SKN", W.CLEAN, Y.ALLOWED_BY_POLICY),
        ("SKQ", W.CLEAN, Y.RELEASED),
        ("XYZ", W.UNKNOWN, Y.UNSAID),
    ],
)
def test_microsofts_filter_verdicts_have_their_documented_meaning(sfv: str, word: SpamWord, why: WhyFiled) -> None:
    (found,) = read_headers(f"X-Forefront-Antispam-Report: CIP:192.0.2.10;SFV:{sfv};H:a;\n").spam
    assert (found.word, found.why) == (word, why)


def test_authentication_is_read_also_where_microsoft_names_no_server() -> None:
    assert read_headers(SAMPLES["google, at once"]).authentication == (
        AuthResult("dkim", "pass", "example.com", "mx.google.com"),
        AuthResult("spf", "pass", "codes.example.com", "mx.google.com"),
        AuthResult("dmarc", "pass", "example.com", "mx.google.com"),
    )
    assert read_headers(SAMPLES["microsoft, filed as junk"]).authentication[:3] == (
        AuthResult("spf", "pass", "codes.example.com"),
        AuthResult("dkim", "pass", "example.com"),
        AuthResult("dmarc", "pass", "example.com"),
    )


def test_what_an_earlier_hop_sealed_is_told_apart() -> None:
    sealed = "ARC-Authentication-Results: i=1; mx.example.org 1; spf=pass smtp.mailfrom=a.example.com; dkim=none\n"
    assert read_headers(sealed).authentication == (
        AuthResult("spf", "pass", "a.example.com", "mx.example.org", Source.ARC),
        AuthResult("dkim", "none", "", "mx.example.org", Source.ARC),
    )


def test_a_forward_is_noticed() -> None:
    read = read_headers(SAMPLES["forwarded, then dmarc fails"])
    assert read.forwarding == (Forwarding.DELIVERED_TO, Forwarding.REWRITTEN)
    assert read_headers(PLAIN).forwarding == ()


def test_the_names_and_times_that_matter_are_kept_and_nothing_that_names_the_customer() -> None:
    read = read_headers(PLAIN + "\nYour code is 123456, Anna.\n")
    assert (read.message_id, read.from_domain, read.return_path_domain) == (
        "one@example.com",
        "example.com",
        "codes.example.com",
    )
    assert read.dkim_domains == ("example.com",)
    assert (read.date, read.queued_seconds) == (datetime(2026, 3, 2, 10, 42, tzinfo=UTC), 1)
    kept = str(encode(read))
    assert "anna" not in kept.lower()
    assert "123456" not in kept
    assert decode(Headers, encode(read)) == read


# --- hops -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "by", "sender", "address", "protocol", "tls", "internal"),
    [
        (
            "from a.example.com (b.example.com [192.0.2.1]) by mx.example.org (Postfix) with ESMTPS id 1",
            "mx.example.org", "a.example.com", "192.0.2.1", "ESMTPS", True, False,
        ),
        (
            "from [IPv6:2001:db8::5] (helo=x) by mx.example.org with esmtp (Exim 4) id 1",
            "mx.example.org", "ipv6:2001:db8::5", "2001:db8::5", "ESMTP", False, False,
        ),
        (
            "from a.example.com (192.168.1.4) by mx.example.org with Microsoft SMTP Server id 15.2",
            "mx.example.org", "a.example.com", "192.168.1.4", "SMTP", None, True,
        ),
        ("by 2002:a05:6402:1 with SMTP id a", "2002:a05:6402:1", "", "", "SMTP", False, True),
        ("(qmail 123 invoked by uid 89)", "", "", "", "", None, True),
    ],
    ids=["postfix", "exim over IPv6", "exchange", "inside google", "qmail"],
)  # fmt: skip
def test_a_received_line_is_taken_apart(
    value: str, by: str, sender: str, address: str, protocol: str, tls: bool | None, internal: bool
) -> None:
    hop = read_hop(f"{value}; Mon, 2 Mar 2026 02:42:00 -0800 (PST)")
    assert hop is not None
    said = (hop.by_host, hop.from_host, hop.from_address, hop.protocol, hop.tls, hop.internal)
    assert said == (by, sender, address, protocol, tls, internal)
    assert hop.at == datetime(2026, 3, 2, 10, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "noon", "Mon, 2 Mar 2026 10:42:00", "Mon, 2 Mar 1826 10:42:00 +0000", "2026-03-02 10:42:00 +9999", "; ;"],
)
def test_a_time_without_zone_or_sense_is_none(text: str) -> None:
    assert read_date(text) is None


def test_a_time_as_programs_write_it_is_read() -> None:
    at = read_date("2026-03-02 11:42:00.123456789 +0100 CET m=+12.3")
    assert at == datetime(2026, 3, 2, 10, 42, tzinfo=UTC)


def test_a_wrong_clock_is_noticed_and_makes_no_delay() -> None:
    read = read_headers(SAMPLES["one clock in the middle is wrong"])
    assert [(hop.delay, hop.skewed) for hop in read.hops] == [(None, False), (None, True), (5, False)]
    assert read.skew_seconds == 2876


def test_more_than_a_week_under_way_is_a_wrong_clock() -> None:
    line = "Received: by {} with SMTP; Mon, {} Mar 2026 10:42:00 +0000\n"
    read = read_headers(line.format("b", 20) + line.format("a", 2))
    assert (read.transit_seconds, read.slowest) == (None, None)
    assert read.skew_seconds > LONGEST_TRANSIT


# --- what pasting does ----------------------------------------------------------------------------------------------

SUMMARY = """Original Message
Message ID\t<one@example.com>
Created at:\tMon, Mar 2, 2026 at 10:42 AM (Delivered after 3 seconds)
From:\tCodes <codes@example.com>
To:\tanna@example.org
Subject:\tYour code
SPF:\tPASS with IP 192.0.2.10 Learn more
DKIM:\t'PASS' with domain example.com Learn more
Download Original
Copy to clipboard

"""


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: "\ufeff" + text,
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f">> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
        lambda text: html.escape(text),
        lambda text: "<div>" + "</div><div>".join(html.escape(line) for line in text.splitlines()) + "</div>",
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "\n".join(line.lstrip() for line in text.splitlines()),
        lambda text: text.replace("; ", ";\n\t"),
        lambda text: text.replace("; ", ";\n"),
        lambda text: SUMMARY + text,
        lambda text: "Hello support,\nhere it is.\n\n" + text,
        lambda text: text + "\n\nHello!\n\nReceived: from nobody by body with SMTP; Mon, 2 Mar 2026 23:00:00 +0000\n",
        lambda text: text.replace("\n", "\n\n", 1),
        lambda text: text.replace(": ", ":\xa0"),
        lambda text: text + "\n" + "x" * 300_000,
    ],
    ids=[
        "CRLF", "CR", "bytes", "UTF-16", "byte order mark", "quoted", "quoted twice", "indented", "HTML-escaped",
        "HTML", "double spaced", "without the folding's indent", "folded", "wrapped by a web mailer",
        "Gmail's summary on top", "a covering note", "with its body", "a stray empty line", "hard spaces",
        "a long body",
    ],
)  # fmt: skip
@pytest.mark.parametrize("source", [PLAIN, LATE], ids=["plain", "late"])
def test_however_it_was_copied_the_same_is_read(mangle, source: str) -> None:
    clean, mangled = read_headers(source), read_headers(mangle(source))
    assert (mangled.hops, mangled.authentication, mangled.spam) == (clean.hops, clean.authentication, clean.spam)
    assert (mangled.transit_seconds, mangled.from_domain) == (clean.transit_seconds, clean.from_domain)


@pytest.mark.parametrize(
    "text", ["", "   \n", "Your code is 123456", "https://example.org/a: b", "From: a@example.org\nSubject: x\n\nHello"]
)
def test_text_without_what_servers_write_is_not_usable(text: str) -> None:
    assert not read_headers(text).usable


PIECES = [
    "Received: from a (b [192.0.2.1]) by c with ESMTPS id x; ", "Mon, 2 Mar 2026 10:42:00 +0000", "\n", "\r", " ", "\t",
    "> ", "Authentication-Results: ", "mx.example.org; spf=pass", "(((", ")", ";", "=", "dkim=", 'header.d="', "\\",
    "From: <a@b.c>", "Date: ", "X-Spam-Status: Yes, score=", "X-Forefront-Antispam-Report: SCL:", "<br>", "&lt;",
    "&#xffffff;", "2026-03-02 10:42:00 -9999", "99999999999999", "X-TM-AS-Result: Yes--",
    "ARC-Authentication-Results: i=1;",
    "::", "\ud800", "X-Mimecast-Spam-Score: -.", "Received-SPF: pass (", "\x00",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.binary(),
        st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4))).map("".join),
        st.lists(st.sampled_from(PIECES)).map(lambda parts: "".join(parts).encode(errors="surrogatepass")),
    )
)
def test_no_text_makes_it_raise_and_what_is_read_can_be_stored(source: str | bytes) -> None:
    read = read_headers(source)
    assert decode(Headers, encode(read)) == read
    str(encode(read)).encode()


@pytest.mark.parametrize(
    "hostile",
    [
        "Authentication-Results: " + "(" * 250_000,
        " \t" * 130_000,
        ">" * 260_000,
        "<a " * 80_000,
        "\n" * 260_000,
        "From: " + "@a" * 120_000,
        "abc" + " " * 250_000,
        "Received: by x; Mon, 2 Mar 2026 10:42:00 +0000\n" * 5_000,
        "Received: from " + "1.1.1.1.1" * 28_000 + " by x",
        "a:\n" * 20_000 + "X-a:\n\n" * 30_000,
        ("Authentication-Results: a; " + "spf=pass;" * 800 + "\n") * 33,
        ("Authentication-Results: " + "a" * 7_000 + "; spf=" + "b" * 900 + "\n") * 33,
        "".join(f"Authentication-Results: {n}; spf={'b' * 7_000}{n}\n" for n in range(33)),
    ],
    ids=["comments", "spaces", "quotes", "tags", "lines", "addresses", "no field", "hops", "digits"]
    + ["late traces", "results", "long server", "long words"],
)
@pytest.mark.timeout(10)
def test_hostile_text_is_read_in_no_time(hostile: str) -> None:
    read = read_headers(hostile)
    assert len(read.hops) <= 60
    assert len(str(encode(read))) < 100_000
