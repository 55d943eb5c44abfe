"""What the codes of a diagnosis mean, in a sentence each; causes have theirs in their remedies."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnostics.domain import Verdict

Words = str | Promise

VERDICTS: Mapping[str, Words] = {
    Verdict.CAUSE_FOUND: _("The cause is found."),
    Verdict.LIKELY_CAUSE: _("A likely cause is found."),
    Verdict.NOTHING_FOUND: _("Nothing was found that keeps our e-mail from arriving."),
    Verdict.INCONCLUSIVE: _("Not everything could be checked, so the cause is not known."),
}
CHECKING = _("The checks are under way.")
OUTDATED = _("These results were recorded by another version of the portal. Run the checks again.")
QUESTIONS: Mapping[str, Words] = {
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
NEXT: Mapping[str, Words] = {
    "wait": _("Ask again in a few seconds."),
    "run_again": _("Not everything could be checked: run the checks again."),
    "send_test_message": _("Have the customer open their page and send themselves a test message."),
    "answer": _("Have the customer say on their page where they found the test message."),
    "ask_for_code": _("Have the customer ask for one new code and look for it within a minute."),
}
