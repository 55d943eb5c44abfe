"""Text from the other side, made safe to keep and to show.

What cannot be seen or turns the reading order is replaced.
"""

from __future__ import annotations

import json
import re
import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(raw: bytes | str, limit: int) -> str:
    """At most `limit` characters.

    Line feeds stay, tabs become blanks, control, format and bidi characters become U+FFFD; so do halves of surrogate
    pairs, which nothing could keep.
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


def escaped(written: str) -> str:
    """A JSON text that says the same, with all that a terminal obeys or that turns the reading order as `\\uXXXX`.

    JSON itself has only the first 32 control characters written so (RFC 8259 section 7).
    """
    return _OBEYED.sub(lambda found: json.dumps(found[0])[1:-1], written)


_OBEYED = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
