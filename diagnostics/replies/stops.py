"""Did the sending service itself stop a message, before any server of the recipient's was asked?"""

from __future__ import annotations

import re

from diagnostics.domain import SendEvent, SendEventKind
from diagnostics.replies import Reason, classify

STOPS = {"suppressed.bounce", "suppressed.complaint", "suppressed.other", "our.rejected"}

_BY_REASON = {
    "bounced": "suppressed.bounce",
    "timed_out": "suppressed.bounce",
    "spam": "suppressed.complaint",
    "unsubscribed": "suppressed.other",
    "blocked": "suppressed.other",
}
"""django-anymail's normalised reasons; `invalid` and what else there is are about this one message."""
_BY_WORDS = {
    "spam": "suppressed.complaint",
    "complain": "suppressed.complaint",
    "bounc": "suppressed.bounce",
    "unsubscribe": "suppressed.other",
    "suppress": "suppressed.other",
}


def stopped_by(event: SendEvent) -> str | None:
    """The cause why the service did not send the message; None where it did, or nothing is known.

    Some services report what their own list stopped as a bounce (Amazon SES); their words tell.
    """
    if event.kind is SendEventKind.BOUNCED and _on_their_own_list(event.reply):
        return _by_words(event) or "suppressed.other"
    if event.kind not in (SendEventKind.REJECTED, SendEventKind.FAILED):
        return None
    return _BY_REASON.get(event.reject_reason) or _by_words(event) or "our.rejected"


def _on_their_own_list(reply: str) -> bool:
    """Rather once too often: what a service's list says is not for everybody's eyes."""
    return "suppressed sending" in reply.lower() or classify(reply).reason is Reason.SUPPRESSED


def _by_words(event: SendEvent) -> str | None:
    said = _ADDRESS.sub(" ", event.reply.lower())
    return next((tag for word, tag in _BY_WORDS.items() if word in said), None)


_ADDRESS = re.compile(r"(?<!\S)\S*@\S*")
"""What somebody's mailbox or domain is called says nothing."""
