"""What the customer does on a case's pages. Each POST may come twice; it ends in a redirect or in words."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from diagnostics.domain import Address, Section
from diagnostics.models import Case, LinkKind, Purpose, TestMessage
from diagnostics.probes.pasted_headers import PastedHeaders, pasted
from diagnostics.probes.test_message import ComparisonAnswer, MailboxAnswer, Whereabouts
from diagnostics.services import network
from diagnostics.services.cases import link_of, mint_link_for_visitor, start_run
from diagnostics.services.limits import TOLD_BY_CASE, LimitReached, take
from diagnostics.services.messages import (
    MailStopped,
    TooManyCodes,
    WrongCode,
    answer_whereabouts,
    request_message,
    sender_of,
    type_code,
)
from diagnostics.services.runs import evidence_of, report_to
from portal import access
from portal.intake import Problem, limit_reached, problems_of, words_for_limit
from portal.wizard import check_script, questions, words
from portal.wizard.blocks import HEADERS_FORM, Forms
from portal.wizard.casefile import MAY_HAVE_ARRIVED, content_for
from portal.wizard.forms import CodeForm, HeadersForm, MessageForm, OtherMailboxForm, PastedReportForm, WhereaboutsForm
from portal.wizard.scripts import PASTED_REPORT
from portal.wizard.views.case import Act, case_page, on_record, or_gone, private, section_page


def action(act: Act) -> Callable[..., HttpResponse]:
    """A POST on a case. Whoever reloads the address with a GET is led back to the page; a limit is shown in place."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @or_gone
    @wraps(act)
    def view(request: HttpRequest, reference: str) -> HttpResponse:
        case = access.case_for(request, reference)
        if request.method != "POST":
            return private(redirect("wizard:case", case.reference))
        content_for(case)
        try:
            return private(on_record(act, request, case))
        except LimitReached as limit:
            return limit_reached(_page(request, case, Problem(words_for_limit(limit, typed=False))), limit)

    return view


@action
def again(request: HttpRequest, case: Case) -> HttpResponse:
    """Check again: a new run, or the one that is still under way."""
    start_run(case, asked_by="customer" if access.holds(request, case) else "agent")
    return _see_other(reverse("wizard:case", args=[case.reference]))


@action
def message(request: HttpRequest, case: Case) -> HttpResponse:
    """Send the test message: to the address of the case, or to a second mailbox to compare with."""
    purpose = _purpose(request)
    sent: Forms = {}
    if purpose is Purpose.COMPARISON:
        form = OtherMailboxForm(request.POST, auto_id=f"{purpose}_%s")
        sent = {("other", purpose): form}
        if not form.is_valid():
            return _page(request, case, *problems_of(form), sent=sent)
        address: Address = form.cleaned_data["address"]
    else:
        local_part, _at, domain = case.address.rpartition("@")
        address = Address(local_part, domain)
    try:
        request_message(case, purpose=purpose, address=address, source=access.source_of(request))
    except MailStopped:
        stopped = _("Whoever reads that mailbox asked us to send it no more test messages. We will not for 30 days.")
        return _page(request, case, Problem(stopped), sent=sent)
    except LimitReached as limit:
        return limit_reached(_page(request, case, Problem(words_for_limit(limit, typed=bool(sent))), sent=sent), limit)
    return _back(request, case, purpose)


@action
def code(request: HttpRequest, case: Case) -> HttpResponse:
    """The test code, typed back."""
    purpose = _purpose(request)
    form = CodeForm(request.POST, auto_id=f"{purpose}_%s")
    message = _message(case, purpose)
    if message is None:
        return _page(request, case, Problem(_("Send the test message first.")))
    if form.is_valid():
        try:
            type_code(message, form.cleaned_data["code"])
        except WrongCode:
            form.add_error("code", _("That is not the code of our test message: compare it digit by digit"))
        except TooManyCodes:
            form.add_error("code", _("That was the wrong code too often. Tell us below where you found the message"))
    if form.errors:
        return _page(request, case, *problems_of(form), sent={("code", purpose): form})
    return _back(request, case, purpose)


@action
def whereabouts(request: HttpRequest, case: Case) -> HttpResponse:
    """Where the test message was found."""
    purpose = _purpose(request)
    form = WhereaboutsForm(request.POST, auto_id=f"{purpose}_%s")
    message = _message(case, purpose)
    if message is None:
        return _page(request, case, Problem(_("Send the test message first.")))
    if not form.is_valid():
        return _page(request, case, *problems_of(form), sent={("where", purpose): form})
    if message.state not in MAY_HAVE_ARRIVED:
        nowhere = _("Your mail server has not taken our test message, so it cannot be in your mailbox.")
        return _page(request, case, Problem(nowhere), sent={("where", purpose): form})
    where = Whereabouts(form.cleaned_data["where"])
    if where is not _said_before(message):
        take([(TOLD_BY_CASE, case.reference)])
        answer_whereabouts(message, where)
    return _back(request, case, purpose)


@action
def answer(request: HttpRequest, case: Case) -> HttpResponse:
    """The answer to the one question of the case page; the same again is as good."""
    form = questions.asked_for(case, request.POST.dict())
    if form is None:
        return case_page(request, case, problems=(Problem(_("That question is no longer asked. Here is the latest.")),))
    if not form.is_valid():
        return case_page(request, case, problems=problems_of(form), sent=form)
    run = case.runs.order_by("-number")[0]
    if evidence_of(run).get(type(form.observation)) != form.observation:
        take([(TOLD_BY_CASE, case.reference)])
        report_to(run, form.observation)
    return _see_other(reverse("wizard:case", args=[case.reference]))


@action
def headers(request: HttpRequest, case: Case) -> HttpResponse:
    """The headers of a message that did arrive, pasted. The same ones again change nothing."""
    form = HeadersForm(request.POST, auto_id="pasted_%s")
    if not form.is_valid():
        return _page(request, case, *problems_of(form), sent={HEADERS_FORM: form}, blocks=("headers",))
    run = case.runs.order_by("-number")[0]
    _article, vendor = content_for(case)
    observation = pasted(form.cleaned_data["headers"], vendor, [sender_of(case)])
    if evidence_of(run).get(PastedHeaders) != observation:
        take([(TOLD_BY_CASE, case.reference)])
        report_to(run, observation)
    return _see_other(f"{_url(case, _section(request, case, 'headers'))}#headers")


@action
def it_page(request: HttpRequest, case: Case) -> HttpResponse:
    """Make the read-only link for IT; while this browser holds a live one, that one stays."""
    response = _see_other(f"{_url(case, _section(request, case, 'it-pack'))}#it-pack")
    held = link_of(access.token_held(request, case.reference, LinkKind.IT))
    if held is None or held.case_id != case.pk or held.kind != LinkKind.IT:
        access.remember(response, case, mint_link_for_visitor(case, LinkKind.IT), LinkKind.IT)
    _article, vendor = content_for(case)
    with suppress(LimitReached):  # the page has a button to make the commands later
        check_script.make(case, vendor)
    return response


@action
def begin_script(request: HttpRequest, case: Case) -> HttpResponse:
    """Show the commands for the check script: with a new token, unless there is one that may still report."""
    _article, vendor = content_for(case)
    check_script.make(case, vendor)
    return _back_to_network(request, case)


@action
def pasted_report(request: HttpRequest, case: Case) -> HttpResponse:
    """What the check script printed, where it could not report by itself. The same again changes nothing."""
    form = PastedReportForm(request.POST, auto_id="network_%s")
    if form.is_valid():
        report = form.cleaned_data["report"]
        take([(TOLD_BY_CASE, case.reference)])
        try:
            network.take_script(report.look, report.secret, case)
        except network.Refused as refused:
            form.add_error("report", str(words.REPORT_REFUSED[refused.reason]))
    if form.errors:
        return _page(request, case, *problems_of(form), sent={PASTED_REPORT: form}, blocks=("network",))
    return _back_to_network(request, case)


def _back_to_network(request: HttpRequest, case: Case) -> HttpResponse:
    return _see_other(f"{_url(case, _section(request, case, 'network'))}#network")


def _purpose(request: HttpRequest) -> Purpose:
    form = MessageForm(request.POST)
    return Purpose(form.cleaned_data["purpose"]) if form.is_valid() else Purpose.PRIMARY


def _message(case: Case, purpose: Purpose) -> TestMessage | None:
    return case.runs.order_by("-number")[0].test_messages.filter(purpose=purpose).first()


def _said_before(message: TestMessage) -> Whereabouts | None:
    kind = MailboxAnswer if message.purpose == Purpose.PRIMARY else ComparisonAnswer
    answer = evidence_of(message.run).get(kind)
    return answer.where if answer else None


def _page(
    request: HttpRequest, case: Case, *problems: Problem, sent: Forms | None = None, blocks: tuple[str, ...] = ()
) -> HttpResponse:
    """The page that the POST came from, with what was wrong on top and every form as it was sent.

    `blocks` are those that show the form, where it is not one about a test message.
    """
    section = _section(request, case, *((blocks or _blocks_of(_purpose(request))) if sent else ()))
    if section is None:
        return case_page(request, case, problems=problems)
    return section_page(request, case, section.slug, problems=problems, sent=sent)


def _back(request: HttpRequest, case: Case, purpose: Purpose) -> HttpResponse:
    return _see_other(f"{_url(case, _section(request, case, *_blocks_of(purpose)))}#message-{purpose}")


def _blocks_of(purpose: Purpose) -> tuple[str, ...]:
    """The blocks that show a test message and its forms, the best place first."""
    return ("test-message", "compare") if purpose is Purpose.PRIMARY else ("compare",)


def _section(request: HttpRequest, case: Case, *blocks: str) -> Section | None:
    """The section that the POST says it came from, if it is one of the article's and has one of the blocks; else the
    first that has one.
    """
    article, _vendor = content_for(case)
    said = article.section(request.POST.get("section", ""))
    if said and (not blocks or set(blocks).intersection(said.blocks)):
        return said
    return next((one for block in blocks for one in article.sections if block in one.blocks), said)


def _url(case: Case, section: Section | None) -> str:
    if section is None:
        return reverse("wizard:case", args=[case.reference])
    return reverse("wizard:section", args=[case.reference, section.slug])


def _see_other(url: str) -> HttpResponse:
    response = redirect(url)
    response.status_code = 303
    return response
