"""`manage.py causes`: the catalogue of causes. What proves each, what only hints at it, who can fix it, who asks."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from diagnostics import articles
from diagnostics.domain import Remedy, Stage, Who
from diagnostics.registry import checks
from diagnostics.remedies import PLACEHOLDER, remedies

STAGES = {
    Stage.SENT: "Sent: does a code leave for this address?",
    Stage.ROUTED: "Routed: does DNS say where the domain's mail goes?",
    Stage.ACCEPTED: "Accepted: does their mail server take it?",
    Stage.PLACED: "Placed: where does it end up?",
    Stage.READ: "Read: does the code work?",
    Stage.DEVICE: "Device",
    Stage.NETWORK: "Network",
    Stage.HOSTS: "Hosts: do our own servers answer?",
}
WHO = {Who.USER: "customer", Who.IT: "their IT", Who.PROVIDER: "their provider", Who.VENDOR: "the vendor"}
OWN_ARTICLES = Path(articles.__file__).parent
"""The lab's articles are these once more, with vendors that have something wrong."""
NONE = "–"
INTRODUCTION = """\
# The causes

Printed by `manage.py causes --markdown` from `diagnostics/remedies/`, the checks and the articles.

Every way for a code to fail to arrive that the portal can name, in the order of the mail's way. A **proof** names the
cause for certain, unless other evidence speaks against it. A **hint** makes it a likely one, below every proof. What is
no fault by itself is noted only. "We" are the vendor, "they" are those who receive the code.
"""


class Command(BaseCommand):
    help = "Print every cause that can be named: its stage, who can fix it, what proves it and what only hints at it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--markdown", action="store_true", help="print the page docs/causes.md")

    def handle(self, *args: Any, markdown: bool, **options: Any) -> None:
        self.stdout.write("\n".join(_page() if markdown else _table()))


@dataclass(frozen=True, slots=True)
class _Entry:
    """`asked_in`: the sections whose questions may find the cause, as `article: section, section`."""

    remedy: Remedy
    asked_in: tuple[str, ...]

    @property
    def who(self) -> str:
        return ", ".join(WHO[one] for one in self.remedy.who)

    @property
    def headline(self) -> str:
        """With the placeholders as words: `<domain>`."""
        return PLACEHOLDER.sub(lambda found: f"<{found[1].replace('_', ' ')}>", self.remedy.headline)


def _entries(stage: Stage) -> list[_Entry]:
    found = (one for one in remedies().values() if one.stage is stage)
    return [_Entry(one, tuple(_asked_in(one.tag))) for one in sorted(found, key=lambda one: one.tag)]


def _asked_in(tag: str) -> Iterator[str]:
    questions = {check.question for check in checks() if tag in check.emits}
    for article in articles.articles().values():
        if not (OWN_ARTICLES / article.slug).is_dir():
            continue
        sections = [section.slug for section in article.sections if not questions.isdisjoint(section.questions)]
        if sections:
            yield f"{article.slug}: {', '.join(sections)}"


def _page() -> Iterator[str]:
    yield INTRODUCTION
    for stage, title in STAGES.items():
        if entries := _entries(stage):
            yield f"## {title}\n"
            yield "| cause | tag | stage | who can fix it | proof | hints | sections that ask |"
            yield "|---|---|---|---|---|---|---|"
            yield from (_row(one) for one in entries)
            yield ""


def _row(one: _Entry) -> str:
    file = one.remedy
    texts = (
        one.headline,
        f"`{file.tag}`",
        file.stage,
        one.who,
        file.proof or NONE,
        file.hint or NONE,
        "; ".join(one.asked_in) or NONE,
    )
    return f"| {' | '.join(_in_a_cell(text) for text in texts)} |"


def _in_a_cell(text: str) -> str:
    for sign, escaped in (("|", r"\|"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, escaped)
    return text


def _table() -> Iterator[str]:
    for stage in STAGES:
        for one in _entries(stage):
            known = " ".join(word for word, text in (("proof", one.remedy.proof), ("hint", one.remedy.hint)) if text)
            yield f"{stage:<9} {one.remedy.tag:<27} {known:<11} {one.who:<28} {one.headline}".rstrip()
