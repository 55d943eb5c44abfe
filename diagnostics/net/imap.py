"""The mailbox that returned messages come to, over IMAP (RFC 3501) with `imapclient`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer
from time import monotonic
from urllib.parse import parse_qs, unquote, urlsplit

from imapclient import SEEN, IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
"""The longest silence of the server."""
TOTAL_SECONDS = 45.0
"""No further message is begun after that; what is left waits for the next time."""
CUT_SECONDS = 90.0
"""From the login on, whatever is under way, the connection ends then: a server that goes on and on is never silent."""
LARGEST = 10 * 1024 * 1024
"""Bytes of a message that are read."""


class MailboxAway(Exception):
    """The mailbox cannot be read now. The text names the host, never the user or the password."""


@dataclass(frozen=True, slots=True)
class MailboxUrl:
    """`imaps://user:password@host:port/folder?move=folder`, user, password and folders percent-encoded.

    `imap://` is without TLS, for this very machine only. What has been read is moved to `move`, or marked as read.
    """

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    move: str = ""

    @classmethod
    def parse(cls, text: str) -> MailboxUrl:
        """From a text that the settings have looked at."""
        parts = urlsplit(text)
        tls = parts.scheme == "imaps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (993 if tls else 143),
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            move=parse_qs(parts.query).get("move", [""])[0],
        )


@contextmanager
def opened(url: MailboxUrl, *, ca_file: str = "") -> Iterator[ImapMailbox]:
    """The mailbox, logged in and selected; raises MailboxAway, also for what happens to it inside the block."""
    context = ssl.create_default_context(cafile=ca_file or None)
    limit = SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    try:
        client = IMAPClient(url.host, url.port, ssl=url.tls, ssl_context=context if url.tls else None, timeout=limit)
        watch = Timer(CUT_SECONDS, _cut, (client.socket(),))
        watch.daemon = True
        watch.start()
        try:
            client.login(url.user, url.password)
            client.select_folder(url.folder)
            yield ImapMailbox(client, url.move, monotonic() + TOTAL_SECONDS)
        finally:
            with suppress(IMAPClientError, OSError):
                client.logout()
            watch.cancel()
    except LoginError as problem:
        raise MailboxAway(f"{url.host} refuses the login") from problem
    except (IMAPClientError, OSError) as problem:
        raise MailboxAway(f"{url.host}: {type(problem).__name__}") from problem


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """Messages that nobody has read yet. Fetching leaves them so: only `done` marks one, once it is safe with us."""

    _client: IMAPClient
    _move: str
    _deadline: float

    def unread(self) -> Iterator[tuple[int, bytes]]:
        """Number (UID) and bytes of each, oldest first, as many as there is time for."""
        for uid in sorted(self._client.search("UNSEEN")):
            if monotonic() > self._deadline:
                return
            answer = self._client.fetch([uid], [f"BODY.PEEK[]<0.{LARGEST}>"]).get(uid, {})
            raw = answer.get(b"BODY[]<0>")
            if isinstance(raw, bytes):
                yield uid, raw

    def done(self, uid: int) -> None:
        """Never to be read again. Moved away where the server can (RFC 6851), which somebody else may have done."""
        self._client.add_flags([uid], [SEEN], silent=True)
        if self._move and self._client.has_capability("MOVE"):
            self._client.move([uid], self._move)


def _cut(connection: socket.socket) -> None:
    """From another thread: whoever reads finds the end there. Not the method of a TLS socket, which says goodbye."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
