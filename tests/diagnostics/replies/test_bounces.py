"""Whole bounces, as mailers of every kind write them, and mail that is none."""

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.replies import Reason, read_bounce

FOLDER = Path(__file__).parent / "bounces"
BOUNCES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))}
EXPECTED = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))["recipient"] for name in BOUNCES}


@pytest.mark.parametrize("name", BOUNCES)
def test_a_bounce_says_who_was_not_reached_and_why(name: str) -> None:
    found = read_bounce(BOUNCES[name])

    assert [
        {key: seen(one, key) for key in expected} for one, expected in zip(found, EXPECTED[name], strict=True)
    ] == EXPECTED[name]


def seen(one: Any, key: str) -> Any:
    match key:
        case "reason":
            return one.classified.reason.value
        case "message_id":
            return one.original_message_id
        case "delivered_to":
            return next(iter(one.delivered_to), "")
        case _:
            return getattr(one, key)


REPORT = BOUNCES["postfix-unknown"]
NO_LONGER_THAN = 3.0
"""Seconds that a hostile message may take on a busy machine."""


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("name", ["postfix-unknown", "exim-several", "gmail-old", "sendmail-without-report"])
def test_line_endings_make_no_difference(name: str, ending: bytes) -> None:
    assert read_bounce(BOUNCES[name].replace(b"\n", ending)) == read_bounce(BOUNCES[name])


def test_a_reply_is_one_line_of_bounded_length() -> None:
    (found,) = read_bounce(REPORT.replace(b"User\n    unknown", b"User\n    unknown" + b" and so on" * 1000))

    assert "\n" not in found.reply
    assert len(found.reply) <= 2000


def test_only_failures_are_called_lost() -> None:
    assert [one.failed for one in read_bounce(BOUNCES["postfix-several"])] == [True, False, False]


def test_of_a_bounce_that_bounced_only_the_outer_report_counts() -> None:
    inner = BOUNCES["sendmail-too-many-hops"].replace(b"=_limit_1", b"=_limit_2")
    returned = REPORT.index(b"Return-Path: <bounces+anna")

    assert [one.status for one in read_bounce(REPORT[:returned] + inner + REPORT[returned:])] == ["5.1.1"]


def test_the_return_path_of_every_kind_of_header_is_kept() -> None:
    raw = b"Delivered-To: a@vendor.test\nEnvelope-To: b@vendor.test\n" + REPORT

    assert read_bounce(raw)[0].delivered_to[1:3] == ("b@vendor.test", "a@vendor.test")


def test_a_report_behind_ten_megabytes_is_found_in_time() -> None:
    head, boundary, rest = REPORT.partition(b"--=_limit_1\nContent-Description: Delivery report")
    raw = head + b"\n" + b"x" * 76 * 10 + (b"\n" + b"y" * 76) * 130_000 + b"\n" + boundary + rest
    started = time.perf_counter()
    (found,) = read_bounce(raw)

    assert (found.address, found.classified.reason) == ("anna@customer.test", Reason.MAILBOX_UNKNOWN)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00" * 10_000_000,
        b"\n" * 10_000_000,
        b"From: mailer-daemon@x\n\n" + b"a@b.c " * 1_500_000,
        b"From: mailer-daemon@x\n\nundeliverable\n" + b"<a@b.test>:\n" * 800_000,
        b"From: mailer-daemon@x\n\nundeliverable " + b"could not be " * 700_000,
        b"From: mailer-daemon@x\n\n" + b"delivery of " * 800_000,
        b"From: mailer-daemon@x\n\nundeliverable\nhost " + b"a." * 4_000_000,
        b"From: mailer-daemon@x\nContent-Type: text/html\n\nundeliverable" + b"<style" * 1_500_000,
        b"From: mailer-daemon@x\nContent-Type: text/html\n\nundeliverable" + b"<" * 5_000_000,
        b"Subject: " + b"=?utf-8?q?=41?= " * 600_000,
        b"To: " + b"<" * 5_000_000,
        b"To: " + b"(" * 5_000_000 + b"\n\n",
        b"To: " + b"a@b.test, " * 500_000 + b"\n\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000)),
        b"Content-Type: message/rfc822\n\n" * 300_000,
        b"Content-Type: message/delivery-status\n\n" + b"Final-Recipient: rfc822; a@b.test\n" * 200_000,
        b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.test\n" + b"x\n" * 4_000_000,
        b"Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 f\n" + b"M!\n" * 900_000,
    ],
    ids=lambda raw: repr(raw[:50]),
)
def test_a_hostile_message_is_read_in_bounded_time(raw: bytes) -> None:
    read_bounce(REPORT)  # reads the rules
    started = time.perf_counter()
    assert isinstance(read_bounce(raw), list)

    assert time.perf_counter() - started < NO_LONGER_THAN


LINES = sorted({line for raw in BOUNCES.values() for line in raw.splitlines(keepends=True)})
ODD = [
    b"\x00",
    b"\xff\xfe",
    b"=?utf-8?b?!!?=\n",
    b"\x80" * 9,
    b"--",
    b"Content-Type: multipart/x; boundary=\n",
    b"\\x{110000}",
]


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=2000))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    assert isinstance(read_bounce(raw), list)


@settings(deadline=None, max_examples=150)
@given(
    raw=st.sampled_from(list(BOUNCES.values())),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(ODD)), max_size=4),
)
def test_a_damaged_bounce_has_an_answer(raw: bytes, cuts: list[tuple[float, float, bytes]]) -> None:
    for start, length, odd in cuts:
        at = int(start * len(raw))
        raw = raw[:at] + odd + raw[at + int(length * 40) :]

    assert all(one.action and len(one.reply) <= 2000 for one in read_bounce(raw))


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(LINES), max_size=80).map(b"".join))
def test_lines_of_many_bounces_in_any_order_have_an_answer(raw: bytes) -> None:
    assert isinstance(read_bounce(raw), list)
