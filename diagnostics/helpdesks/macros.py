"""What goes into a helpdesk's macro, canned response or snippet: our links with the helpdesk's own placeholders, one
TOML file a helpdesk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlencode

from diagnostics import content
from diagnostics.content import BadContent, Shelf, files, read_toml


class Source(StrEnum):
    DOCUMENTED = "documented"
    """The helpdesk's own documentation has it."""
    UNTESTED = "untested"
    """We know it from elsewhere, so it is to be tried before it is used."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`text` as the helpdesk wants it where it stands in an address, percent-encoded by it where it can do that;
    `example` is what becomes of it there. `plain` and `plain_example` are the same for JSON, where they differ.
    """

    text: str
    example: str
    plain: str = ""
    plain_example: str = ""
    source: Source = Source.DOCUMENTED

    @property
    def in_json(self) -> str:
        return self.plain or self.text

    @property
    def examples(self) -> dict[str, str]:
        """What each form becomes."""
        return {self.text: self.example, self.in_json: self.plain_example or self.example}


@dataclass(frozen=True, slots=True)
class Macros:
    """`called` is the helpdesk's own word for a prepared text, `where` the way to it in its menus."""

    slug: str
    name: str
    called: str
    where: str
    ticket: Placeholder
    address: Placeholder
    company: Placeholder
    call_where: str = ""
    """Where its automations call other systems; empty where no adapter takes such calls."""

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        return (self.ticket, self.address, self.company)


def macros() -> dict[str, Macros]:
    """By the helpdesk's slug; raises BadContent."""
    return _shelf.items


def problems() -> list[str]:
    """One sentence for each file that cannot be used."""
    return _shelf.problems()


def prefill_link(of: Macros, *, site: str, article: str, language: str, with_customer: bool) -> str:
    """A link for the customer. Company ID and address, where wanted, stand behind the #, which no browser sends."""
    query = f"hd={of.slug}&t={of.ticket.text}&{urlencode({'flow': article, 'lang': language})}"
    fragment = f"#c={of.company.text}&e={of.address.text}" if with_customer else ""
    return f"{site}/start?{query}{fragment}"


def agent_link(of: Macros, *, site: str) -> str:
    """A link for agents, to the console's page of the ticket."""
    return f"{site}/agent/t/{of.slug}/{of.ticket.text}"


def call_body(of: Macros, *, article: str, language: str) -> str:
    """What an automation sends so that the ticket gets a signed link (docs/helpdesks.md)."""
    said = {
        "ticket": of.ticket.in_json,
        "address": of.address.in_json,
        "company_id": of.company.in_json,
        "article": article,
        "language": language,
    }
    return json.dumps(said, indent=2, ensure_ascii=False)


def filled_in(of: Macros, text: str) -> str:
    """The text as it reads with the example's values."""
    for one in of.placeholders:
        for form, example in one.examples.items():
            text = text.replace(form, example)
    return text


def _read(slug: str, path: Path) -> Macros:
    found = content.build(Macros, {"slug": slug, **read_toml(path)}, path)
    for one in found.placeholders:
        if not one.text or not one.example or set(one.text) & set("\n&#?"):
            raise BadContent(f"{path}: {one.text!r} cannot stand in an address")
    return found


_shelf = Shelf(Path(__file__).parent, files(".toml"), _read)
