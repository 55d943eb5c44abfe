"""What an address is for, as far as the address itself says so."""

from __future__ import annotations

import re

from diagnostics.addresses.lists import listed
from diagnostics.domain import Address


def is_role(address: Address) -> bool:
    """Whether the local part names a function (`info`, `payroll`), behind which often is a group or shared mailbox.

    The functions of RFC 2142, and the usual ones of offices in several languages.
    """
    name = re.sub(r"[._-]|[0-9]+$", "", address.local_part.lower().partition("+")[0])
    return name in listed("role_names")


def is_disposable(address: Address) -> bool:
    """Whether the domain, or one above it, hands out mailboxes that last minutes or anyone may read."""
    labels = address.domain.split(".")
    return any(".".join(labels[first:]) in listed("disposable_domains") for first in range(len(labels) - 1))
