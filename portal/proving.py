"""The part of a form that asks for a proof: a task for the browser, or half a minute for whoever has no script."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics.services import proofs
from diagnostics.services.proofs import Proof, ProofRefused, Reason

SOLUTION, TICKET = "altcha", "waited"
"""What the fields are called that a proof comes in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page needs to ask: the challenge as JSON, the ticket, and how many seconds until that is good.

    `goes_on`: the form is sent again by itself once the task is solved. Only at the first time, so that a browser whose
    proofs are never good, because its network changes, does not go round for ever.
    """

    challenge: str
    ticket: str
    wait: int
    goes_on: bool

    @property
    def wait_words(self) -> str:
        return ngettext("%(count)d second", "%(count)d seconds", self.wait) % {"count": self.wait}


def proof_of(request: HttpRequest) -> Proof:
    return Proof(request.POST.get(SOLUTION, ""), request.POST.get(TICKET, ""))


def ask(proof: Proof, source: str, refused: ProofRefused | None = None) -> Asked:
    """A new challenge; a ticket that is good or soon will be is given back, so that nobody waits anew."""
    ticket = proofs.still_good(proof.ticket, source)
    return Asked(
        json.dumps(proofs.challenge(source)),
        ticket,
        proofs.wait_for(ticket),
        refused is not None and refused.reason is Reason.MISSING,
    )


def words_for(refused: ProofRefused) -> str:
    """What is wrong with what was sent; empty where nothing was."""
    match refused.reason:
        case Reason.MISSING:
            return ""
        case Reason.EARLY:
            return ngettext(
                "Please wait %(count)d more second, then press the button again; what you typed is still here.",
                "Please wait %(count)d more seconds, then press the button again; what you typed is still here.",
                refused.wait,
            ) % {"count": refused.wait}
        case Reason.EXPIRED:
            return _("This page was open for too long. Press the button again; what you typed is still here.")
        case Reason.USED | Reason.WRONG:
            return _("That did not work. Press the button again; what you typed is still here.")
