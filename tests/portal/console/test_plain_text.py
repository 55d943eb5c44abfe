"""Markdown as people type it into a ticket."""

import pytest

from portal.console.plain_text import plain


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("One\nline.\n\nAnother **bold** `code`.", "One line.\n\nAnother bold code."),
        ("1. **You:** look.\n2. Ask.\n\nThen wait.", "1. You: look.\n2. Ask.\n\nThen wait."),
        ("1. One\n3. Three", "1. One\n2. Three"),
        ("- a\n- b\n  - c", "- a\n- b\n   - c"),
        ("[Microsoft](https://example.org/x)", "Microsoft (https://example.org/x)"),
        ("<https://example.org/>", "https://example.org/"),
        ("    Get-It\n    Set-It", "    Get-It\n    Set-It"),
        (r"mx\_one\.example\.org \<b\>", "mx_one.example.org <b>"),
        ("<b>no markup</b>", "<b>no markup</b>"),
        ("", ""),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, text: str) -> None:
    assert plain(markdown) == text.strip()
