"""Texts for eyes other than the owner's: no mailbox in them is named whole."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnostics.addresses import mask

WORD = re.compile(r"""(?:"[^"\n]+"|[^\s<>()\[\]"',;:=@]++)@[\w.\[\]-]+|[^\s<>()\[\]"',;:=@]++""")
"""Anything that looks like an e-mail address (RFC 5321 section 4.1.2), kindly read; and any word without an @, whole:
else each sign of a long one would be tried as the first of an address.
"""
SHORTEST_NAME = 3
"""Characters: shorter local parts are too often words that mean something else."""


def without_mailboxes(text: str, known: Iterable[str]) -> str:
    """Every address in the text masked, and the local parts of the known ones where they stand alone as words.

    Host names stay whole, also where one of their labels is a local part.
    """
    known = tuple(known)
    for address in known:  # first, because some signs that a local part may have (RFC 5322) end the pattern's
        text = re.sub(re.escape(address), lambda found: mask(found[0]), text, flags=re.IGNORECASE)
    text = WORD.sub(lambda found: mask(found[0].strip('"')) if "@" in found[0] else found[0], text)
    for name in sorted(_names(known), key=len, reverse=True):
        pattern = rf"(?<![\w.-]){re.escape(name)}(?=@|%40|=|(?![\w-]|\.\w))"
        text = re.sub(pattern, lambda found: mask(f"{found[0]}@").removesuffix("@"), text, flags=re.IGNORECASE)
    return text


def _names(addresses: Iterable[str]) -> set[str]:
    """Local parts, with and without a sub-address (`anna+codes` is `anna`'s; RFC 5233)."""
    local_parts = {address.rpartition("@")[0] for address in addresses}
    names = local_parts | {one.partition("+")[0] for one in local_parts}
    return {name for name in names if len(name) >= SHORTEST_NAME}
