"""The reply to the customer: built from the evidence, changed as the agent likes, copied into the ticket."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from diagnostics.addresses import mask
from diagnostics.codec import Unreadable
from diagnostics.content import BadContent
from diagnostics.domain import Diagnosis, Evidence, Provider, RankedCause, Strength, Vendor
from diagnostics.models import Case, LinkKind, Run
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.probes.test_message import TestCodeTyped
from diagnostics.providers import provider
from diagnostics.remedies import filled, remedy
from diagnostics.services.runs import diagnosis_of, evidence_of
from diagnostics.vendors import vendor
from portal.access import actor_of, may
from portal.console.access import needs
from portal.console.case.actions import made_link
from portal.console.case.page import keep_look
from portal.console.reply_text import LINK_PLACE, NamedCause, Situation, reply_text, short_reply_text
from portal.masking import without_mailboxes
from portal.recipes import recipe
from portal.remedy_facts import known_facts
from portal.roles import Right
from portal.templatetags.portal_text import foreign, visible

LONGEST = 20_000


class ReplyForm(forms.Form):
    """Both texts, as the agent has them by now."""

    text = forms.CharField(
        label=_("The whole reply"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 26})
    )
    short = forms.CharField(
        label=_("A shorter one"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 12})
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What a case's reply rests on, and what the agent should know before it is sent.

    `from_records`: the first cause is not shown to just anybody, it comes from the vendor's own records.
    """

    situation: Situation
    finished: bool
    from_records: bool = False
    unreadable: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.READ)
def reply(request: HttpRequest, reference: str) -> HttpResponse:
    """The texts; a POST puts a fresh link into them as they were typed."""
    case = get_object_or_404(Case, reference=reference)
    keep_look(request, case)
    try:
        basis = basis_of(case)
    except (BadContent, Run.DoesNotExist):
        return render(request, "console/reply.html", {"case": case, "gone": True}, status=410)
    context = {"case": case, "basis": basis, "language": case.language}
    if request.method != "POST":
        form = ReplyForm(initial=_texts(case, basis))
        return render(request, "console/reply.html", context | {"form": form})
    form = ReplyForm(request.POST)
    if not form.is_valid() or not may(request, Right.ACT):
        return render(request, "console/reply.html", context | {"form": form, "refused": form.is_valid()}, status=422)
    url = made_link(case, LinkKind.OWNER, actor_of(request))
    with translation.override(case.language):
        place = str(LINK_PLACE)
    put_in = {name: str(text).replace(place, url) for name, text in form.cleaned_data.items()}
    context |= {"form": ReplyForm(initial=put_in), "url": url}
    context["put_in"] = all(url in text for text in put_in.values())
    return render(request, "console/reply.html", context)


def basis_of(case: Case) -> Basis:
    """From the newest run, in the customer's language. Raises BadContent where the vendor's profile is gone, and
    Run.DoesNotExist where nothing is kept of any run.
    """
    sender = vendor(case.vendor)
    run = case.runs.latest("number")
    evidence = evidence_of(run)
    try:
        diagnosis, public = diagnosis_of(run), diagnosis_of(run, 0)
        unreadable = False
    except Unreadable:
        diagnosis, public, unreadable = None, None, True
    with translation.override(case.language):
        situation = _situation(case, run, sender, evidence, diagnosis)
    shown = {one.cause for one in public.causes} if public else set()
    named = diagnosis.causes[0].cause if diagnosis and diagnosis.causes else ""
    return Basis(situation, run.finished, from_records=bool(named) and named not in shown, unreadable=unreadable)


def _texts(case: Case, basis: Basis) -> dict[str, str]:
    with translation.override(case.language):
        return {"text": reply_text(basis.situation), "short": short_reply_text(basis.situation)}


def _situation(case: Case, run: Run, sender: Vendor, evidence: Evidence, diagnosis: Diagnosis | None) -> Situation:
    providers = _providers(evidence)
    ranked = diagnosis.causes if diagnosis else ()
    named = (_named(case, evidence, one, providers) for one in ranked)
    return Situation(
        reference=case.reference,
        address=mask(case.address),
        vendor=sender,
        verdict=diagnosis.verdict if diagnosis and run.finished else None,
        causes=tuple(one for one in named if one),
        recipes=tuple(recipe(one, sender, address=mask(case.address)) for one in providers),
        arrived=evidence.get(TestCodeTyped) is not None,
    )


def _named(case: Case, evidence: Evidence, one: RankedCause, providers: tuple[Provider, ...]) -> NamedCause | None:
    """None for a tag of an older version that has no remedy any more."""
    known = remedy(one.cause, case.language)
    if known is None:
        return None
    facts = {name: _tidy(case, fact) for name, fact in known_facts(case, evidence, one.facts).items()}
    text = filled(known, facts)
    parts = ((who.name, text.with_provider.get(who.slug, "")) for who in providers)
    return NamedCause(
        text,
        sure=one.strength is Strength.PROVES,
        contradicted=bool(one.against),
        with_provider=tuple((name, part) for name, part in parts if part),
    )


def _tidy(case: Case, text: str) -> str:
    """Another server's words without controls, and no mailbox in them named whole."""
    return foreign(without_mailboxes(visible(text), (case.address,)))


def _providers(evidence: Evidence) -> tuple[Provider, ...]:
    """Who handles the mail, in its order."""
    system = evidence.get(MailSystem)
    slugs = (system.gateway if system else "", mailbox_of(system, evidence.get(MailboxBehind)))
    return tuple(one for slug in dict.fromkeys(slugs) if slug and (one := provider(slug)))
