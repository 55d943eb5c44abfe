"""Bounces in prose: mailers that write no delivery status, or write it beside the words that matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from html import unescape
from itertools import takewhile

from flufl.bounce import all_failures

from diagnostics.replies.classifier import Reply, classify
from diagnostics.replies.reasons import Reason
from diagnostics.replies.wording import any_of


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mailer wrote about a message (`words`), and the message or the headers that it quoted below."""

    words: str
    quoted: str


def letter(text: str) -> Letter:
    """Cut the mailer's words from the returned message that follows in the same part; only the first 60,000 count."""
    text = text[:_LONGEST]
    found = _RETURNED.search(text)
    return Letter(text[: found.start()], text[found.start() :]) if found else Letter(text, "")


def from_html(text: str) -> str:
    """The words of a page, line by line."""
    for element in ("style", "script"):
        text = "".join(_outside(text[: 4 * _LONGEST], element))
    text = _LINE_END.sub("\n", text)
    return unescape(_MARKUP.sub(" ", text))


def says_undelivered(text: str) -> bool:
    """Whether the words tell of a message that did not arrive."""
    return _UNDELIVERED.search(text) is not None


def says_delayed(text: str) -> bool:
    """Whether the words tell of a message that is still being tried."""
    return _DELAYED.search(text) is not None and _FOR_GOOD.search(text) is None


def recipients(words: str, *, named: Iterable[str], not_theirs: frozenset[str]) -> list[str]:
    """The addresses that could not be reached: those `named` by a header, those that `flufl.bounce` knows the mailer's
    form of or that stand out, else any in the words. `not_theirs` (in lower case) are our own and the mailer's.
    """
    for candidates in (named, [*_known_form(words), *_standing_out(words)], _ADDRESS.findall(words)):
        found: dict[str, str] = {}
        for address in candidates:
            if address.lower() not in not_theirs and not _OFFICE.match(address):
                found.setdefault(address.lower(), address)
        if found:
            return list(found.values())[:_MOST]
    return []


def best_reply(address: str, words: str, diagnostic: str = "") -> tuple[str, Reply]:
    """What the server said about this recipient, and what it means: the shortest text that can be understood.

    That is the diagnostic, else the reply quoted near the address, else all that stands near it, else all words.
    """
    first: tuple[str, Reply] | None = None
    for text in _texts(address, words, diagnostic):
        reply = classify(text)
        if reply.reason is not Reason.UNKNOWN and not reply.rule.startswith(("code-", "status-")):
            return text, reply
        if first is None or (first[1].reason is Reason.UNKNOWN and reply.reason is not Reason.UNKNOWN):
            first = (text, reply)
    return first or ("", classify(""))


def generating_host(words: str) -> str:
    """The server that wrote, as Exchange names it; empty where it is not named."""
    found = _GENERATING.search(words)
    return found[1] if found else ""


def remote_host(near: str) -> str:
    """The server that refused; empty where it is not named."""
    found = _REMOTE.search(near)
    return found[1].strip(".") if found else ""


def near(address: str, words: str) -> str:
    """The lines about one recipient: from the first that names the address to the next that names another."""
    lines = words.splitlines()
    wanted = address.lower()
    start = next((number for number, line in enumerate(lines) if wanted in line.lower()), None)
    if start is None:
        return ""
    kept = [lines[start]]
    for line in lines[start + 1 : start + _NEAR]:
        others = [found.lower() for found in _ADDRESS.findall(line)]
        if wanted not in others and others and _STANDS_ALONE.match(line):
            break
        kept.append(line)
    return "\n".join(kept)


def _outside(text: str, element: str) -> Iterator[str]:
    """The pieces of a page that do not lie inside such an element."""
    low = text.lower()
    at = 0
    while (start := low.find(f"<{element}", at)) >= 0 and (end := low.find(f"</{element}", start)) >= 0:
        yield text[at:start]
        at = end
    yield text[at:]


def _texts(address: str, words: str, diagnostic: str) -> Iterator[str]:
    around = near(address, words)
    quoted = _quoted_reply(around)
    if diagnostic:
        yield _clean(diagnostic)
    for text in (quoted, around, _quoted_reply(words), words):
        if cleaned := _clean(text):
            yield _clean(f"{diagnostic} {cleaned}") if diagnostic else cleaned


@lru_cache(maxsize=8)
def _quoted_reply(text: str) -> str:
    """The server's own words: those behind "said:" and the like, else the lines with reply codes."""
    if found := _SAID.search(text):
        rest = text[found.end() :].strip()
        paragraph = re.split(r"\n[ \t]*\n", rest, maxsplit=1)[0]
        if paragraph:
            return paragraph
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _WITH_CODE.match(line):
            below = takewhile(lambda one: one.strip() and not _COMMAND.match(one), lines[number + 1 : number + 12])
            return "\n".join([line, *below])
    return ""


def _clean(text: str) -> str:
    kept = (_PROMPT.sub("", line) for line in text.splitlines() if not _COMMAND.match(line))
    return " ".join(" ".join(kept).split())[:_LONGEST_REPLY]


def _known_form(words: str) -> list[str]:
    """What `flufl.bounce` finds in plain ASCII text of one part: the forms it knows are all English."""
    message = Message()
    message["From"] = "mailer-daemon@localhost"  # one of its readers takes a sender for granted
    message["Content-Type"] = "text/plain"
    message.set_payload(words[:_FORM].encode("ascii", "replace").decode("ascii"))
    temporary, permanent = all_failures(message)
    found = (one.decode("ascii", "replace") for one in (*sorted(permanent), *sorted(temporary)))
    return [one.strip("<>,;:. ") for one in found if _ADDRESS.fullmatch(one.strip("<>,;:. "))]


def _standing_out(words: str) -> Iterator[str]:
    """Addresses alone on a line, or first on it."""
    return (found[1] for line in words.splitlines() if (found := _STANDS_ALONE.match(line)))


_LONGEST = 60_000
_LONGEST_REPLY = 2_000
_FORM = 20_000
_MOST = 50
_NEAR = 40
_ADDRESS = re.compile(r"[^\s<>()\[\]{}\"',;:|@=]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
_STANDS_ALONE = re.compile(
    r"[\s>*•\-]{0,12}"
    r"(?:(?:to|recipient|failed recipient|user|unknown user|an|a|para|pour|address|smtp|rcpt to|addressee)\s?:)?"
    r"\s*[<(\[\"']?(?:mailto:|smtp:|rfc822;)?"
    r"([^\s<>()\[\]{}\"',;:|@=]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8})(?=[>)\]\"'\s:;,.]|$)",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"(?i)(?:mailer-?daemon|postmaster|abuse|hostmaster|support|help-?desk|no-?reply|mail-?admin\w*|double-bounce|"
    r"owner-|listmaster)(?:@|-)"
)
_RETURNED = any_of("returned", before=r"^[ \t>]*", flags=re.MULTILINE)
_LINE_END = re.compile(r"(?i)<\s*(?:br|/p|/div|/tr|/li|/h\d|/td|p|div|tr)\b[^<>]{0,500}>")
_MARKUP = re.compile(r"<[^<>@]{1,2000}>")
_UNDELIVERED = any_of("undelivered")
_DELAYED = any_of("delayed")
_FOR_GOOD = any_of("for_good")
_SAID = any_of("said")
_WITH_CODE = re.compile(r"^[\s>*<(\-]{0,12}(?:\w{1,20}:[ ])?\W{0,3}[45]\d\d[ \-](?!\d{3}[ \-]\d)", re.MULTILINE)
_COMMAND = re.compile(r"^[ \t]*(?:>>> |---- |-----)")
_PROMPT = re.compile(r"^[ \t]*(?:<<< |> )")
_GENERATING = re.compile(
    r"(?i)(?:generating server|bounced by|serveur de génération|generierender server)[ \t]*:[ \t]*([\w.\-]{3,255})"
)
_REMOTE = re.compile(
    r"(?i)\b(?:host|remote server at|(?:returned|rejected) by|domain \S{1,200} by|talking to|server)[ \t]+"
    r"([a-z0-9][\w\-]{0,62}(?:\.[\w\-]{1,63}){1,8})"
)
