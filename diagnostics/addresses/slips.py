"""Slips of the finger: which well-known domain was probably meant."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from diagnostics.addresses.lists import listed
from diagnostics.addresses.reading import LONGEST_ADDRESS, public_suffixes, unwrapped


def suggest(text: str) -> str | None:
    """The whole address that was probably meant, where its domain looks like a slip of a well-known one; else None.

    Also for texts that `parse_address` refuses (`anna@gmail.con`, `anna@gmailcom`, `annagmail.com`). A question, never
    to act upon.
    """
    if "@" not in text:
        return _with_its_at(unwrapped(text))
    local_part, at, domain = unwrapped(text).rpartition("@")
    typed = domain.lower()
    if (
        not at
        or not local_part.strip()
        or not typed.strip(" .,;")
        or not typed.isascii()
        or len(typed) > LONGEST_ADDRESS
    ):
        return None
    if typed in listed("mailbox_domains") or typed in listed("lookalike_domains"):
        return None
    typed = typed.strip(" .,;")
    meant = _unsquashed(typed) or _nearest(typed)
    return f"{local_part.strip()}@{meant}" if meant else None


_BRANDS = frozenset(
    {
        "gmail", "googlemail", "hotmail", "yahoo", "outlook", "icloud", "aol", "ymail", "protonmail", "rocketmail",
        "rediffmail", "btinternet", "sbcglobal",
    }
)  # fmt: skip
"""Names so well known that a near miss, or the right name under an unknown ending, is a slip and no other company."""
_BROKEN_ENDINGS = frozenset({"", "c", "cm", "om", "comm", "coml", "nt", "com.com", "co.com"})
"""What slips leave of `.com` and `.net`; some exist as top-level domains, hardly any company's e-mail is there."""
_DOUBTFUL_ENDINGS = frozenset({"co", "cc", "ne", "et"})
"""The same, but companies do use them: believed after a long or very well-known name only."""
_KEYBOARDS = (
    "1234567890 qwertyuiop asdfghjkl zxcvbnm",
    "1234567890 qwertzuiop asdfghjkl yxcvbnm",
    "1234567890 azertyuiop qsdfghjklm wxcvbn",
)
_SWAP, _DOUBLE, _NEIGHBOUR, _MISS, _REPLACE = 0.5, 0.5, 0.6, 0.8, 1.0
_CHEAPEST = min(_SWAP, _DOUBLE, _NEIGHBOUR, _MISS, _REPLACE)
_ONE_SLIP = 1.0
_TWO_SMALL_SLIPS = 1.1
_MOST_STRANGE = int(_TWO_SMALL_SLIPS / _CHEAPEST)
_MOST_LONGER = 2
_OTHER_ENDING = 2.0
_ENDINGS_MISTAKEN = frozenset({"com", "net"})
"""Put behind a well-known name by mistake; under most others it may be the brand itself, or somebody else."""
_ONE_HOME = frozenset({"gmail"})
"""Has one ending only, in all the world."""


def _with_its_at(text: str) -> str | None:
    """`anna.gmail.com` and `anna"gmail.com`: the @ is missing, or is another sign of the same key."""
    if len(text) > LONGEST_ADDRESS or any(character.isspace() for character in text):
        return None
    for known in listed("mailbox_domains"):
        if known.partition(".")[0] in _BRANDS and text.lower().endswith(known):
            local_part = text[: -len(known)].rstrip(".,;\"'#")
            return f"{local_part}@{known}" if local_part[-1:].isalnum() and local_part != "www" else None
    return None


def _unsquashed(typed: str) -> str | None:
    """The known domain that differs in dots, commas, hyphens and spaces only: `gmailcom`, `gmail..com`."""
    return _known_squashed().get(_squash(typed.removeprefix("www.")))


@cache
def _known_squashed() -> dict[str, str]:
    """Of two that differ in their dots only the better known one, which comes first."""
    return {_squash(known): known for known in reversed(listed("mailbox_domains"))}


def _squash(domain: str) -> str:
    return re.sub(r"[^a-z0-9]", "", domain)


def _nearest(typed: str) -> str | None:
    """The known domain that takes the least slips, the better known one first; None where that would be too many."""
    name, _, ending = typed.removeprefix("www.").partition(".")
    letters = _letters(name)
    costs = []
    # Without an ending the name may be a whole domain that has lost its dots.
    candidates = _known_by_length(len(name)) if ending else _known_by_name()
    for known_name, known_letters, domains in candidates:
        cost = None if _far_apart(letters, known_letters) else _slips_of_name(name, known_name)
        if cost is None and (ending or known_name not in _BRANDS):
            continue
        for rank, known in domains:
            known_ending = known.partition(".")[2]
            if cost is not None:
                cost_of_ending = _slips_of_ending(ending, known_ending, known_name, exact_name=cost == 0)
                if cost_of_ending is not None:
                    costs.append((cost + cost_of_ending, rank, known))
            elif (glued := _glued(name, _squash(known))) is not None:
                costs.append((glued, rank, known))
    return min(costs)[2] if costs else None


_Known = tuple[str, int, list[tuple[int, str]]]


@cache
def _known_by_name() -> list[_Known]:
    """Half of the known domains share their name with others; each with its rank, the best known one's first.

    The name, its letters, and the domains.
    """
    by_name: dict[str, list[tuple[int, str]]] = {}
    for rank, known in enumerate(listed("mailbox_domains")):
        by_name.setdefault(known.partition(".")[0], []).append((rank, known))
    return [(name, _letters(name), domains) for name, domains in by_name.items()]


@lru_cache(maxsize=LONGEST_ADDRESS)
def _known_by_length(length: int) -> list[_Known]:
    """Those whose names are about as long: all others take more slips than we ever believe."""
    return [known for known in _known_by_name() if abs(len(known[0]) - length) <= _MOST_LONGER]


def _glued(name: str, known: str) -> float | None:
    """What it takes to come from a domain without its dots to the typed name; None where that is more than one slip."""
    cost = None if _far_apart(_letters(name), _letters(known)) else slips(name, known)
    return cost if cost is not None and cost <= _ONE_SLIP else None


def _slips_of_name(name: str, known: str) -> float | None:
    """None where the name may well be somebody else's: short names and plain words have many honest neighbours."""
    if name == known:
        return 0.0
    if abs(len(name) - len(known)) > _MOST_LONGER:
        return None
    cost = slips(name, known)
    brand = known in _BRANDS
    # Another first letter makes another word (`kmail`, `mcloud`), unless its key lies beside the right one.
    if cost == _REPLACE and name[:1] != known[:1] and len(name) == len(known) < 7:
        return None
    shuffled = brand and len(known) > 4 and sorted(name) == sorted(known)
    if shuffled or cost > _ONE_SLIP or (cost == _NEIGHBOUR and not brand):
        believable = name[:1] == known[:1] or cost == _SWAP
        return cost if believable and (shuffled or cost <= _tolerance(known, brand)) else None
    return cost if cost <= _tolerance(known, brand) else None


def _far_apart(here: int, there: int) -> bool:
    """Whether it takes more than the slips we ever believe, told by the two texts' letters alone, which is quick.

    A slip takes away one letter and adds one at most, and costs half at least.
    """
    return (here & ~there).bit_count() > _MOST_STRANGE or (there & ~here).bit_count() > _MOST_STRANGE


@lru_cache(maxsize=2048)
def _letters(text: str) -> int:
    """The different characters of a text, one bit each; characters with the same bit only make the text look nearer."""
    bits = 0
    for character in text:
        bits |= 1 << (ord(character) & 63)
    return bits


def _tolerance(known: str, brand: bool) -> float:
    length = len(known)
    if length <= 2:
        return 0.0
    if length <= 4:
        return _SWAP
    if brand:
        return _TWO_SMALL_SLIPS if length >= 7 else _ONE_SLIP
    if length <= 5:
        return _NEIGHBOUR
    return _MISS if length <= 8 else _ONE_SLIP


def _slips_of_ending(ending: str, known: str, name: str, *, exact_name: bool) -> float | None:
    """None where the typed ending is a good one of its own."""
    if ending == known:
        return 0.0
    brand = name in _BRANDS
    cost = slips(ending, known)
    if ending in _BROKEN_ENDINGS or (ending in _DOUBTFUL_ENDINGS and (brand or len(name) > 5)):
        return _SWAP + cost / 100 if known in {"com", "net"} and (brand or ending) else None
    if public_suffixes.publicsuffix(ending) == ending:
        if exact_name and cost <= _NEIGHBOUR and ("." in known or (len(name) > 6 and len(known) > 2)):
            return cost
        mistaken = name in _ONE_HOME or ending in _ENDINGS_MISTAKEN
        return _OTHER_ENDING if brand and exact_name and mistaken else None
    return cost if cost <= _ONE_SLIP or (brand and exact_name) else None


@lru_cache(maxsize=2048)
def slips(typed: str, meant: str) -> float:
    """The least cost of slips of the finger between two texts (optimal string alignment with weights)."""
    rows = [[0.0] * (len(meant) + 1) for _ in range(len(typed) + 1)]
    for i in range(len(typed) + 1):
        for j in range(len(meant) + 1):
            if i == 0 or j == 0:
                rows[i][j] = _MISS * (i + j)
                continue
            extra = _DOUBLE if typed[i - 1] in (typed[i - 2 : i - 1], meant[j - 1]) else _MISS
            missing = _DOUBLE if meant[j - 1] == meant[j - 2 : j - 1] else _MISS
            options = [
                rows[i - 1][j] + extra,
                rows[i][j - 1] + missing,
                rows[i - 1][j - 1] + _replacing(typed[i - 1], meant[j - 1]),
            ]
            if i > 1 and j > 1 and typed[i - 1] == meant[j - 2] and typed[i - 2] == meant[j - 1]:
                options.append(rows[i - 2][j - 2] + _SWAP)
            if _doubled_the_other(typed[max(i - 3, 0) : i], meant[max(j - 3, 0) : j]):
                options.append(rows[i - 3][j - 3] + _SWAP)
            rows[i][j] = min(options)
    return rows[-1][-1]


def _doubled_the_other(typed: str, meant: str) -> bool:
    """`ddo` for `doo`: the right letters, the wrong one of them twice."""
    return (
        len(typed) == len(meant) == 3
        and typed != meant
        and typed[::2] == meant[::2]
        and {typed[1], meant[1]} == {typed[0], typed[2]}
    )


def _replacing(typed: str, meant: str) -> float:
    if typed == meant:
        return 0.0
    return _NEIGHBOUR if (typed, meant) in _neighbours() else _REPLACE


@cache
def _neighbours() -> frozenset[tuple[str, str]]:
    """Pairs of keys that touch, on the QWERTY, QWERTZ and AZERTY keyboards."""
    pairs: set[tuple[str, str]] = set()
    for keyboard in _KEYBOARDS:
        rows = keyboard.split()
        for upper, row in enumerate(rows):
            for column, key in enumerate(row):
                beside = row[column + 1 : column + 2]
                below = rows[upper + 1][max(column - 1, 0) : column + 1] if upper + 1 < len(rows) else ""
                pairs.update((key, other) for other in beside + below)
    return frozenset(pairs | {(other, key) for key, other in pairs})
