"""Postfix's log lines become events of the messages that they are about."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.domain import SendEvent, SendEventKind
from diagnostics.models import SenderEvent
from diagnostics.sending.postfix_log import MailLog
from diagnostics.services.events import Told

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SENT = """\
Mar  1 12:00:00 mail postfix/pickup[100]: 4C1F2A0001: uid=1000 from=<codes>
Mar  1 12:00:00 mail postfix/cleanup[101]: 4C1F2A0001: message-id=<code-1@timeclock.example.net>
Mar  1 12:00:01 mail postfix/qmgr[102]: 4C1F2A0001: from=<codes@timeclock.example.net>, size=612, nrcpt=1 (queue active)
Mar  1 12:00:03 mail postfix/smtp[103]: 4C1F2A0001: to=<anna@example.org>, relay=mx.example.org[203.0.113.5]:25, \
delay=2.4, delays=0.1/0/1.2/1.1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9ABCDEF)
Mar  1 12:00:03 mail postfix/qmgr[102]: 4C1F2A0001: removed
"""


def read(text: str, now: datetime = NOW) -> list[Told]:
    log = MailLog(now)
    return [one for line in text.splitlines() for one in log.read(line)]


def events(text: str) -> list[tuple[str, str, str, str]]:
    return [(told.address, told.event.kind, told.event.reply, told.event.mta) for told in read(text)]


def test_a_message_is_followed_from_the_queue_to_their_server() -> None:
    begun, sent = read(SENT)
    message_id = "<code-1@timeclock.example.net>"
    assert (begun.address, sent.address) == ("anna@example.org", "anna@example.org")
    assert begun.event == SendEvent(
        SendEventKind.QUEUED, datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC), "postfix", message_id
    )
    assert sent.event == SendEvent(
        SendEventKind.DELIVERED,
        datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC),
        "postfix",
        message_id,
        "250 2.0.0 Ok: queued as 9ABCDEF",
        mta="mx.example.org",
    )


STAMP = "2026-03-01T12:00:03.123456+01:00 mail postfix-out/smtp[103]: 4XyZ0123abcd: "
TAIL = "delay=1, delays=0/0/1/0, "


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            STAMP
            + "to=<anna@example.org>, relay=mx.example.org[2001:db8::5]:25, "
            + TAIL
            + "dsn=5.1.1, status=bounced "
            "(host mx.example.org[2001:db8::5] said: 550 5.1.1 <anna@example.org>: Recipient address rejected: User "
            "unknown (in reply to RCPT TO command))",
            [
                (
                    "anna@example.org",
                    "bounced",
                    "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown",
                    "mx.example.org",
                )
            ],
        ),
        (
            STAMP + "to=<anna@example.org>, relay=mx.example.org[203.0.113.5]:25, conn_use=2, " + TAIL + "dsn=4.7.1, "
            "status=deferred (host mx.example.org[203.0.113.5] refused to talk to me: 421 4.7.1 try later)",
            [("anna@example.org", "deferred", "421 4.7.1 try later", "mx.example.org")],
        ),
        (
            STAMP + "to=<anna@example.org>, relay=none, " + TAIL + "dsn=4.4.1, status=deferred (connect to "
            "mx.example.org[203.0.113.5]:25: Connection timed out)",
            [
                (
                    "anna@example.org",
                    "deferred",
                    "connect to mx.example.org[203.0.113.5]:25: Connection timed out",
                    "",
                )
            ],
        ),
        (
            STAMP
            + "to=<anna@new.example.org>, orig_to=<anna@example.org>, relay=mx.example.org[203.0.113.5]:25, "
            + TAIL
            + "dsn=2.0.0, status=sent (250 ok)",
            [("anna@example.org", "delivered", "250 ok", "mx.example.org")],
        ),
        (STAMP.replace("/smtp[", "/local[") + "to=<root@localhost>, relay=local, " + TAIL + "status=sent (x)", []),
        (STAMP + "to=<anna@example.org>, relay=none, " + TAIL + "status=deliverable (probe)", []),
        (STAMP + "to=<anna@example.org>, relay=127.0.0.1[127.0.0.1]:10024, " + TAIL + "status=sent (250 filtered)", []),
        ("Mar  1 12:00:00 mail sshd[1]: Accepted publickey for root", []),
        ("", []),
    ],
    ids=[
        "bounced, ipv6",
        "refused to talk",
        "no connection",
        "alias",
        "local",
        "a probe",
        "our own filter",
        "not postfix",
        "empty",
    ],
)
def test_a_line_about_a_recipient(line: str, told: list) -> None:
    assert events(line) == told


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("Mar  1 12:00:03", datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC)),
        ("Dec 31 23:59:59", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-01T12:00:03Z", datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC)),
        ("2026-03-01T13:00:03.5+01:00", datetime(2026, 3, 1, 12, 0, 3, 500000, tzinfo=UTC)),
        ("2026-03-01 12:00:03", datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC)),
    ],
)
def test_every_way_of_writing_the_time(stamp: str, at: datetime) -> None:
    line = f"{stamp} mail postfix/smtp[1]: 4C1F2A0001: to=<anna@example.org>, relay=none, status=bounced (x)"
    assert [told.event.at for told in read(line)] == [at]


def test_a_relay_of_ours_is_not_their_server() -> None:
    log = MailLog(NOW, frozenset({"mx.example.org"}))
    *_, sent = [one for line in SENT.splitlines() for one in log.read(line)]
    assert (sent.event.kind, sent.event.mta) == (SendEventKind.SENT, "")


def test_two_instances_with_one_queue_id_are_two_messages() -> None:
    lines = """\
Mar  1 12:00:00 mail postfix-out/cleanup[1]: 4C1F2A0001: message-id=<one@example.net>
Mar  1 12:00:00 mail postfix-in/cleanup[1]: 4C1F2A0001: message-id=<two@example.net>
Mar  1 12:00:01 mail postfix-out/smtp[1]: 4C1F2A0001: to=<anna@example.org>, relay=none, status=bounced (x)
"""
    assert [told.event.message_id for told in read(lines)] == ["<one@example.net>"]


def test_a_log_read_twice_is_kept_once(db, tmp_path) -> None:
    log = tmp_path / "mail.log"
    log.write_text(SENT)
    for _ in range(2):
        said = io.StringIO()
        call_command("read_mail_log", str(log), stdout=said)
        assert said.getvalue() == "2 events read\n"
    kept = SenderEvent.objects.order_by("pk").values_list("kind", "address", "message_id", "mta")
    assert list(kept) == [
        ("queued", "anna@example.org", "<code-1@timeclock.example.net>", ""),
        ("delivered", "anna@example.org", "<code-1@timeclock.example.net>", "mx.example.org"),
    ]


PIECES = st.sampled_from([*SENT.split(), "to=<", "orig_to=<>", "status=", "dsn=5.1.1,", "(", "99:99:99", "postfix/"])


@given(st.text(max_size=200) | st.lists(PIECES | st.text(max_size=9), max_size=20).map(" ".join))
def test_no_line_makes_it_raise(line: str) -> None:
    assert isinstance(read(line), list)
    assert isinstance(read(SENT + line), list)
