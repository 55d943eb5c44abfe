"""Content in Markdown as plain text, for a reply in a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_markdown = MarkdownIt("commonmark", {"html": False})


def plain(markdown: str) -> str:
    """Paragraphs and lists as people type them; an address of a link in brackets behind its words."""
    lines: list[str] = []
    for line in _lines(_markdown.parse(markdown)):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip()


def _lines(tokens: Iterable[Token]) -> Iterator[str]:
    """Lists are numbered anew: steps that were left out leave no hole."""
    numbers: list[int | None] = []
    marker = ""
    for token in tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            numbers.append(0 if token.type == "ordered_list_open" else None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            numbers.pop()
            if not numbers:
                yield ""
        elif token.type == "list_item_open":
            number = numbers[-1]
            if number is not None:
                numbers[-1] = number + 1
            marker = "- " if number is None else f"{number + 1}. "
        elif token.type == "inline":
            first, *others = _inline(token).splitlines() or [""]
            indent = "   " * (len(numbers) - 1) if numbers else ""
            yield f"{indent}{marker or ('   ' if numbers else '')}{first}"
            yield from (f"{indent}{'   ' if numbers else ''}{other}" for other in others)
            marker = ""
        elif token.type in ("fence", "code_block"):
            yield from (f"    {line}" for line in token.content.splitlines())
            yield ""
        elif token.type in ("paragraph_close", "heading_close") and not numbers:
            yield ""


def _inline(token: Token) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for child in token.children or ():
        match child.type:
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "link_open":
                links.append((str(child.attrs.get("href", "")), len(parts)))
            case "link_close":
                href, start = links.pop()
                if href and href not in "".join(parts[start:]):
                    parts.append(f" ({href})")
            case _:
                parts.append(child.content)
    return "".join(parts).strip()
