"""E-mail addresses as people type them, read strictly."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from enum import StrEnum

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
    text = unwrapped(text)
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


_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
public_suffixes = PublicSuffixList(accept_unknown=False, only_icann=True)


def unwrapped(text: str) -> str:
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
    if public_suffixes.privatesuffix(domain) is None and not any(domain.endswith(f".{one}") for one in extra_suffixes):
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
