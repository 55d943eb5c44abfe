"""Text from the other side, made safe to keep and to show.

What cannot be seen or turns the reading order is replaced.
"""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(raw: bytes | str, limit: int) -> str:
    """At most `limit` characters.

    Line feeds stay, tabs become blanks, control, format and bidi characters become U+FFFD.
    """
    text = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else raw
    return "".join(map(_visible, text[:limit]))


def _visible(character: str) -> str:
    if character == "\n" or " " <= character <= "~":
        return character
    if character == "\t":
        return " "
    return REPLACEMENT if unicodedata.category(character) in _UNSEEN else character


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
