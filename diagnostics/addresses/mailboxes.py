"""What limits count as one mailbox and as one domain, so that no spelling is a way around them.

Kindly read: some that are put together here belong to two people. So it says nothing about who somebody is; for that
there is `masking.one_spelling`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from publicsuffixlist import PublicSuffixList


class _Provider(NamedTuple):
    """Domains whose addresses lead to the same mailboxes, and the signs of a local part that they do not look at."""

    domains: tuple[str, ...]
    ignored: str = ""
    by_host: bool = False
    """`anything@anna.fastmail.com` is anna's."""


_PROVIDERS = (
    _Provider(("gmail.com", "googlemail.com"), "."),
    _Provider(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ".-_"),
    _Provider(("icloud.com", "me.com", "mac.com")),
    _Provider(("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"), ".-"),
    _Provider(("fastmail.com", "fastmail.fm"), by_host=True),
)
_BY_DOMAIN: Mapping[str, _Provider] = {domain: one for one in _PROVIDERS for domain in one.domains}


def mailbox_for_limits(address: str) -> str:
    """One text for all addresses that may lead to one mailbox: capital letters and other forms of a letter, a
    sub-address (RFC 5233), and what its provider does not look at.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address.strip()).casefold())
    local_part, _, domain = folded.rpartition("@")
    user, _, above = domain.partition(".")
    if (provider := _BY_DOMAIN.get(above)) and provider.by_host:
        local_part, domain = user, above
    if provider := _BY_DOMAIN.get(domain):
        domain = provider.domains[0]
        local_part = local_part.translate(dict.fromkeys(map(ord, provider.ignored)))
    return f"{local_part.partition('+')[0]}@{domain}"


def registered_domain(domain: str) -> str:
    """The domain that somebody has registered, for it and all names below: one label below the public suffix
    (publicsuffix.org, private section too). A suffix stays itself.
    """
    return _suffixes().privatesuffix(domain) or domain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
