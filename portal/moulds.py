"""Pages that look the same to everybody but for a few random values: rendered once, after that only filled in."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Hashable, Mapping

from django.conf import settings
from django.utils.translation import get_language

HARMLESS = re.compile("[A-Za-z0-9_-]*")
"""What means the same in any place of a page: escaping would change nothing."""
MOST = 1024
"""Pages of one kind that are kept: what they show may be told apart in many ways."""
_SIGNS = string.digits + string.ascii_uppercase


class Moulds:
    """One kind of page, kept once for each key and language, as long as what it is made of is the same."""

    def __init__(self, *gaps: str) -> None:
        # Also where only a case's reference fits, which has 8 to 12 of these signs.
        self._marks = {name: "".join(secrets.choice(_SIGNS) for _ in range(12)) for name in gaps}
        self._at_a_mark = re.compile(f"({'|'.join(self._marks.values()) or '(?!)'})")
        self._kept: dict[tuple[Hashable, str | None], tuple[tuple[object, ...], list[str]]] = {}

    def filled(
        self,
        key: Hashable,
        made_of: tuple[object, ...],
        values: Mapping[str, str],
        render: Callable[[Mapping[str, str]], str],
    ) -> str:
        """What `render(values)` would give. `made_of` is all else that the page shows: while these are the very same
        objects, it is not rendered again.
        """
        if bad := [name for name, value in values.items() if not HARMLESS.fullmatch(value)]:
            raise ValueError(f"only letters, digits, - and _ can be filled in: {', '.join(bad)}")
        if settings.DEBUG:
            return render(values)
        where = key, get_language()
        before, pieces = self._kept.get(where, ((), []))
        if not pieces or len(before) != len(made_of) or any(a is not b for a, b in zip(before, made_of, strict=True)):
            pieces = self._at_a_mark.split(render(self._marks))
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[where] = made_of, pieces
        by_mark = {self._marks[name]: value for name, value in values.items()}
        return "".join(by_mark.get(piece, piece) for piece in pieces)
