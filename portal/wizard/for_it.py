"""The page for IT, and the e-mail that brings it there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from diagnostics.domain import Evidence, Vendor
from diagnostics.registry import tier_of
from diagnostics.services.runs import diagnosis_of
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import causes
from portal.wizard.details import ExactReply, replies_of
from portal.wizard.endpoints import endpoints

LONGEST_MAILTO = 1_800
"""Characters: longer links are cut by some mail programs."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail to IT, ready to send: as text to copy, and as a link that opens the mail program."""

    subject: str
    body: str
    mailto: str


def link_to(token: str) -> str:
    return settings.PORTAL_URL + reverse("wizard:it", args=[token])


def letter(file: CaseFile, link: str) -> Letter:
    """What the customer sends to IT; it names no mailbox, and nothing of our records.

    The link comes early, where no mail program cuts it off.
    """
    public = Evidence(seen for seen in file.evidence if tier_of(seen.kind) == 0)
    file = replace(file, masked=True, tier=0, evidence=public, diagnosis=file.diagnosis and diagnosis_of(file.run, 0))
    found = causes(file)
    subject = _("E-mail from %(vendor)s does not reach us (%(reference)s)") % {
        "vendor": file.vendor.name,
        "reference": file.case.reference,
    }
    context = {"link": link, "file": file, "cause": found[0] if found else None}
    body = render_to_string("wizard/letter.txt", {**context, "replies": refusals(file)}).strip()
    short = render_to_string("wizard/letter.txt", {**context, "replies": ()}).strip()
    mailto = _mailto(subject, body)
    return Letter(subject, body, mailto if len(mailto) < LONGEST_MAILTO else _mailto(subject, short))


def refusals(file: CaseFile) -> list[ExactReply]:
    """The exact refusals of the customer's mail servers."""
    return [reply for reply in replies_of(file, file.article.questions) if reply.code >= 400]


def firewall_rule(vendor: Vendor) -> str:
    """What to add to the firewall, ready to copy; empty where no host or address of the vendor's is known."""
    hosts = dict.fromkeys((*(host.name for host in vendor.hosts), *(host.name for host in vendor.responders)))
    of_hosts = (port for host in vendor.hosts for port in (*host.ports, *host.tls_ports))
    ports = sorted({*vendor.ports, *of_hosts, *(one.port for one in endpoints(vendor))})
    if not ports or not (hosts or vendor.addresses):
        return ""
    context = {"vendor": vendor, "hosts": hosts, "ports": [str(port) for port in ports]}
    return render_to_string("wizard/firewall_rule.txt", context).strip()


def _mailto(subject: str, body: str) -> str:
    return f"mailto:?subject={quote(subject)}&body={quote(body.replace(chr(10), chr(13) + chr(10)))}"
