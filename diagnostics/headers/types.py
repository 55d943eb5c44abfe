"""What was read from a message's headers. Plain data, storable as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received line (RFC 5321 section 4.4): `by_host` took the message from `from_host`.

    Hosts are in lower case, `from_address` is the IP address that connected; what is not said is empty.
    """

    by_host: str
    from_host: str = ""
    from_address: str = ""
    protocol: str = ""
    """As registered (RFC 3848), for example ESMTPS."""
    tls: bool | None = None
    """None where the line does not tell."""
    id: str = ""
    at: datetime | None = None
    delay: int | None = None
    """Seconds since the message was seen before; None for the first hop and where the time cannot be trusted."""
    skewed: bool = False
    """The time does not fit between those of the other hops: that host's clock is wrong."""
    internal: bool = False
    """The message did not cross the internet: from a private or local address, or within one host."""
    provider: str = ""
    """Slug of whoever runs `by_host`, where the name tells."""


class Source(StrEnum):
    """Which header an authentication result stands in."""

    RECEIVER = "receiver"
    """Authentication-Results (RFC 8601)."""
    ARC = "arc"
    """ARC-Authentication-Results (RFC 8617): what an earlier hop found, sealed."""
    RECEIVED_SPF = "received_spf"
    """Received-SPF (RFC 7208 section 9.1)."""


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One method's result (`spf`, `dkim`, `dmarc`, `arc`) as `server` found it, for `domain`, all in lower case.

    Microsoft 365 does not name itself: then `server` is empty.
    """

    method: str
    result: str
    domain: str = ""
    server: str = ""
    source: Source = Source.RECEIVER


class SpamSystem(StrEnum):
    """Whose spam verdict it is."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"
    PROOFPOINT = "proofpoint"
    MIMECAST = "mimecast"
    BARRACUDA = "barracuda"
    CISCO = "cisco"
    SOPHOS = "sophos"
    TREND_MICRO = "trend_micro"
    APPLE = "apple"
    YAHOO = "yahoo"
    GMX = "gmx"
    RSPAMD = "rspamd"
    SPAMASSASSIN = "spamassassin"
    """Also every other filter that writes X-Spam headers."""


class SpamWord(StrEnum):
    SPAM = "spam"
    SUSPECT = "suspect"
    CLEAN = "clean"
    UNKNOWN = "unknown"
    """The filter was there, and what it wrote cannot be read by others."""


class Filed(StrEnum):
    """Into which folder the mailbox system says that it put the message."""

    JUNK = "junk"
    INBOX = "inbox"
    UNSAID = "unsaid"


class WhyFiled(StrEnum):
    """What the verdict rests on, as far as the headers say."""

    SCORE = "score"
    """The filter's own judgement of content and sender."""
    PHISHING = "phishing"
    IMPERSONATION = "impersonation"
    """It looks as if somebody posed as another sender."""
    BULK = "bulk"
    BLOCKED_BY_USER = "blocked_by_user"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    ALLOWED_BY_USER = "allowed_by_user"
    ALLOWED_BY_POLICY = "allowed_by_policy"
    RELEASED = "released"
    """It was held in quarantine and released."""
    MALWARE = "malware"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class SpamVerdict:
    """What one filter made of the message. `score` is its own notation, short: filters' scales do not compare."""

    system: SpamSystem
    word: SpamWord
    score: str = ""
    why: WhyFiled = WhyFiled.UNSAID
    filed: Filed = Filed.UNSAID


class Forwarding(StrEnum):
    """How one sees that the message was passed on from another mailbox."""

    DELIVERED_TO = "delivered_to"
    """Delivered-To names mailboxes at different domains."""
    FORWARDED_FOR = "forwarded_for"
    """X-Forwarded-To, X-Forwarded-For and the like."""
    RESENT = "resent"
    """Resent-From and the like (RFC 5322 section 3.6.6)."""
    REWRITTEN = "rewritten"
    """The return path was rewritten by a forwarder (SRS and the like)."""


@dataclass(frozen=True, slots=True)
class Headers:
    """The way of one message. `fields` is how many header fields were read; 0 where the text holds none."""

    hops: tuple[Hop, ...] = ()
    """Oldest first."""
    date: datetime | None = None
    """When the sending program wrote it (RFC 5322 section 3.6.1)."""
    queued_seconds: int | None = None
    """From `date` to the first hop; None where either is missing or they contradict each other."""
    transit_seconds: int | None = None
    """From the first to the last hop whose time can be trusted; None where there are not two."""
    skew_seconds: int = 0
    """By how much the worst clock on the way goes wrong, as far as it shows; not counted as delay."""
    message_id: str = ""
    from_domain: str = ""
    return_path_domain: str = ""
    dkim_domains: tuple[str, ...] = ()
    """Domains that signed (RFC 6376, d=)."""
    authentication: tuple[AuthResult, ...] = ()
    """Newest first, as the headers stand."""
    spam: tuple[SpamVerdict, ...] = ()
    forwarding: tuple[Forwarding, ...] = ()
    fields: int = 0

    @property
    def usable(self) -> bool:
        """Whether there is anything here that a mail server wrote."""
        return bool(self.hops or self.authentication or self.spam)

    @property
    def slowest(self) -> int | None:
        """Index of the hop before which the message waited longest; None where no delay is known."""
        delays = [(hop.delay, -index) for index, hop in enumerate(self.hops) if hop.delay is not None]
        return -max(delays)[1] if delays else None
