"""What an agent does on a case's page. Each POST is written into the audit trail and ends in words or a redirect."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from diagnostics.domain import Address, ProbeGroup
from diagnostics.models import Case, CaseLink, LinkKind, Purpose
from diagnostics.services import limits
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.cases import LINK_LIFETIME, mint_link, start_run, token_hash
from diagnostics.services.messages import MailStopped, request_message
from diagnostics.services.notes import write_note
from diagnostics.services.queue_cap import QueueFull
from diagnostics.services.reruns import run_group_again
from diagnostics.services.resolutions import reopen as reopen_case
from diagnostics.services.resolutions import resolve as resolve_case
from portal.access import actor_of, source_of
from portal.console.access import needs
from portal.console.case.forms import LinkForm, NoteForm, ResolveForm
from portal.console.case.page import case_page
from portal.console.words import GROUPS
from portal.roles import Right

ASKED_BY_LENGTH = 20


@require_POST
@needs(Right.ACT)
def again(request: HttpRequest, reference: str) -> HttpResponse:
    """Start another run, of everything or of one group; a run that is still going is as good."""
    found = get_object_or_404(Case, reference=reference)
    wanted = request.POST.get("group", "")
    if wanted and wanted not in set(ProbeGroup):
        messages.warning(request, _("There is no such group of probes. Nothing was started."))
        return redirect("console:case", found.reference)
    if "@" not in found.address:
        return _erased(request, found)
    actor = actor_of(request)
    asked_by = _asked_by(actor)
    before = found.runs.order_by("-number").values_list("number", flat=True).first() or 0
    try:
        with transaction.atomic():
            if wanted:
                run = run_group_again(found, ProbeGroup(wanted), asked_by=asked_by)
            else:
                run = start_run(found, asked_by=asked_by)
            is_new = run.number > before
            if is_new:
                write(actor, Action.RUN_STARTED, reference=found.reference, run=run.number, group=wanted)
    except limits.LimitReached as limit:
        if isinstance(limit, QueueFull):
            text = _("Very many checks are waiting at this moment. Nothing was started; try again at %s UTC.")
        else:
            text = _("This case was checked as often as it may now. Nothing was started; try again at %s UTC.")
        messages.warning(request, text % _when(limit))
        return redirect("console:case", found.reference)
    if not is_new:
        text = _("Run %d is still under way; no other was started. Reload this page for the latest results.")
        messages.warning(request, text % run.number)
    elif wanted:
        text = _("Run %(number)d is under way: %(group)s is asked anew, everything else is carried over.")
        messages.success(request, text % {"number": run.number, "group": GROUPS[ProbeGroup(wanted)]})
    else:
        messages.success(request, _("Run %d is under way. Reload this page for the latest results.") % run.number)
    return redirect("console:case", found.reference)


@require_POST
@needs(Right.ACT)
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a test message to the case's address: one a run, within the limits of everybody."""
    found = get_object_or_404(Case, reference=reference)
    local_part, at, domain = found.address.rpartition("@")
    if not at:
        return _erased(request, found)
    known = found.runs.order_by("-number")[0].test_messages.filter(purpose=Purpose.PRIMARY).first()
    if known:
        messages.warning(request, _("This run has its test message. Run again first, then send another."))
        return redirect("console:case", found.reference)
    try:
        with transaction.atomic():
            sent = request_message(
                found, purpose=Purpose.PRIMARY, address=Address(local_part, domain), source=source_of(request)
            )
            write(actor_of(request), Action.MESSAGE_SENT, reference=found.reference, message=sent.pk)
    except MailStopped:
        stopped = _("Whoever reads that mailbox asked for no more test messages. Nothing is sent to it for 30 days.")
        messages.warning(request, stopped)
    except limits.LimitReached as limit:
        messages.warning(request, words_for_limit(limit))
    else:
        messages.success(request, _("The test message is on its way. Reload this page in a few seconds."))
    return redirect("console:case", found.reference)


@require_POST
@needs(Right.ACT)
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep a note; what could not be kept stays in its field."""
    found = get_object_or_404(Case, reference=reference)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return case_page(request, found, note=form)
    write_note(found, form.cleaned_data["text"], actor_of(request))
    messages.success(request, _("The note is kept."))
    return redirect("console:case", found.reference)


@require_POST
@needs(Right.ACT)
def resolve(request: HttpRequest, reference: str) -> HttpResponse:
    """Mark the case as resolved, with what it was."""
    found = get_object_or_404(Case, reference=reference)
    form = ResolveForm(request.POST, case=found)
    if not form.is_valid():
        return case_page(request, found, resolve=form)
    resolve_case(found, form.true_cause, actor_of(request), known=form.known)
    messages.success(request, _("The case is resolved."))
    return redirect("console:case", found.reference)


@require_POST
@needs(Right.ACT)
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the resolution back."""
    found = get_object_or_404(Case, reference=reference)
    if reopen_case(found, actor_of(request)):
        messages.success(request, _("The case is open again; its resolution counts no more."))
    else:
        messages.warning(request, _("The case is not resolved. Nothing was changed."))
    return redirect("console:case", found.reference)


@require_POST
@needs(Right.ACT)
def link(request: HttpRequest, reference: str) -> HttpResponse:
    """Make a link that opens the case, and show it this once."""
    found = get_object_or_404(Case, reference=reference)
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("There is no such kind of link. None was made."))
        return redirect("console:case", found.reference)
    kind = LinkKind(form.cleaned_data["kind"])
    context = {"case": found, "kind": kind.value, "url": made_link(found, kind, actor_of(request))}
    context["days"] = LINK_LIFETIME.days
    return render(request, "console/case_link.html", context)


def made_link(case: Case, kind: LinkKind, by: Actor) -> str:
    """A fresh link, whole; what is kept of it is a hash, so nobody can show it again."""
    with transaction.atomic():
        token = mint_link(case, kind)
        made = CaseLink.objects.get(token_hash=token_hash(token))
        write(by, Action.LINK_MADE, reference=case.reference, kind=kind.value, link=made.pk)
    return settings.PORTAL_URL + reverse("wizard:open_link" if kind is LinkKind.OWNER else "wizard:it", args=[token])


def _asked_by(actor: Actor) -> str:
    """An agent's name as a run bears it; nobody can be called what stands for customers and their limits."""
    name = actor.name[:ASKED_BY_LENGTH]
    return name if name != "customer" else "agent customer"


def _erased(request: HttpRequest, case: Case) -> HttpResponse:
    messages.warning(request, _("The address of this case was erased, so there is nothing to look at. Open a new one."))
    return redirect("console:case", case.reference)


def words_for_limit(limit: limits.LimitReached) -> str:
    """Which limit it was and when it ends."""
    rules = {
        limits.MESSAGE_BY_ADDRESS_SOON: _("This mailbox got a test message within the last 15 minutes."),
        limits.MESSAGE_BY_ADDRESS: _("This mailbox got three test messages within a day."),
        limits.MESSAGE_BY_DOMAIN: _("This domain got twenty test messages within a day."),
        limits.MESSAGE_BY_PROVIDER: _("Very many test messages went to this mailbox provider within an hour."),
        limits.MESSAGE_BY_SOURCE: _("Your network has sent as many test messages as it may within an hour."),
        limits.MESSAGE_BY_SITE: _(
            "The networks beside yours have sent as many test messages as they may within an hour."
        ),
        limits.MESSAGE_BY_ANYONE: _("The portal has sent as many test messages as it may within an hour."),
    }
    reached = rules.get(limit.rule) or _("That was asked for too often.")
    return _("%(reached)s Nothing was sent. The next one can be sent at %(time)s UTC.") % {
        "reached": reached,
        "time": _when(limit),
    }


def _when(limit: limits.LimitReached) -> str:
    """The minute in which it can be tried again."""
    until = limit.until + timedelta(seconds=59)
    return f"{until:%H:%M}" if until.date() == timezone.now().date() else f"{until:%Y-%m-%d %H:%M}"
