"""Domains in other letters than a to z: both their forms, and letters that only look like others."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import idna

from diagnostics.addresses.lists import listed


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Why a domain may be read as another one.

    `domain` is the well-known domain that it looks like, where there is one. `mixed`: one label holds letters of
    scripts that no language writes together.
    """

    domain: str = ""
    mixed: bool = False


def shown_domain(domain: str) -> str:
    """The domain as people write it (U-labels, RFC 5890); what cannot be decoded stays as it is."""
    return ".".join(_u_label(label) for label in domain.split("."))


def lookalike(domain: str) -> Lookalike | None:
    """Whether the domain, in either form, uses letters that can be mistaken for others; None where it does not.

    After Unicode Technical Standard 39: labels that mix Latin, Cyrillic or Greek (section 5.1), and domains that
    have the same look as a well-known mailbox domain (section 4), accents left aside.
    """
    written = shown_domain(domain.lower())
    if written.isascii():
        return None
    mixed = any(len(_scripts(label) & _ALIKE) > 1 for label in written.split("."))
    looks_like = _skeleton(written)
    known = looks_like if looks_like in listed("mailbox_domains") else ""
    return Lookalike(known, mixed) if known or mixed else None


_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})
_LOOK = str.maketrans(
    {
        **dict(zip("аӓбвгѕеёһіїјкқӏӏмнопԛгрсԁтуўхԝьѵѡցգօսոհ", "aabbrseehiijkkllmhonqrpcdtyyxwbvwqqounh", strict=True)),
        **dict(zip("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj", strict=True)),
        **dict(zip("ıłøđħɡɩǀꞁᴏᴄᴠᴡᴢ", "ilodhgillocvwz", strict=True)),
    }
)
"""Letters and the Latin letter that they are taken for at a glance; the ones that matter for mailbox domains."""


def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except idna.IDNAError:
        return label


def _scripts(label: str) -> set[str]:
    """The scripts of a label's letters, by the first word of their names."""
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in label if letter.isalpha()}


def _skeleton(text: str) -> str:
    """What the text is taken for at a glance: no accents, look-alikes replaced."""
    bare = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return "".join(bare).translate(_LOOK)
