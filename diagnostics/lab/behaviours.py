"""What a name or a port of the mini internet does when it is asked: data, played by `dns`, `smtp`, `tcp` and `echo`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from diagnostics.domain import SmtpStage


class NameBehaviour(StrEnum):
    """How the name server treats a name, and all names below it, instead of answering."""

    SERVFAIL = "servfail"
    SILENT = "silent"
    LAME = "lame"
    """SERVFAIL, and the reason: no name server of the zone answers (RFC 8914, 22)."""
    BOGUS = "bogus"
    """SERVFAIL, and the reason: the signature is wrong (RFC 8914, 6). Asked without checking (CD), it answers."""
    FAILS_AT_ONE = "fails_at_one"
    """The first name server says SERVFAIL, the spare one nothing."""
    GONE_AT_ONE = "gone_at_one"
    """The first name server says NXDOMAIN, the spare one nothing."""
    DRIPS = "drips"
    """Every answer is too long for UDP; over TCP it comes through at a byte a second."""


class Encryption(StrEnum):
    """What a mail server has to offer on STARTTLS (RFC 3207)."""

    TRUSTED = "trusted"
    """A certificate for its name, issued by the lab's own authority."""
    SELF_SIGNED = "self_signed"
    ABSENT = "absent"
    """STARTTLS is not in the answer to EHLO."""


class Folder(StrEnum):
    """Where a mail server puts what it took."""

    INBOX = "inbox"
    SPAM = "spam"
    QUARANTINE = "quarantine"
    NOWHERE = "nowhere"
    """Taken, then dropped without a word."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery status notification (RFC 3464) that comes back after the message was taken.

    `reply` is what the next server said, with `{recipient}` filled in; that server is `host`, this one where empty.
    `recipient` is the mailbox that was refused, where it is another one than the message was for.
    """

    reply: str
    host: str = ""
    recipient: str = ""
    action: Literal["failed", "delayed"] = "failed"


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. As it stands it is a healthy Postfix; each field makes it differ.

    `replies` are full replies instead of the usual one, lines apart by newline, with `{host}`, `{recipient}` and
    `{queue_id}` filled in. A reply 421, and any at the banner, ends the connection;
    but banner lines `220-` come before the usual one. `taken` confirms the message.
    """

    replies: Mapping[SmtpStage, str] = field(default_factory=dict)
    serves: tuple[str, ...] = ()
    """Local parts that are served as usual although `replies` refuses recipients."""
    greeting: str = "ESMTP Postfix"
    banner_after: float = 0.0
    """Seconds before the banner."""
    knows_ehlo: bool = True
    """Else only HELO, as before 1995."""
    encryption: Encryption = Encryption.TRUSTED
    insists_on_tls: bool = False
    """Refuses MAIL until the connection is encrypted."""
    greylists_for: float = 0.0
    """Seconds for which a new pair of sender and recipient is put off (RFC 6647)."""
    puts_off_with: str = ""
    """Other words for it, with `{recipient}` and `{seconds}` filled in."""
    hangs_up_at: SmtpStage | None = None
    """Breaks the connection instead of replying at this stage."""
    taken: str = "250 2.0.0 Ok: queued as {queue_id}"
    folder: Folder = Folder.INBOX
    bounces: Bounce | None = None
    """What is taken comes back: the report goes to the lab's mailbox of the envelope sender (`lab.returned`)."""
    drips_every: float = 0.0
    """Seconds between any two bytes of its replies, as of a tarpit."""


@dataclass(frozen=True, slots=True)
class Http:
    """Answers every HTTP request with a short page; over TLS with a certificate for the host's name if `tls`."""

    tls: bool = False
    page: str = "This is a host of the lab.\n"
    drips_every: float = 0.0
    """Seconds between any two bytes of its answer."""


@dataclass(frozen=True, slots=True)
class TestPoint:
    """A port responder of ours: over TLS, with a certificate for the host's name, questions come back."""

    __test__ = False  # for pytest, which takes the name for that of tests


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing listens: connections are refused."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """Nothing comes back at all, as behind a firewall that drops packets."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Takes the connection and resets it at once."""


PortBehaviour = Smtp | Http | TestPoint | Closed | Filtered | Reset
