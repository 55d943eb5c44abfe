"""From pasted text to header fields: whatever mail programs, web pages and quoting have done to it."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterable, Iterator

Field = tuple[str, str]
"""Name in lower case, and the value on one line."""

MOST_FIELDS = 500
LONGEST_VALUE = 8_000
"""Characters. DKIM and ARC seals are the longest fields that mean something here."""

FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,76})[ \t]*:(?!//|:)[ \t]*(.*)")
"""A field's first line (RFC 5322 section 2.2), and neither an address on the web nor one of IPv6."""
WRITTEN_BY_SERVERS = re.compile(
    r"received|received-spf|authentication-results|arc-.+|x-.+|dkim-signature|return-path|delivered-to|mime-version"
)
QUOTED = re.compile(r"[ \t]*(?:>[ \t]?|\|[ \t])+")
TAG = re.compile(
    r"<(?:/?(?:a|b|i|br|code|div|font|h[1-6]|html|head|body|li|ol|p|pre|samp|span|strong|table|tbody|td|th|thead|tr|tt"
    r"|ul|wbr|o:p)(?:\s[^<>]*)?/?)>",
    re.IGNORECASE,
)
LINE_TAG = re.compile(r"</?(?:br|div|h[1-6]|li|p|pre|table|tr)\b", re.IGNORECASE)
ENTITY = re.compile(r"&(?:lt|gt|quot|amp|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
LINE_ENDS = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
INVISIBLE = "\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0)))).replace("\t", "").replace("\n", "")
ODD = str.maketrans({"\xa0": " "} | dict.fromkeys(INVISIBLE + CONTROLS, ""))
"""Signs that come along with copied text, and those that somebody slipped in for a terminal to obey."""


def fields_of(source: str | bytes, longest: int) -> list[Field]:
    """The header fields in their order, of the first `longest` characters. Never raises.

    What stands before the headers (a web page's summary, a covering note) and what follows them (the body) is left out.
    """
    lines = _outdented([_unquoted(line) for line in _plain(source[:longest]).split("\n")])
    blocks = list(_blocks(_single_spaced(lines)))
    chosen = next((block for block in blocks if _trace(block)), max(blocks, key=len, default=[]))
    return chosen[:MOST_FIELDS]


def _plain(source: str | bytes) -> str:
    text = _decoded(source) if isinstance(source, bytes) else source
    text = text.encode("utf-8", "replace").decode()  # half of a surrogate pair could not be stored
    text = LINE_ENDS.sub("\n", text)
    if TAG.search(text):
        text = TAG.sub(lambda tag: "\n" if LINE_TAG.match(tag[0]) else "", text)
    if ENTITY.search(text):
        text = html.unescape(text)
    return text.translate(ODD)


def _decoded(source: bytes) -> str:
    utf16 = source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return source.decode("utf-16" if utf16 else "utf-8", errors="replace")


def _unquoted(line: str) -> str:
    found = QUOTED.match(line)
    return line[found.end() :] if found else line


def _outdented(lines: list[str]) -> list[str]:
    """Without the indent that the whole text got when it was quoted or copied."""
    if any(_by_server(line) for line in lines):
        return lines
    margins = [len(line) - len(line.lstrip(" \t")) for line in lines if FIELD.match(line.lstrip(" \t"))]
    margin = min(margins, default=0)
    return [line[margin:] if not line[:margin].strip() else line for line in lines]


def _single_spaced(lines: list[str]) -> list[str]:
    """Some web pages put an empty line after each line: then every second of them goes."""
    begins = [index for index, line in enumerate(lines) if FIELD.match(line)]
    followed = sum(index + 1 < len(lines) and not lines[index + 1].strip() for index in begins)
    if len(begins) < 3 or followed * 3 < len(begins) * 2:
        return lines
    kept: list[str] = []
    dropped = False
    for line in lines:
        if not line.strip() and kept and kept[-1].strip() and not dropped:
            dropped = True
            continue
        kept.append(line)
        dropped = False
    return kept


def _blocks(lines: Iterable[str]) -> Iterator[list[Field]]:
    """Runs of fields. An empty line ends one, unless what follows was written by a mail server as well."""
    names: list[str] = []
    values: list[list[str]] = []
    ended = traced = False
    for line in lines:
        if not line.strip():
            ended = bool(names)
            continue
        found = FIELD.match(line)
        if ended and not (traced and _by_server(line)):
            yield _joined(names, values)
            names, values, traced = [], [], False
        ended = False
        if found:
            names.append(found[1].lower())
            values.append([found[2]])
            traced = traced or _by_server(line)
        elif names:  # folded (RFC 5322 section 2.2.3), or wrapped by a web mailer
            values[-1].append(line.strip())
    yield _joined(names, values)


def _joined(names: list[str], values: list[list[str]]) -> list[Field]:
    joined = (" ".join(" ".join(parts).split())[:LONGEST_VALUE] for parts in values)
    return list(zip(names, joined, strict=True))


def _by_server(line: str) -> bool:
    found = FIELD.match(line)
    return found is not None and WRITTEN_BY_SERVERS.fullmatch(found[1].lower()) is not None


def _trace(block: list[Field]) -> bool:
    return any(name in ("received", "authentication-results", "arc-authentication-results") for name, _ in block)
