"""A case as its pages need it: read once, in a constant number of queries, and put into words elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language

from diagnostics import registry
from diagnostics.addresses import mask
from diagnostics.articles import article
from diagnostics.domain import Article, Diagnosis, Evidence, Provider, Vendor
from diagnostics.models import Case, MessageState, Purpose, Run, TestMessage
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.test_message import MailboxAnswer
from diagnostics.providers import provider
from diagnostics.services.runs import diagnosis_of, evidence_of
from diagnostics.vendors import vendor
from portal.templatetags.portal_text import foreign

MAY_HAVE_ARRIVED = (MessageState.ACCEPTED, MessageState.UNKNOWN)
SLOW_AFTER = timedelta(seconds=30)
POLLED_FOR = timedelta(minutes=3)


class Pace(StrEnum):
    """How long the customer has been waiting; `over`: the page asks no more by itself."""

    DONE = "done"
    QUICK = "quick"
    SLOW = "slow"
    OVER = "over"


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
    masked: bool = False
    """For eyes other than the owner's: no mailbox is named whole."""

    def shown(self, text: str) -> str:
        """A text from outside, fit to be shown; where the file is masked, without the mailboxes' names."""
        if self.masked:
            for address in {self.case.address, *(message.address for message in self.messages.values())}:
                text = re.sub(re.escape(address), lambda found: mask(found[0]), text, flags=re.IGNORECASE)
        return foreign(text)

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
        if message is None or message.state not in MAY_HAVE_ARRIVED:
            return False
        return message.typed_at is None and self.evidence.get(MailboxAnswer) is None

    @cached_property
    def pace(self) -> Pace:
        """Of whatever is still under way: the run, or a test message that was asked for."""
        waiting_since = [message.created_at for message in self.messages.values() if not message.finished]
        if not self.run.finished:
            waiting_since.append(self.run.created_at)
        if not waiting_since:
            return Pace.DONE
        waited = self.now - max(waiting_since)
        if waited >= POLLED_FOR:
            return Pace.OVER
        return Pace.SLOW if waited >= SLOW_AFTER else Pace.QUICK

    @property
    def polling(self) -> bool:
        return self.pace in (Pace.QUICK, Pace.SLOW)

    @property
    def slow(self) -> bool:
        return self.pace in (Pace.SLOW, Pace.OVER)

    @cached_property
    def done(self) -> int:
        """How many probes have answered, with something or with a gap."""
        return sum(self.evidence.latest(probe.observes) is not None for probe in registry.probes())

    @cached_property
    def total(self) -> int:
        return len(registry.probes())

    @cached_property
    def mail_system(self) -> MailSystem | None:
        return self.evidence.get(MailSystem)

    @cached_property
    def gateway(self) -> Provider | None:
        return provider(self.mail_system.gateway) if self.mail_system else None

    @cached_property
    def mailbox_provider(self) -> Provider | None:
        return provider(self.mail_system.mailbox_provider) if self.mail_system else None

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Who handles the mail, in its order."""
        return tuple(one for one in (self.gateway, self.mailbox_provider) if one)


def read(case: Case, *, masked: bool = False) -> CaseFile:
    """Everything a page shows; 404 where the case's article is no longer there."""
    content = article(case.article, get_language() or "en")
    if content is None:
        raise Http404
    run = case.runs.order_by("-number")[0]
    return CaseFile(
        case=case,
        article=content,
        vendor=vendor(case.vendor),
        run=run,
        diagnosis=diagnosis_of(run),
        evidence=evidence_of(run),
        messages=_messages(run),
        now=timezone.now(),
        masked=masked,
    )


def etag_of(file: CaseFile) -> str:
    """Changes with everything that changes what a poll of the case would show (RFC 9110 section 8.8.3)."""
    messages = (f"{one.purpose}.{one.state}.{one.typed_at is not None:d}" for one in file.messages.values())
    return f'"{"-".join((str(file.run.pk), str(file.run.version), file.pace, *messages))}"'


def _messages(run: Run) -> dict[str, TestMessage]:
    return {message.purpose: message for message in run.test_messages.all()}
