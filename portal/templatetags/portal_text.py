"""Texts on their way to a page: content in Markdown, and what other people's servers said."""

from __future__ import annotations

import json
import unicodedata

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

LONGEST = 500
"""Characters of a foreign text that a page shows."""

register = template.Library()
_markdown = MarkdownIt("commonmark", {"html": False}).disable("image")


@register.filter
def markdown(text: str) -> SafeString:
    """Content in Markdown as HTML. HTML in it, images and links to anything that could run are shown as text."""
    html: str = _markdown.render(text)
    return mark_safe(html)  # noqa: S308 - the renderer escapes everything, HTML is off


@register.filter
def foreign(text: str) -> str:
    """A text from somebody else's server, fit to be shown: without control and direction characters, cut at 500."""
    kept = visible(text)
    return kept if len(kept) <= LONGEST else f"{kept[:LONGEST]}…"


def visible(text: str) -> str:
    """The text without control and direction characters, but for line ends."""
    return "".join(one for one in text.replace("\r\n", "\n") if one == "\n" or unicodedata.category(one)[0] != "C")


@register.filter
def json_text(text: str) -> str:
    """A text as JSON, for attributes that hold JSON; the template escapes it."""
    return json.dumps(text)
