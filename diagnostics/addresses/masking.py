"""Addresses for eyes that may not see them whole, and in the one spelling in which they are compared."""

from __future__ import annotations


def mask(address: str) -> str:
    """The address for eyes that may not see it whole: `a•••@acme.example`."""
    local_part, at, domain = address.rpartition("@")
    return f"{local_part[:1]}•••@{domain}" if at else "•••"


def one_spelling(address: str) -> str:
    """One text for all addresses that surely lead to one mailbox: to find what is known of it; not for sending."""
    local_part, _, domain = address.strip().lower().rpartition("@")
    local_part = local_part.partition("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local_part, domain = local_part.replace(".", ""), "gmail.com"
    return f"{local_part}@{domain}"
