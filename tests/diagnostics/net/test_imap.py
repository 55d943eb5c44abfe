"""The bounce mailbox on a real IMAP server."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import quote

import pytest

from diagnostics.net import imap
from diagnostics.net.imap import MailboxAway, MailboxUrl, opened
from tests.dovecot import PASSWORD, Dovecot, dovecot

ONE = b"Subject: one\r\n\r\nfirst\r\n"
TWO = b"Subject: two\r\n\r\nsecond\r\n"

pytestmark = pytest.mark.serial


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    for message in running.home.glob("mail/**/*.host*"):
        message.unlink()
    return running


def texts(url: str) -> list[bytes]:
    with opened(MailboxUrl.parse(url)) as mailbox:
        return [raw for _, raw in mailbox.unread()]


def test_a_url_may_hold_any_sign() -> None:
    url = MailboxUrl.parse(
        "imaps://bounces%40example.org:s%2Fe%3Ac%40r@mail.example.org:1993/Returned%20mail?move=Done"
    )
    assert url == MailboxUrl("mail.example.org", 1993, True, "bounces@example.org", "s/e:c@r", "Returned mail", "Done")
    assert "s/e" not in repr(url)
    plain = MailboxUrl.parse("imap://user@localhost")
    assert (plain.port, plain.folder, plain.tls) == (143, "INBOX", False)


def test_unread_mail_stays_unread_until_it_is_done(server: Dovecot) -> None:
    server.deliver(ONE)
    server.deliver(TWO)
    assert texts(server.plain_url) == [ONE, TWO]
    with opened(MailboxUrl.parse(server.plain_url)) as mailbox:
        first = next(mailbox.unread())
        mailbox.done(first[0])
    assert texts(server.plain_url) == [TWO]


def test_what_is_done_may_be_moved_away(server: Dovecot) -> None:
    server.deliver(ONE)
    with opened(MailboxUrl.parse(server.plain_url)) as mailbox:
        mailbox._client.create_folder("Done")
    with opened(MailboxUrl.parse(f"{server.plain_url}?move=Done")) as mailbox:
        for uid, _ in mailbox.unread():
            mailbox.done(uid)
    assert texts(server.plain_url) == []
    assert texts(server.plain_url.replace("INBOX", "Done")) == []
    with opened(MailboxUrl.parse(server.plain_url.replace("INBOX", "Done"))) as mailbox:
        assert len(mailbox._client.search("SEEN")) == 1


def test_two_readers_at_once_are_harmless(server: Dovecot) -> None:
    server.deliver(ONE)
    url = MailboxUrl.parse(server.plain_url)
    with opened(url) as mine, opened(url) as theirs:
        ((uid, _),), ((same, _),) = [*mine.unread()], [*theirs.unread()]
        mine.done(uid)
        theirs.done(same)
    assert texts(server.plain_url) == []


def test_a_message_too_long_to_read_is_cut(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "LARGEST", 20)
    server.deliver(ONE * 10)
    assert texts(server.plain_url) == [(ONE * 10)[:20]]


def test_no_further_message_is_begun_when_the_time_is_up(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "TOTAL_SECONDS", -1.0)
    server.deliver(ONE)
    assert texts(server.plain_url) == []


def test_the_certificate_is_verified(server: Dovecot) -> None:
    server.deliver(ONE)
    url = MailboxUrl.parse(server.url)
    with opened(url, ca_file=server.ca_file) as mailbox:
        assert [raw for _, raw in mailbox.unread()] == [ONE]
    with pytest.raises(MailboxAway, match=ssl.SSLCertVerificationError.__name__), opened(url):
        pass


def test_a_refused_login_gives_nothing_away(server: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = server.plain_url.replace(quote(PASSWORD, safe=""), "another-secret")
    with pytest.raises(MailboxAway) as caught, opened(MailboxUrl.parse(wrong)):
        pass
    assert str(caught.value) == "127.0.0.1 refuses the login"
    assert "another-secret" not in caplog.text


def test_a_folder_that_is_not_there_is_said(server: Dovecot) -> None:
    with (
        pytest.raises(MailboxAway, match=r"127\.0\.0\.1"),
        opened(MailboxUrl.parse(server.plain_url.replace("INBOX", "Nowhere"))),
    ):
        pass


def test_a_server_that_says_nothing_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(imap, limit, 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = MailboxUrl.parse(f"imap://user:secret@127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(MailboxAway, match="TimeoutError"), opened(url):
            pass


def test_a_server_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "CUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as endless, ThreadPoolExecutor(1) as pool:
        serving = pool.submit(_trickle, endless)
        url = MailboxUrl.parse(f"imap://user:secret@127.0.0.1:{endless.getsockname()[1]}/")
        with pytest.raises(MailboxAway), opened(url):
            pass
        assert serving.result(5)


def _trickle(server: socket.socket) -> bool:
    """Promises a gigabyte at the login and sends it a byte at a time; true once the other side is gone."""
    connection, _ = server.accept()
    with connection, suppress(ConnectionError):
        connection.sendall(b"* OK ready\r\n")
        tag = connection.recv(1000).split()[0]
        connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK\r\n* LIST () {1000000000}\r\n")
        connection.settimeout(0.05)
        for _ in range(100):
            with suppress(TimeoutError):
                if connection.recv(1000) == b"":
                    return True
            connection.sendall(b"x")
        return False
    return True


def test_a_server_that_is_not_there_is_said() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = MailboxUrl.parse(f"imap://user:secret@127.0.0.1:{reserved.getsockname()[1]}/")
        with pytest.raises(MailboxAway, match="ConnectionRefusedError"), opened(url):
            pass
