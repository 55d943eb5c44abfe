"""A case as its pages need it: read once, in a constant number of queries, and put into words elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.translation import get_language

from diagnostics import registry
from diagnostics.articles import article
from diagnostics.codec import Unreadable
from diagnostics.content import BadContent
from diagnostics.domain import Article, Diagnosis, Evidence, Provider, ProviderKind, Vendor
from diagnostics.models import Case, Incident, MessageState, Purpose, Run, TestMessage
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.probes.test_message import BounceReport, ComparisonBounce, MailboxAnswer
from diagnostics.providers import provider
from diagnostics.registry import Probe
from diagnostics.services.runs import evidence_of, seen_by
from diagnostics.services.standing import Standing, newest
from diagnostics.vendors import vendor
from portal.masking import without_mailboxes
from portal.templatetags.portal_text import foreign, visible
from portal.wizard.polling import Pace, etag, pace_of

MAY_HAVE_ARRIVED = MessageState.may_have_arrived()


class ContentGone(Exception):
    """The case's article or its vendor profile is no longer there, or the case's own details were deleted by age."""

    def __init__(self, case: Case) -> None:
        super().__init__(f"{case.article}, {case.vendor}")
        self.case = case


@dataclass(frozen=True)
class CaseFile:
    """One case, its newest run and all that is known by now."""

    case: Case
    article: Article
    vendor: Vendor
    run: Run
    diagnosis: Diagnosis | None
    evidence: Evidence
    messages: Mapping[str, TestMessage]
    now: datetime
    outdated: bool = False
    """The run has ended, but its diagnosis was written by a version that this one cannot read."""
    masked: bool = False
    """For eyes other than the owner's: no mailbox is named whole."""
    tier: int = 0
    """What of the vendor's records may be shown: 0 nothing."""
    incident: Incident | None = None
    """What many customers suffer from now, too: by their provider, whoever they are."""

    def shown(self, text: str) -> str:
        """A text from outside, fit to be shown; where the file is masked, without the mailboxes' names."""
        if not self.masked:
            return foreign(text)
        known = (self.case.address, *(message.address for message in self.messages.values()))
        # An invisible character inside an address must not hide it, nor may the cut at the end.
        return foreign(without_mailboxes(visible(text), known))

    @property
    def address(self) -> str:
        return self.shown(self.case.address)

    @property
    def message(self) -> TestMessage | None:
        return self.messages.get(Purpose.PRIMARY)

    @property
    def to_be_answered(self) -> bool:
        """Their server has the test message, and only the customer can say where it went."""
        message = self.message
        if message is None or message.state not in MAY_HAVE_ARRIVED or self.came_back(Purpose.PRIMARY):
            return False
        return message.typed_at is None and self.evidence.get(MailboxAnswer) is None

    def came_back(self, purpose: Purpose) -> bool:
        """A bounce says that the message is lost, though their server took it: there is nothing to look for."""
        bounce = self.evidence.get(BounceReport if purpose is Purpose.PRIMARY else ComparisonBounce)
        return bounce is not None and bounce.final

    @cached_property
    def pace(self) -> Pace:
        """Of whatever is still under way: the run, or a test message that was asked for."""
        return pace_of(self.run, self.messages.values(), self.now)

    @property
    def polling(self) -> bool:
        return self.pace in (Pace.QUICK, Pace.SLOW)

    @property
    def slow(self) -> bool:
        return self.pace in (Pace.SLOW, Pace.OVER)

    @cached_property
    def done(self) -> int:
        """How many probes have answered, with something or with a gap."""
        return sum(self.evidence.latest(probe.observes) is not None for probe in self._public_probes)

    @cached_property
    def total(self) -> int:
        return len(self._public_probes)

    @property
    def _public_probes(self) -> tuple[Probe, ...]:
        return tuple(probe for probe in registry.probes() if registry.tier_of(probe.observes) == 0)

    @cached_property
    def mail_system(self) -> MailSystem | None:
        return self.evidence.get(MailSystem)

    @cached_property
    def gateway(self) -> Provider | None:
        """Who handles the mail before the mailbox provider does: a filter, or a service that only passes it on."""
        system = self.mail_system
        if system is None:
            return None
        return provider(system.mailbox_provider if system.kind is ProviderKind.FORWARDER else system.gateway)

    @cached_property
    def mailbox_provider(self) -> Provider | None:
        """By MX, or behind the gateway by the domain's other records."""
        return provider(mailbox_of(self.mail_system, self.evidence.get(MailboxBehind)))

    @property
    def behind_mx(self) -> bool:
        """Whether MX leads to somebody before the mailbox provider: the gateway, or a host whose name tells little."""
        system, mailbox = self.mail_system, self.mailbox_provider
        if system is None or mailbox is None:
            return self.gateway is not None
        return self.gateway is not None or mailbox.slug not in (system.mailbox_provider, *system.others)

    @property
    def mailbox_certain(self) -> bool:
        """Whether more than one sign names the mailbox provider, or MX itself; what nobody looked into is not."""
        behind = self.evidence.get(MailboxBehind)
        return behind.certain if behind else self.gateway is None

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Who handles the mail, in its order."""
        return tuple(one for one in (self.gateway, self.mailbox_provider) if one)


def read(case: Case, *, masked: bool = False) -> CaseFile:
    """Everything a page shows. What IT sees is for anyone who has the link: tier 0. Raises ContentGone."""
    content, sender = content_for(case)
    tier = 0 if masked else case.tier
    found = newest(case, tier)
    if found is None:
        raise ContentGone(case)
    run = found.run
    try:
        evidence, diagnosis = seen_by(run, tier)
        unreadable = False
    except Unreadable:
        evidence, diagnosis, unreadable = evidence_of(run, tier), None, True
    return CaseFile(
        case=case,
        article=content,
        vendor=sender,
        run=run,
        diagnosis=diagnosis,
        evidence=evidence,
        messages={message.purpose: message for message in found.messages},
        now=timezone.now(),
        outdated=unreadable and run.finished,
        masked=masked,
        tier=tier,
        incident=None if masked else found.incident,
    )


def content_for(case: Case) -> tuple[Article, Vendor]:
    """The case's article in the visitor's language and whoever sends its codes. Raises ContentGone."""
    content = article(case.article, get_language() or "en")
    if content is None or case.details_deleted_at:
        raise ContentGone(case)
    try:
        return content, vendor(case.vendor)
    except BadContent as bad:
        raise ContentGone(case) from bad


def etag_of(file: CaseFile) -> str:
    """The same as a poll is compared with, before there is a file."""
    incident = file.incident.pk if file.incident else 0
    return etag(Standing(file.run, tuple(file.messages.values()), file.tier, incident), file.now)
