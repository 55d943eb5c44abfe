"""The live parts of a section page. A block is a function here and a template `wizard/blocks/<name>.html`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from diagnostics.domain import Section, Status
from diagnostics.lab.mailbox import KeptMessage, kept
from diagnostics.models import LinkKind, MessageState, Purpose, TestMessage
from diagnostics.probes.network_look import Place
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import (
    BounceReport,
    ComparisonAnswer,
    ComparisonBounce,
    ComparisonReport,
    MailboxAnswer,
    TestMessageReport,
)
from portal import access, recipes
from portal.wizard import check_script, for_it, headers, phone, words
from portal.wizard.casefile import MAY_HAVE_ARRIVED, CaseFile
from portal.wizard.details import reply_words
from portal.wizard.endpoints import endpoints
from portal.wizard.forms import CodeForm, HeadersForm, OtherMailboxForm, PastedReportForm, WhereaboutsForm
from portal.wizard.network import picture
from portal.wizard.polling import is_under_way
from portal.wizard.scripts import PASTED_REPORT

FormKey = tuple[str, str]
"""Which form of the page: its kind (`code`, `where`, `other`, `headers`) and the test message it is about, if any."""
Forms = Mapping[FormKey, forms.Form]
HEADERS_FORM: FormKey = ("headers", "")


@dataclass(frozen=True, slots=True)
class Block:
    """`data` is what its template shows."""

    name: str
    data: Mapping[str, Any]

    @property
    def template(self) -> str:
        return f"wizard/blocks/{self.name}.html"


@dataclass(frozen=True, slots=True)
class Page:
    """What a block is made from; `sent` are forms that came back with problems."""

    file: CaseFile
    section: Section
    request: HttpRequest
    sent: Forms


def blocks(page: Page) -> tuple[Block, ...]:
    """The section's blocks in its order; a name that this version does not know is left out."""
    return tuple(Block(name, _BLOCKS[name](page)) for name in page.section.blocks if name in _BLOCKS)


def message_part(page: Page, purpose: Purpose) -> dict[str, Any]:
    """One test message: its state, the exact reply, the forms for the code and for where it was found."""
    message = page.file.messages.get(purpose)
    report = page.file.evidence.get(TestMessageReport if purpose is Purpose.PRIMARY else ComparisonReport)
    reply = report.transmission.decisive if report else None
    answer = page.file.evidence.get(MailboxAnswer if purpose is Purpose.PRIMARY else ComparisonAnswer)
    returned = page.file.evidence.get(BounceReport if purpose is Purpose.PRIMARY else ComparisonBounce)
    lost = page.file.came_back(purpose)
    return {
        "purpose": purpose.value,
        "message": message,
        "address": message.address if message else page.file.case.address,
        "state": _state(message, lost=lost),
        "reply": reply_words(page.file, reply) if reply else "",
        "host": report.transmission.host if report else "",
        "answer": words.WHEREABOUTS[answer.where] if answer else "",
        "next_try": _next_try(message),
        "returned": page.file.shown(returned.reply or returned.status) if returned else "",
        "returned_by": page.file.shown(returned.host) if returned else "",
        "lost": lost,
        "asks": bool(message and message.finished and not message.typed_at and message.state in MAY_HAVE_ARRIVED)
        and not lost,
        "arrival": _arrival(page.file, message),
        "code_form": _form(page, ("code", purpose), CodeForm),
        "where_form": _form(page, ("where", purpose), WhereaboutsForm),
        "polling": bool(message and is_under_way(message) and page.file.polling),
        "seconds": 10 if message and message.next_try_at else 1.5,
        "lab_mail": _lab_mail(message),
    }


def _next_try(message: TestMessage | None) -> dict[str, Any] | None:
    """When a message that was put off is handed over again; `number` counts the first try, too."""
    if message is None or message.next_try_at is None:
        return None
    return {"at": message.next_try_at, "number": message.tries + 1, "most": len(settings.RETRY_AFTER) + 1}


def _state(message: TestMessage | None, *, lost: bool) -> dict[str, Any] | None:
    if message is None:
        return None
    if lost and not message.typed_at:
        return {"status": Status.PROBLEM, "word": words.CAME_BACK_TAG, "line": words.CAME_BACK}
    state = MessageState(message.state)
    return {
        "status": words.MESSAGE_STATUSES[state],
        "word": words.MESSAGE_TAGS[state],
        "line": words.MESSAGE_STATES[state],
    }


def _arrival(file: CaseFile, message: TestMessage | None) -> words.Words:
    """How long it took at most, against how long a code is good for."""
    if message is None or message.typed_at is None or message.sent_at is None:
        return ""
    took = message.typed_at - (message.first_sent_at or message.sent_at)
    minutes = max(1, round(took.total_seconds() / 60))
    lifetime = file.vendor.code_lifetime // 60
    values = {"minutes": minutes, "lifetime": lifetime}
    if took > timedelta(seconds=file.vendor.code_lifetime):
        return (
            _("It took up to %(minutes)d min. A code is good for %(lifetime)d min: one this late has expired.") % values
        )
    return _("It took %(minutes)d min at most, with your typing. A code is good for %(lifetime)d min.") % values


def _lab_mail(message: TestMessage | None) -> tuple[KeptMessage, ...] | None:
    """In the lab the customer has no mailbox to open, so the page shows the lab's; None outside of it."""
    return kept(settings.LAB_STATE.parent / "mail", message.address) if settings.LAB and message else None


def _form(page: Page, key: FormKey, kind: type[forms.Form]) -> forms.Form:
    return page.sent.get(key) or kind(auto_id=f"{key[1]}_%s")


def _address(page: Page) -> dict[str, Any]:
    return {"address": page.file.case.address, "signs": [(one, one in "@.-_+") for one in page.file.case.address]}


def _clock_models(page: Page) -> dict[str, Any]:
    return {"models": page.file.article.models, "chosen": page.file.case.device_model}


def _ports(page: Page) -> dict[str, Any]:
    seen = page.file.evidence.latest(ServerPorts)
    ports = page.file.evidence.get(ServerPorts)
    rows = [
        {
            "host": one.host,
            "port": one.port,
            "status": words.OUTCOME_STATUSES[one.outcome],
            "word": words.OUTCOMES[one.outcome],
            "elapsed_ms": one.elapsed_ms,
            "issuer": page.file.shown(one.tls_issuer),
        }
        for one in (ports.connections if ports else ())
    ]
    gap = words.GAPS[seen.gap] if seen and seen.gap else ""
    return {
        "rows": rows,
        "gap": gap,
        "ports": page.file.vendor.ports,
        "at": seen.at if seen else None,
        "try_it": next((one for one in page.file.article.sections if "network" in one.blocks), None)
        if endpoints(page.file.vendor)
        else None,
    }


def _network(page: Page) -> dict[str, Any]:
    file, for_clock = page.file, bool(page.file.article.models)
    labels = words.PLACE_CHOICES if for_clock else words.PLACE_CHOICES_WITHOUT_CLOCK
    token = access.token_held(page.request, file.case.reference) if access.holds(page.request, file.case) else ""
    return {
        "picture": picture(file),
        "endpoints": endpoints(file.vendor),
        "places": [(place.value, labels[place]) for place in Place],
        "for_clock": for_clock,
        "phone": phone.link_to(token, page.section) if token else None,
        "script": check_script.live(file.case, file.vendor),
        "paste": page.sent.get(PASTED_REPORT) or PastedReportForm(auto_id="network_%s"),
    }


def _test_message(page: Page) -> dict[str, Any]:
    return {"part": message_part(page, Purpose.PRIMARY)}


def _compare(page: Page) -> dict[str, Any]:
    return {
        "first": message_part(page, Purpose.PRIMARY),
        "second": message_part(page, Purpose.COMPARISON),
        "other_form": _form(page, ("other", Purpose.COMPARISON), OtherMailboxForm),
    }


def _provider(page: Page) -> dict[str, Any]:
    file = page.file
    return {
        "recipes": [recipes.recipe(one, file.vendor, address=file.address) for one in file.providers],
        "senders": file.vendor.senders or file.vendor.domains,
    }


def _filter(page: Page) -> dict[str, Any]:
    file = page.file
    return {"known": file.mail_system is not None, "gateway": file.gateway, "mailbox": file.mailbox_provider}


def _allowlist(page: Page) -> dict[str, Any]:
    vendor = page.file.vendor
    return {"blocks": recipes.allowlist(vendor), "version": vendor.allowlist_version}


def _it_pack(page: Page) -> dict[str, Any]:
    token = access.token_held(page.request, page.file.case.reference, LinkKind.IT)
    if not token:
        return {}
    link = for_it.link_to(token)
    return {"link": link, "letter": for_it.letter(page.file, link)}


def _headers(page: Page) -> dict[str, Any]:
    return {
        "read": headers.summary(page.file),
        "programs": words.HEADERS_IN,
        "form": page.sent.get(HEADERS_FORM) or HeadersForm(auto_id="pasted_%s"),
    }


_BLOCKS: Mapping[str, Callable[[Page], dict[str, Any]]] = {
    "address": _address,
    "clock-models": _clock_models,
    "ports": _ports,
    "network": _network,
    "test-message": _test_message,
    "provider": _provider,
    "filter": _filter,
    "allowlist": _allowlist,
    "compare": _compare,
    "it-pack": _it_pack,
    "headers": _headers,
}
