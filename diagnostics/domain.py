"""The nouns of the diagnosis: what probes saw, what checks concluded, what verdicts rank.

Everything here is plain, frozen data without Django, sockets or clocks, so that a diagnosis can be made, stored and
made again anywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

O = TypeVar("O")  # noqa: E741 - an observation type


class ProbeGroup(StrEnum):
    """Probes of a run that are claimed, leased and ended together."""

    DNS = "dns"
    PORTS = "ports"
    DELIVERY = "delivery"
    RECORDS = "records"
    """The vendor's own records: directory, suppression lists, earlier sends. Shown from tier 1 on, and no public page
    waits for it, so that its time tells nobody who is a customer.
    """


class Vantage(StrEnum):
    """Where an observation was made."""

    SERVER = "server"
    BROWSER = "browser"
    SCRIPT = "script"
    CUSTOMER = "customer"
    SENDER = "sender"


class Strength(StrEnum):
    """How much a finding says about its cause."""

    PROVES = "proves"
    HINTS = "hints"
    RULES_OUT = "rules_out"


class Severity(StrEnum):
    """Whether a finding keeps mail from arriving (problem) or only explains the way it takes (note)."""

    PROBLEM = "problem"
    NOTE = "note"


class Stage(StrEnum):
    """Where on its way the mail (or, beside it, the device) is stopped; in the order of the way."""

    SENT = "sent"
    ROUTED = "routed"
    ACCEPTED = "accepted"
    PLACED = "placed"
    READ = "read"
    DEVICE = "device"
    NETWORK = "network"
    HOSTS = "hosts"


class Who(StrEnum):
    """Who can fix a cause."""

    USER = "user"
    IT = "it"
    PROVIDER = "provider"
    VENDOR = "vendor"


class Verdict(StrEnum):
    CAUSE_FOUND = "cause_found"
    LIKELY_CAUSE = "likely_cause"
    NOTHING_FOUND = "nothing_found"
    INCONCLUSIVE = "inconclusive"


class Status(StrEnum):
    """What one row shows. Unknown is never shown as fine."""

    CHECKING = "checking"
    FINE = "fine"
    PROBLEM = "problem"
    COULD_NOT_CHECK = "could_not_check"
    NOT_CHECKED = "not_checked"
    DOES_NOT_APPLY = "does_not_apply"


class Gap(StrEnum):
    """Why there is no observation."""

    RESOLVER_SILENT = "resolver_silent"
    """No name server gave a usable answer (time-out, SERVFAIL, REFUSED)."""
    TIMED_OUT = "timed_out"
    """The probe's own time limit ran out."""
    NEEDS_MISSING = "needs_missing"
    """Something this probe builds on could not be observed."""
    NOT_PUBLIC = "not_public"
    """The guard allows no connection to that address."""
    EGRESS_BLOCKED = "egress_blocked"
    """We could not reach other hosts either: the fault may be ours."""
    FAULT = "fault"
    """The probe itself failed; the log has the details."""
    LOST = "lost"
    """The worker was lost three times while probing."""
    OUTDATED = "outdated"
    """The stored observation was written by a version that this one cannot read."""
    NO_MX = "no_mx"
    """There is no mail host to talk to."""
    NO_HOSTS = "no_hosts"
    """The vendor profile names no hosts."""
    NO_CONTROL = "no_control"
    """The vendor profile names no control domain."""
    MX_UNREACHABLE = "mx_unreachable"
    """No mail host took our connection, so nothing could be handed over."""
    RELAYED = "relayed"
    """Our relay or sending service took the message; the recipient's server has not been heard yet."""
    NOT_ALL_TRIED = "not_all_tried"
    """Some of the mail hosts could not be looked up, or were left out because there are so many."""
    NOT_TAKEN = "not_taken"
    """The message was refused before, so there is nothing to look for."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """The message may or may not have been taken: the connection ended after the content was handed over."""
    NOT_SET_UP = "not_set_up"
    """This portal is connected to no such record of the vendor's (directory, sending service)."""
    RECORDS_SILENT = "records_silent"
    """The vendor's directory or sending service gave no usable answer."""
    STALE = "stale"
    """What was found is too old to be relied on."""
    NO_RESPONDER = "no_responder"
    """The vendor profile names no port responder, so a customer's own network cannot be tried."""
    RESPONDER_DOWN = "responder_down"
    """Our own port responder does not answer us either."""
    CANNOT_TEST = "cannot_test"
    """The browser, or the network around it, did not let the test run."""


class Unobserved(Exception):
    """No answer was obtained; the question stays open."""

    def __init__(self, gap: Gap, detail: str = "") -> None:
        super().__init__(gap.value)
        self.gap = gap
        self.detail = detail


class NotApplicable(Exception):
    """The question makes no sense here, for example talking to the MX of a domain without one."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.value)
        self.gap = gap


class NotAsked(Exception):
    """Nobody has been asked yet: whether the mail is in the inbox, only the customer can say."""


# --- what a case is about -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed e-mail address. `domain` is in lower case A-label form (RFC 5890), without a trailing dot."""

    local_part: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}"


@dataclass(frozen=True, slots=True)
class VendorHost:
    """A host of the vendor that customers' devices must reach."""

    name: str
    ports: tuple[int, ...]
    tls_ports: tuple[int, ...] = (443,)
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class ResponderHost:
    """A host where a port responder of ours answers, so that a customer's own network can be tried against it.

    It stands inside the ranges that the vendor's article asks for, on an address that no product uses.
    """

    name: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whoever sends the codes. `code_lifetime` and `expected_wait` are seconds."""

    slug: str
    name: str
    senders: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    hosts: tuple[VendorHost, ...] = ()
    responders: tuple[ResponderHost, ...] = ()
    ports: tuple[int, ...] = ()
    control_domain: str = ""
    """A domain of the vendor's own whose MX takes connections on port 25: tells our blocked egress from their closed
    MX.
    """
    code_lifetime: int = 600
    expected_wait: int = 60
    support_email: str = ""
    support_url: str = ""
    allowlist_version: str = ""
    sending_addresses: tuple[str, ...] = ()
    """IP addresses or networks that code e-mails come from; empty: all of `addresses`."""
    bounce_domains: tuple[str, ...] = ()
    """Domains of the return path (the envelope sender, which SPF is about); empty: those of `senders`."""
    dkim_selectors: tuple[str, ...] = ()
    """`selector`, for a key of every sender's domain, or a whole name, `selector._domainkey.example.net`."""
    helo_names: tuple[str, ...] = ()
    """Names that our mail servers give themselves."""
    unrelated_includes: tuple[str, ...] = ()
    """Names that our SPF records include for other mail than codes; the article need not list what they allow."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the probes look at: the address a case is about and the vendor whose code it waits for."""

    address: Address
    vendor: Vendor
    company_id: str = ""

    @property
    def domain(self) -> str:
        return self.address.domain


# --- the network, as probes see it ----------------------------------------------------------------------------------


class DnsStatus(StrEnum):
    OK = "ok"
    NO_DATA = "no_data"
    """The name exists, but has no record of that type (RFC 2308)."""
    NO_SUCH_NAME = "no_such_name"
    """NXDOMAIN."""
    UNANSWERED = "unanswered"
    """Time-out, SERVFAIL, REFUSED or an unusable answer from every name server."""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """`records` in presentation form (RFC 1035 section 5), for example `10 mx.example.org.`; sorted."""

    status: DnsStatus
    records: tuple[str, ...] = ()
    confirmed_by: int = 1
    """How many name servers said so; NXDOMAIN is asked of a second one where there is one."""
    alias_of: str = ""
    """The name at the end of the CNAMEs that were followed, without its dot; empty where there were none."""
    authentic: bool = False
    """The name server says that DNSSEC vouches for the records (AD, RFC 4035)."""
    failed_by: int = 0
    """Of an unanswered question: how many name servers said SERVFAIL. A time-out is no failure of theirs."""
    extended_errors: tuple[int, ...] = ()
    """What they said about it (RFC 8914), in numbers; sorted."""


class ConnectOutcome(StrEnum):
    OPEN = "open"
    REFUSED = "refused"
    """A TCP reset or an ICMP refusal came back."""
    FILTERED = "filtered"
    """Nothing came back within the time limit."""
    UNREACHABLE = "unreachable"
    """No route to the address."""
    DNS_FAILURE = "dns_failure"
    """The host name does not exist or has no address."""
    DNS_UNANSWERED = "dns_unanswered"
    """The name could not be looked up: nothing is known about the host."""
    TLS_FAILURE = "tls_failure"
    """Connected, but the TLS handshake or the certificate failed."""
    NOT_PUBLIC = "not_public"
    """The guard refuses the address."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One attempt to reach (host, port). `elapsed_ms` from the first packet to the outcome."""

    host: str
    port: int
    outcome: ConnectOutcome
    address: str = ""
    elapsed_ms: int = 0
    tls_version: str = ""
    tls_issuer: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PolicyFetch:
    """What came of asking `mta-sts.<domain>` for its policy (RFC 8461 section 3.3); `status` 0 without an answer."""

    outcome: ConnectOutcome
    status: int = 0
    text: str = ""
    """At most 64 KB; empty unless the status is 200."""
    detail: str = ""
    in_time: bool = True
    """False where it was connected, and the answer took longer than we wait; senders wait for a minute."""


@dataclass(frozen=True, slots=True)
class EchoFetch:
    """What came of asking a port responder of ours for its echo over verified TLS.

    `echoed` is whether our own question came back; `outcome` and `detail` say why not.
    """

    outcome: ConnectOutcome
    echoed: bool = False
    detail: str = ""
    issuer: str = ""
    """Who vouches for the responder: its organisation, else its common name."""
    address: str = ""
    """Where the answer came from."""


class SmtpStage(StrEnum):
    """How far an SMTP conversation came (RFC 5321 section 3)."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    """The message was handed over and its end confirmed or refused."""
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """One reply: its code, and the exact text after it, lines joined by line feeds, at most 2,000 characters.

    `code` is 0 where the other side said nothing that could be read as a reply.
    """

    stage: SmtpStage
    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


@dataclass(frozen=True, slots=True)
class SmtpConversation:
    """What one MX host said, up to STARTTLS and QUIT; no recipient is ever named."""

    host: str
    outcome: ConnectOutcome
    address: str = ""
    elapsed_ms: int = 0
    reached: SmtpStage = SmtpStage.CONNECT
    replies: tuple[SmtpReply, ...] = ()
    extensions: tuple[str, ...] = ()
    starttls_offered: bool = False
    tls_version: str = ""
    tls_issuer: str = ""
    tls_problem: str = ""
    detail: str = ""

    def reply(self, stage: SmtpStage) -> SmtpReply | None:
        return next((reply for reply in self.replies if reply.stage is stage), None)


class SendOutcome(StrEnum):
    """What became of a test message when we handed it over."""

    ACCEPTED = "accepted"
    """The recipient's server took it. That is not the inbox."""
    RELAYED = "relayed"
    """A relay or sending service of ours took it; the recipient's server has not been heard yet."""
    DEFERRED = "deferred"
    """Refused for now (4yz)."""
    REFUSED = "refused"
    """Refused for good (5yz)."""
    UNREACHABLE = "unreachable"
    """No MX host could be talked to; nothing was handed over."""
    UNKNOWN = "unknown"
    """The connection ended after the content was handed over: it may have been taken. Never sent again by itself."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """One hand-over of a test message. `via` names the sending service; `replies` are the exact replies of `host`."""

    outcome: SendOutcome
    via: str
    host: str = ""
    address: str = ""
    tls_version: str = ""
    replies: tuple[SmtpReply, ...] = ()
    detail: str = ""
    service_id: str = ""
    """What the sending service calls the message in its events; empty where it has no name for it."""
    sent_from: str = ""
    """Our own address that the recipient's server saw; empty where that is not known."""

    @property
    def decisive(self) -> SmtpReply | None:
        """The reply that decided the outcome: the last one that was not a goodbye."""
        return next((reply for reply in reversed(self.replies) if reply.stage is not SmtpStage.QUIT), None)


class Membership(StrEnum):
    """How a company ID and an address stand to each other in the vendor's directory."""

    ADMINISTRATOR = "administrator"
    """Both are on file together, and the address belongs to an administrator."""
    NOT_ADMINISTRATOR = "not_administrator"
    """Both are on file together; the profile may not receive codes."""
    OTHER_COMPANY = "other_company"
    """The address is on file, with another company ID."""
    NOT_ON_FILE = "not_on_file"
    """The company is known, the address is not on it."""
    COMPANY_UNKNOWN = "company_unknown"
    """No such company ID, and the address is on no other."""


@dataclass(frozen=True, slots=True)
class DirectoryAnswer:
    """What the vendor's directory says; never shown below tier 1.

    `near` is an address on file for the company that differs from the typed one by a slip or two, empty where there is
    none; it is shown masked.
    """

    membership: Membership
    near: str = ""


class SuppressionReason(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    MANUAL = "manual"
    """Somebody put the address on the list by hand."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry of a sending service's own list of addresses that it no longer sends to. `text` is its explanation."""

    service: str
    reason: SuppressionReason
    since: datetime | None = None
    text: str = ""
    removable: bool = False
    """Whether the service lets us take the entry off."""


@dataclass(frozen=True, slots=True)
class SuppressionAnswer:
    """Every entry for the address, of every configured sending service. `silent` are those that gave no answer."""

    entries: tuple[Suppression, ...] = ()
    asked: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class SendEventKind(StrEnum):
    """What happened to a message on its way through a sending service (django-anymail's normalised events)."""

    QUEUED = "queued"
    SENT = "sent"
    REJECTED = "rejected"
    """The service refused to send it, because of a suppression for example."""
    FAILED = "failed"
    BOUNCED = "bounced"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    """The recipient's server took it. That is not the inbox."""
    AUTORESPONDED = "autoresponded"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SendEvent:
    """One event of one message. `reply` is what the recipient's server said, where the service tells.

    `reject_reason` is the service's own (`bounced`, `spam`, `unsubscribed`, `blocked`, ...), empty where it gives none.
    """

    kind: SendEventKind
    at: datetime
    service: str
    message_id: str = ""
    reply: str = ""
    reject_reason: str = ""
    mta: str = ""
    user_agent: str = ""
    sent_from: str = ""
    """The IP address that the service sent it from, where it tells; for counts only, not kept with the event."""


@dataclass(frozen=True, slots=True)
class SendHistory:
    """What sending services reported about code e-mails to one address, oldest first; test messages are not among it.

    `others_begun` and `others_ended` are e-mails to other addresses that services reported to have taken over, and to
    have delivered or lost, in the last day: whether we would have heard. `code_lifetime` is seconds.
    """

    events: tuple[SendEvent, ...]
    asked_at: datetime
    domain: str = ""
    others_begun: int = 0
    others_ended: int = 0
    code_lifetime: int = 600


class Records(Protocol):
    """The vendor's own records about a customer. Asked in the background only; what they say is shown from tier 1 on.

    Every verb has its own time limit. Raises `Unobserved` (no usable answer) and `NotApplicable` (not set up).
    """

    async def directory(self, target: Target) -> DirectoryAnswer:
        """How the case's company ID and address stand to each other."""

    async def suppressions(self, target: Target) -> SuppressionAnswer:
        """Whether sending services have stopped sending to the address."""

    async def events(self, target: Target) -> SendHistory:
        """What sending services reported about code e-mails to the address in the last 7 days."""


class Network(Protocol):
    """The only way a probe reaches the world. Every verb has its own time limit and never raises for a bad answer."""

    @property
    def records(self) -> Records: ...

    def resolve(self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True) -> Awaitable[DnsAnswer]:
        """Records of one type; CNAMEs followed. `unchecked` asks for what DNSSEC would hold back, too (CD).

        The question is on its way when this returns: several are asked at once, and then awaited one after the other.
        Without `confirm` one name server's word is enough that the name does not exist: for names that most domains
        lack and nobody is blamed for lacking.
        """

    async def connect(self, host: str, port: int, *, tls: bool = False) -> Connection:
        """Look the host up, pass the guard, connect, and, with `tls`, shake hands and verify the certificate."""

    async def converse(self, host: str, addresses: tuple[str, ...]) -> SmtpConversation:
        """Talk to an MX host on port 25: banner, EHLO, STARTTLS, EHLO, QUIT."""

    async def fetch_policy(self, domain: str) -> PolicyFetch:
        """The domain's MTA-STS policy over verified HTTPS, without redirects (RFC 8461 section 3.3)."""

    async def fetch_echo(self, host: str, port: int) -> EchoFetch:
        """A port responder's answer to a question of our own, over verified TLS."""


# --- evidence -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation and where and when it was made; or, with a `gap`, why there is none."""

    kind: type[object]
    vantage: Vantage
    at: datetime
    observation: object | None = None
    gap: Gap | None = None
    applies: bool = True
    elapsed_ms: int = 0
    detail: str = ""


class Evidence:
    """Everything seen for a case so far, by observation type. Later entries of a type supersede earlier ones."""

    def __init__(self, seen: Iterable[Seen] = ()) -> None:
        self._by_kind: dict[type[object], list[Seen]] = {}
        for entry in seen:
            self.add(entry)

    def __iter__(self) -> Iterator[Seen]:
        for entries in self._by_kind.values():
            yield from entries

    def add(self, seen: Seen) -> None:
        self._by_kind.setdefault(seen.kind, []).append(seen)

    def __getitem__(self, kind: type[O]) -> O:
        """The newest observation of a type; raises Unobserved or NotApplicable where there is none."""
        seen = self.latest(kind)
        if seen is None:
            raise Unobserved(Gap.NEEDS_MISSING)
        if isinstance(seen.observation, kind):
            return seen.observation
        if not seen.applies:
            raise NotApplicable(seen.gap or Gap.NEEDS_MISSING)
        raise Unobserved(Gap.NEEDS_MISSING)

    def get(self, kind: type[O]) -> O | None:
        seen = self.latest(kind)
        return seen.observation if seen and isinstance(seen.observation, kind) else None

    def all(self, kind: type[O]) -> list[O]:
        """Every observation of a type, oldest first."""
        return [seen.observation for seen in self._by_kind.get(kind, ()) if isinstance(seen.observation, kind)]

    def latest(self, kind: type[object]) -> Seen | None:
        entries = self._by_kind.get(kind)
        return entries[-1] if entries else None


# --- findings and diagnosis -----------------------------------------------------------------------------------------

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """A tag of the cause tree, how strongly it is supported, and the facts behind it (short texts, shown escaped)."""

    tag: str
    strength: Strength
    severity: Severity = Severity.PROBLEM
    facts: Facts = field(default_factory=dict)


def proves(tag: str, **facts: str) -> Finding:
    return Finding(tag, Strength.PROVES, Severity.PROBLEM, facts)


def hints(tag: str, **facts: str) -> Finding:
    return Finding(tag, Strength.HINTS, Severity.PROBLEM, facts)


def notes(tag: str, **facts: str) -> Finding:
    """Worth knowing, no reason by itself for mail not to arrive."""
    return Finding(tag, Strength.HINTS, Severity.NOTE, facts)


def rules_out(tag: str, **facts: str) -> Finding:
    return Finding(tag, Strength.RULES_OUT, Severity.NOTE, facts)


@dataclass(frozen=True, slots=True)
class Cause:
    """A root cause: where on the way it sits and who can fix it. Named by the tag of its findings."""

    tag: str
    stage: Stage
    who: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class RankedCause:
    """A cause that the evidence supports. The first of a diagnosis is its headline.

    `question` is the one whose answer says so, `against` are those whose answers rule it out: evidence that contradicts
    itself is shown, and nobody is sure then.
    """

    cause: str
    strength: Strength
    stage: Stage
    who: tuple[Who, ...]
    facts: Facts = field(default_factory=dict)
    question: str = ""
    against: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        return self.strength is Strength.PROVES and not self.against


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question: its status, the findings, and why it stayed open where it did."""

    question: str
    status: Status
    findings: tuple[Finding, ...] = ()
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Ranked causes, the verdict, and every question with its answer."""

    verdict: Verdict
    causes: tuple[RankedCause, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Questions that were asked and got no answer."""
        return tuple(answer.question for answer in self.answers if answer.status is Status.COULD_NOT_CHECK)

    def answer(self, question: str) -> Answer | None:
        return next((answer for answer in self.answers if answer.question == question), None)


# --- content --------------------------------------------------------------------------------------------------------


class ProviderKind(StrEnum):
    MAILBOX = "mailbox"
    """A business mail host with its own administrator."""
    CONSUMER = "consumer"
    GATEWAY = "gateway"
    """Filters mail in front of the mailbox provider."""
    FORWARDER = "forwarder"
    PROGRAM = "program"
    """Software reads this mail, not a person."""
    PARKING = "parking"
    UNCLEAR = "unclear"
    """The MX suffix is in use, its owner is not established."""


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A mailbox provider or security gateway, known by its MX hosts. Texts are plain sentences in English.

    `{senders}`, `{domains}`, `{addresses}` and, in `trace` and `powershell`, `{address}` and `{sender}` are filled in
    when they are shown; a line whose value is not known is left out.
    """

    slug: str
    name: str
    kind: ProviderKind
    mx_suffixes: tuple[str, ...]
    family: str = ""
    """Providers of one family are one system: MX hosts of both are no contradiction. Its own slug where empty."""
    ended: str = ""
    """The year since which the service is no more: an MX host of it is a left-over."""
    spf_includes: tuple[str, ...] = ()
    """What its customers' SPF records include (RFC 7208 section 5.2), as suffixes."""
    client_hosts: tuple[str, ...] = ()
    """Where its customers' autodiscover names lead, as suffixes."""
    dkim_selectors: tuple[str, ...] = ()
    """Selectors that its customers' DKIM keys have (RFC 6376 section 3.1)."""
    dkim_hosts: tuple[str, ...] = ()
    """Where these selectors lead by CNAME, as suffixes; none where the key itself stands under the selector."""
    folders: tuple[str, ...] = ()
    user_quarantine: str = ""
    admin_quarantine: str = ""
    hidden_from_user: str = ""
    held_days: int | None = None
    allowlist: tuple[str, ...] = ()
    trace: str = ""
    """Where the message log is and what to enter there."""
    powershell: tuple[str, ...] = ()
    """The same as commands; the values in them are put into quotes."""
    documents: tuple[Document, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a help article: a step of the wizard.

    `questions` are answered by checks, `blocks` are live parts of the page.
    """

    slug: str
    title: str
    body: str
    article_heading: str
    questions: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """A help article as data. `models` are the devices it is for, empty where there are none. Texts are Markdown."""

    slug: str
    title: str
    summary: str
    vendor: str
    intro: str = ""
    closing: str = ""
    tip: str = ""
    models: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    questions: tuple[str, ...] = ()

    def section(self, slug: str) -> Section | None:
        return next((section for section in self.sections if section.slug == slug), None)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a cause means and what to do about it. `{domain}`-like placeholders are filled from the finding's facts."""

    tag: str
    stage: Stage
    who: tuple[Who, ...]
    headline: str
    next_step: str
    meaning: str
    action: str
    for_it: str = ""
    """The same for an IT department: exact, with the terms of the field; empty where `action` says it all."""
    with_provider: Mapping[str, str] = field(default_factory=dict)
    """Provider slug to what is different there, for IT."""
    proof: str = ""
    """What proves the cause, for agents and the catalogue in `docs/causes.md`; empty where nothing that we see can."""
    hint: str = ""
    """What only hints at it."""
    facts: tuple[str, ...] = ()

    @property
    def cause(self) -> Cause:
        return Cause(self.tag, self.stage, self.who)
