"""E-mail addresses as people type them: read strictly, compared kindly with well-known ones, masked for others."""

from __future__ import annotations

from diagnostics.addresses.kinds import is_disposable, is_role
from diagnostics.addresses.mailboxes import mailbox_for_limits, registered_domain
from diagnostics.addresses.masking import mask, one_spelling
from diagnostics.addresses.reading import (
    LONGEST_ADDRESS,
    LONGEST_LABEL,
    LONGEST_LOCAL_PART,
    AddressFault,
    BadAddress,
    parse_address,
)
from diagnostics.addresses.scripts import Lookalike, lookalike, shown_domain
from diagnostics.addresses.slips import suggest

__all__ = [
    "LONGEST_ADDRESS",
    "LONGEST_LABEL",
    "LONGEST_LOCAL_PART",
    "AddressFault",
    "BadAddress",
    "Lookalike",
    "is_disposable",
    "is_role",
    "lookalike",
    "mailbox_for_limits",
    "mask",
    "one_spelling",
    "parse_address",
    "registered_domain",
    "shown_domain",
    "suggest",
]
