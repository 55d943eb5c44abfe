"""The questions of a diagnosis as they are put to those who help; customers read theirs in `portal/wizard/words.py`."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

QUESTIONS: Mapping[str, str | Promise] = {
    "address": _("Is the address free of typing slips?"),
    "directory": _("Do our records have this address as an administrator of this company?"),
    "domain": _("Does the domain exist?"),
    "mx": _("Does the domain say where its e-mail goes?"),
    "mail-system": _("Who handles the domain’s e-mail?"),
    "mx-answers": _("Does the mail server answer us?"),
    "mailbox": _("Does the mail server know the mailbox?"),
    "space": _("Is there room in the mailbox?"),
    "deferral": _("Does the mail server take the test message at once?"),
    "refusal": _("Does the mail server let the test message in?"),
    "held": _("Does a filter or quarantine hold the test message?"),
    "seen": _("Is the test message in the inbox?"),
    "comparison": _("Does another mailbox get the same message?"),
    "ports": _("Do our hosts answer?"),
    "network": _("Does the customer’s network let them through to us?"),
    "our-side": _("Is everything in order on our side?"),
    "headers": _("What do the headers of a message that came say?"),
    "code": _("What happened to the codes that were asked for?"),
    "found": _("Where was the code found?"),
    "account": _("Does the account page show this address and company ID?"),
    "mailbox-kind": _("Is there something special about the mailbox?"),
    "suppression": _("Does our sending service still send to this address?"),
    "sending": _("Was the code sent, and what became of it?"),
    "test-sending": _("Did our sending service send the test message?"),
}


def question_text(slug: str) -> str:
    """The question, or its slug where an older version asked something that nobody asks any more."""
    return str(QUESTIONS.get(slug, slug))
