"""E-mail addresses as people type them: read strictly, compared kindly with well-known ones, masked for others."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

import idna
from publicsuffixlist import PublicSuffixList

from diagnostics.domain import Address

LONGEST_ADDRESS = 254
"""RFC 5321 section 4.5.3.1.3, less the angle brackets; octets."""
LONGEST_LOCAL_PART = 64
LONGEST_LABEL = 63


class AddressFault(StrEnum):
    """Why a text is not an address that mail from the internet can be sent to."""

    EMPTY = "empty"
    CONTROL_CHARACTERS = "control_characters"
    """Control, bidirectional or invisible characters, line ends included."""
    TOO_LONG = "too_long"
    SPACES_INSIDE = "spaces_inside"
    NO_AT = "no_at"
    SEVERAL_AT = "several_at"
    LOCAL_PART_MISSING = "local_part_missing"
    DOMAIN_MISSING = "domain_missing"
    BAD_LOCAL_PART = "bad_local_part"
    LITERAL = "literal"
    """An IP address in place of the domain."""
    LOCALHOST = "localhost"
    BAD_DOMAIN = "bad_domain"
    NO_PUBLIC_SUFFIX = "no_public_suffix"
    """The domain does not end in a public suffix, or is nothing but one (publicsuffix.org, ICANN section)."""


class BadAddress(ValueError):
    """The text is no usable address; `code` says why."""

    def __init__(self, code: AddressFault) -> None:
        super().__init__(code.value)
        self.code = code


def parse_address(text: str, *, extra_suffixes: frozenset[str] = frozenset()) -> Address:
    """The address in a text; the domain in lower case A-label form.

    Spaces and angle brackets around it and a pasted `mailto:` are taken off; nothing else is repaired. Local parts are
    dot-atoms (RFC 5322 section 3.2.3) in ASCII or other letters (RFC 6532); quoted ones are refused. `extra_suffixes`
    are names that count as public suffixes too, for closed networks. Raises BadAddress.
    """
    if any(unicodedata.category(character) in _INVISIBLE for character in text.strip(" \t\u00a0")):
        raise BadAddress(AddressFault.CONTROL_CHARACTERS)
    text = _unwrapped(text)
    if not text:
        raise BadAddress(AddressFault.EMPTY)
    if len(text.encode()) > LONGEST_ADDRESS:
        raise BadAddress(AddressFault.TOO_LONG)
    if "@" not in text:
        raise BadAddress(AddressFault.NO_AT)
    if text.count("@") > 1:
        raise BadAddress(AddressFault.SEVERAL_AT)
    if any(character.isspace() for character in text):
        raise BadAddress(AddressFault.SPACES_INSIDE)
    local_part, _, domain = text.partition("@")
    if not local_part:
        raise BadAddress(AddressFault.LOCAL_PART_MISSING)
    if not domain:
        raise BadAddress(AddressFault.DOMAIN_MISSING)
    address = Address(_local_part(local_part), _domain(domain, extra_suffixes))
    if len(str(address).encode()) > LONGEST_ADDRESS:
        raise BadAddress(AddressFault.TOO_LONG)
    return address


def suggest(text: str) -> str | None:
    """The whole address that was probably meant, where its domain looks like a slip of a well-known one; else None.

    Also for texts that `parse_address` refuses (`anna@gmail.con`, `anna@gmailcom`). A question, never to act upon.
    """
    local_part, at, domain = _unwrapped(text).rpartition("@")
    typed = domain.lower()
    if (
        not at
        or not local_part.strip()
        or not typed.strip(" .,;")
        or not typed.isascii()
        or len(typed) > LONGEST_ADDRESS
    ):
        return None
    if typed in _lines("mailbox_domains") or typed in _lines("lookalike_domains"):
        return None
    typed = typed.strip(" .,;")
    meant = _unsquashed(typed) or _nearest(typed)
    return f"{local_part.strip()}@{meant}" if meant else None


def mask(address: str) -> str:
    """The address for eyes that may not see it whole: `a•••@acme.example`."""
    local_part, at, domain = address.rpartition("@")
    return f"{local_part[:1]}•••@{domain}" if at else "•••"


def normalise_for_limits(address: str) -> str:
    """One text for all spellings of one mailbox, so that limits cannot be walked around; not for sending."""
    local_part, _, domain = address.strip().lower().rpartition("@")
    local_part = local_part.partition("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local_part, domain = local_part.replace(".", ""), "gmail.com"
    return f"{local_part}@{domain}"


# --- reading an address ---------------------------------------------------------------------------------------------

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_public_suffixes = PublicSuffixList(accept_unknown=False, only_icann=True)


def _unwrapped(text: str) -> str:
    text = text.strip(" \t\u00a0")
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip(" \t\u00a0")
    if text[:7].lower() == "mailto:":
        text = text[7:].strip(" \t\u00a0")
    return text


def _local_part(text: str) -> str:
    if len(text.encode()) > LONGEST_LOCAL_PART:
        raise BadAddress(AddressFault.TOO_LONG)
    # `=?` begins an encoded word (RFC 2047), which some mail software would read as another address.
    if "=?" in text or not all(atom and all(map(_is_atext, atom)) for atom in text.split(".")):
        raise BadAddress(AddressFault.BAD_LOCAL_PART)
    return unicodedata.normalize("NFC", text)


def _is_atext(character: str) -> bool:
    """Letters, marks and digits of any script, and the signs of an ASCII atom."""
    return character in _ATEXT if character.isascii() else unicodedata.category(character)[0] in "LMN"


def _domain(text: str, extra_suffixes: frozenset[str]) -> str:
    if _is_literal(text):
        raise BadAddress(AddressFault.LITERAL)
    domain = _a_labels(text.lower())
    if domain.rpartition(".")[2] in {"localhost", "localdomain"}:
        raise BadAddress(AddressFault.LOCALHOST)
    if _public_suffixes.privatesuffix(domain) is None and not any(domain.endswith(f".{one}") for one in extra_suffixes):
        raise BadAddress(AddressFault.NO_PUBLIC_SUFFIX)
    return domain


def _is_literal(domain: str) -> bool:
    if domain.startswith("["):
        return True
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return False
    return True


def _a_labels(domain: str) -> str:
    """The domain in A-label form (RFC 5890); ASCII labels must be letters, digits and hyphens."""
    if not domain.isascii() or "xn--" in domain:
        try:
            domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
        except idna.IDNAError as problem:
            raise BadAddress(AddressFault.BAD_DOMAIN) from problem
    labels = domain.split(".")
    if any(len(label) > LONGEST_LABEL for label in labels):
        raise BadAddress(AddressFault.TOO_LONG)
    if not all(map(_LABEL.fullmatch, labels)):
        raise BadAddress(AddressFault.BAD_DOMAIN)
    return domain


# --- slips of the finger --------------------------------------------------------------------------------------------

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
_ONE_SLIP = 1.0
_TWO_SMALL_SLIPS = 1.1
_OTHER_ENDING = 2.0


def _unsquashed(typed: str) -> str | None:
    """The known domain that differs in dots, commas, hyphens and spaces only: `gmailcom`, `gmail..com`."""
    squashed = _squash(typed.removeprefix("www."))
    return next((known for known in _lines("mailbox_domains") if _squash(known) == squashed), None)


def _squash(domain: str) -> str:
    return re.sub(r"[^a-z0-9]", "", domain)


def _nearest(typed: str) -> str | None:
    """The known domain that takes the least slips, the better known one first; None where that would be too many."""
    name, _, ending = typed.removeprefix("www.").partition(".")
    costs = []
    for rank, known in enumerate(_lines("mailbox_domains")):
        known_name, _, known_ending = known.partition(".")
        cost = _slips_of_name(name, known_name)
        if cost is not None:
            cost_of_ending = _slips_of_ending(ending, known_ending, known_name, exact_name=cost == 0)
            if cost_of_ending is not None:
                costs.append((cost + cost_of_ending, rank, known))
        elif not ending and known_name in _BRANDS and (glued := _slips(name, _squash(known))) <= _ONE_SLIP:
            costs.append((glued, rank, known))
    return min(costs)[2] if costs else None


def _slips_of_name(name: str, known: str) -> float | None:
    """None where the name may well be somebody else's: short names and plain words have many honest neighbours."""
    if name == known:
        return 0.0
    if abs(len(name) - len(known)) > 2:
        return None
    cost = _slips(name, known)
    brand = known in _BRANDS
    shuffled = brand and len(known) > 4 and sorted(name) == sorted(known)
    if shuffled or cost > _ONE_SLIP or (cost == _NEIGHBOUR and not brand):
        believable = name[:1] == known[:1] or cost == _SWAP
        return cost if believable and (shuffled or cost <= _tolerance(known, brand)) else None
    return cost if cost <= _tolerance(known, brand) else None


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
    if ending in _BROKEN_ENDINGS or (ending in _DOUBTFUL_ENDINGS and (brand or len(name) > 5)):
        return _SWAP if known in {"com", "net"} and (brand or ending) else None
    if _public_suffixes.publicsuffix(ending) == ending:
        return _OTHER_ENDING if brand and exact_name else None
    cost = _slips(ending, known)
    return cost if cost <= _ONE_SLIP or (brand and exact_name) else None


@lru_cache(maxsize=2048)
def _slips(typed: str, meant: str) -> float:
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
            rows[i][j] = min(options)
    return rows[-1][-1]


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


@cache
def _lines(name: str) -> dict[str, None]:
    """The domains of a data file, in its order."""
    text = (Path(__file__).parent / "providers" / f"{name}.txt").read_text(encoding="utf-8")
    return dict.fromkeys(line for line in text.splitlines() if line and not line.startswith("#"))
