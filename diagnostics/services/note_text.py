"""What an internal note says, in the agents' language. It stands in another system, so it names no address."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnostics.addresses import mask
from diagnostics.codec import Unreadable
from diagnostics.domain import Facts, RankedCause, Strength, Verdict, Who
from diagnostics.models import Case, CaseEvent
from diagnostics.providers import provider
from diagnostics.remedies import filled, remedy
from diagnostics.services.runs import diagnosis_of

Words = str | Promise

LINK = "{link}"
"""Stands in the kept text for the customer's link, whose token is made when the note leaves."""
MAILBOX = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
VERDICTS: Mapping[str, Words] = {
    Verdict.CAUSE_FOUND: gettext_lazy("cause found"),
    Verdict.LIKELY_CAUSE: gettext_lazy("likely cause"),
    Verdict.NOTHING_FOUND: gettext_lazy("nothing found"),
    Verdict.INCONCLUSIVE: gettext_lazy("could not find out"),
}
SURENESS: Mapping[str, Words] = {
    Strength.PROVES: gettext_lazy("This is proved."),
    Strength.HINTS: gettext_lazy("This is likely, not proved."),
}
WHO: Mapping[str, Words] = {
    Who.USER: gettext_lazy("the customer"),
    Who.IT: gettext_lazy("their IT"),
    Who.PROVIDER: gettext_lazy("their mail provider"),
    Who.VENDOR: gettext_lazy("us"),
}


def about_run(case: Case, event: CaseEvent) -> str:
    """A run has finished: verdict, top cause, how sure, who can fix it, and where to read on."""
    with translation.override(settings.HELPDESK_LANGUAGE):
        verdict = str(event.data.get("verdict", ""))
        lines = [_title(case, VERDICTS.get(verdict, verdict))]
        if cause := _top_cause(case, event):
            lines.append(headline_of(cause.cause, case, cause.facts))
            lines.append(sureness_of(cause))
            lines.append(_("Who can fix it: %(who)s.") % {"who": who_of(cause)})
        return "\n".join((*lines, _console(case)))


def about_resolution(case: Case, event: CaseEvent) -> str:
    """An agent has closed the case, with the cause that it was."""
    with translation.override(settings.HELPDESK_LANGUAGE):
        tag = str(event.data.get("cause", ""))
        lines = [_title(case, _("resolved"))]
        if tag:
            lines.append(_("It was: %(headline)s") % {"headline": headline_of(tag, case, {})})
        return "\n".join((*lines, _console(case)))


def unsigned(case: Case) -> str:
    """Where nobody vouches for the ticket's number: anybody can write such a link."""
    with translation.override(settings.HELPDESK_LANGUAGE):
        return _(
            "The case came through an unsigned link and is about the domain %(domain)s: make sure that it is this "
            "ticket’s customer."
        ) % {"domain": case.domain}


def about_link() -> str:
    """A link for the customer, in whose place `LINK` stands."""
    with translation.override(settings.HELPDESK_LANGUAGE):
        lines = (
            _("Where’s my code? A link for the customer, already filled in: put it into your answer."),
            LINK,
            _("It works for 14 days, in the browser that opens it first."),
        )
        return "\n".join(lines)


def headline_of(tag: str, case: Case, facts: Facts) -> str:
    """The cause's sentence, without mailboxes; the tag where no remedy is known any more."""
    known = remedy(tag, settings.HELPDESK_LANGUAGE)
    if known is None:
        return tag
    named = {name: found.name if (found := provider(fact)) else fact for name, fact in facts.items()}
    return MAILBOX.sub(lambda found: mask(found[0]), filled(known, {"domain": case.domain, **named}).headline)


def sureness_of(cause: RankedCause) -> str:
    return str(SURENESS.get(cause.strength if cause.sure else Strength.HINTS, ""))


def who_of(cause: RankedCause) -> str:
    return ", ".join(str(WHO[one]) for one in cause.who)


def _top_cause(case: Case, event: CaseEvent) -> RankedCause | None:
    run = case.runs.filter(number=event.data.get("run", 0)).first()
    try:
        diagnosis = diagnosis_of(run) if run else None
    except Unreadable:
        return None
    return diagnosis.causes[0] if diagnosis and diagnosis.causes else None


def _title(case: Case, verdict: Words) -> str:
    return _("Where’s my code? Case %(reference)s: %(verdict)s.") % {"reference": case.reference, "verdict": verdict}


def _console(case: Case) -> str:
    return f"{settings.PORTAL_URL}/console/cases/{case.reference}/"
