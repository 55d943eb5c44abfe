"""A reply's text as the rules see it: its codes, and its words with all punctuation, case and line breaks gone."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 6000
"""Characters read; a reply line has at most 512 (RFC 5321 section 4.5.3.1.5), so this holds any multi-line reply."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`words` is one string with a blank before and after each word, so that phrases can be found whole."""

    words: str
    code: int | None
    enhanced: str | None
    foreign: bool
    """Whether letters other than Latin ones occur: only then are rules in such scripts worth trying."""


def read(text: str) -> Reading:
    """Find the codes of a reply and fold the rest to plain words; accepts any text; give it no more than `LONGEST`."""
    if "=" in text:
        text = _unquote(text)
    if " - " in text:
        text = _WRAPPER.sub("", text)
    if "in reply to" in text or "SMTP error" in text or ">>> " in text:
        text = _STAGE.sub(" ", text)
    code = _find_code(text)
    enhanced = _find_enhanced(text, code)
    if "@" in text:
        text = _ADDRESS.sub(" ", text)
    text = _CODES.sub(" ", text)
    if text.count(".") > 2:
        text = _IP_ADDRESS.sub(" ipaddr ", text)
    text = text.lower()
    foreign = False
    if not text.isascii():
        text = text.translate(_WITHOUT_ACCENTS)
        foreign = not text.isascii()
        words = _WORD.findall(text)
    else:
        words = text.translate(_WITHOUT_PUNCTUATION).split()
    return Reading(f" {' '.join(words)} ", code, enhanced, foreign)


# The Cisco gateway puts its own words before the reply it quotes: 5.1.0 - Unknown address error 550-'...'
_WRAPPER = re.compile(r"^\s*[45]\.\d\.\d - [^'\d]{0,60}(?=[45]\d\d-')")
# Postfix, Exim and Sendmail add the command that was answered; its words are not the server's.
_STAGE = re.compile(
    r"\(in reply to [^()]{1,60}\)"
    r"|SMTP error from remote (?:mail )?server (?:after|for) [\w ]{1,40}(?::<[^<>\s]{0,320}>)?(?: SIZE=\d{1,12})?"
    r"|(?:^|\n)>>> (?:MAIL|RCPT|DATA|EHLO|HELO)[^\r\n<]{0,40}",
    re.IGNORECASE,
)
_CODE_IN_FRONT = re.compile(r"\s*([245][0-9]\d)(?=[ \t\-:#,;\r\n]|$)")
_CODE = re.compile(r"(?:^|[\n:;,'\"(<>\]])[ \t]*(?:smtp;[ \t]*)?([245][0-9]\d)(?=[ \t\-:#,;]|\r|\n|$)")
_CODE_WITH_STATUS = re.compile(r"(?<![\w.])([245][0-9]\d)[ \-,\"'#(]{1,4}[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
# The digit stands before the look-behind so that the search can skip to it.
_ENHANCED = re.compile(r"[245](?<![\w.].)\.\d{1,3}\.\d{1,3}(?!\w|\.\d)")
_CODES = re.compile(
    r"[245](?<![\w.].)"
    r"(?:\d\d(?:[ \-]+\#?[245]\.\d{1,3}\.\d{1,3}(?!\w|\.\d)|(?=[\s\-:]|$))|\.\d{1,3}\.\d{1,3}(?!\w|\.\d))"
)
_ADDRESS = re.compile(r"[^\s<>()\[\]{}\"',;:|@]{1,128}+@[\w.\-]{1,255}+")
_IP_ADDRESS = re.compile(r"\d(?<![\w.].)\d{0,2}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)")
_WORD = re.compile(r"[^\W_]+")
_WITHOUT_PUNCTUATION = {point: " " for point in range(128) if not chr(point).isalnum()}
_SOFT_BREAK = re.compile(r"=\r?\n")
_QUOTED_SPACE = re.compile(r"=20(?![\d.])")
_QUOTED_UTF8 = re.compile(r"(?:=[C-F][0-9A-F](?:=[89AB][0-9A-F]){1,3}){1,200}+")


def _find_code(text: str) -> int | None:
    match = _CODE_IN_FRONT.match(text) or _CODE.search(text) or _CODE_WITH_STATUS.search(text)
    return int(match[1]) if match else None


def _find_enhanced(text: str, code: int | None) -> str | None:
    found: list[str] = _ENHANCED.findall(text)
    if not found:
        return None
    same_class = str(code)[0] if code else ""
    return next((status for status in found if status.startswith(same_class)), found[0])


def _unquote(text: str) -> str:
    """Undo what quoted-printable (RFC 2045 section 6.7) does to a reply pasted from a bounce."""
    text = _QUOTED_SPACE.sub(" ", _SOFT_BREAK.sub("", text))
    return _QUOTED_UTF8.sub(_decode_utf8, text)


def _decode_utf8(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("=", "")).decode("utf-8", "ignore")


def _accents() -> dict[int, str]:
    letters = (chr(point) for point in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)])
    plain = {ord(letter): unicodedata.normalize("NFKD", letter)[0] for letter in letters}
    special = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}
    punctuation = dict.fromkeys((*range(0xA0, 0xC0), *range(0x2000, 0x2070), *range(0x300, 0x370), 0xD7, 0xF7), " ")
    combining = dict.fromkeys(range(0x300, 0x370), "")
    folded = plain | punctuation | combining | {ord(letter): text for letter, text in special.items()}
    return {point: letter for point, letter in folded.items() if letter != chr(point)}


_WITHOUT_ACCENTS = _accents()
