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
NEXT: Mapping[str, Words] = {
    "wait": _("Ask again in a few seconds."),
    "run_again": _("Not everything could be checked: run the checks again."),
    "send_test_message": _("Have the customer open their page and send themselves a test message."),
    "answer": _("Have the customer say on their page where they found the test message."),
    "ask_for_code": _("Have the customer ask for one new code and look for it within a minute."),
}
