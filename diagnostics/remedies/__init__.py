"""What each cause means and what to do about it: one Markdown file per tag, `<tag>.<language>.md` for another language.

A translation states its texts (headline, next_step, the body); stage, who and facts come from the English file.
The body's parts are what it means and what to do, then, where they help, one for IT and one a provider. Their `##`
headings are marks for this reader and stay in English; nobody sees them.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from diagnostics.content import BadContent, Shelf, build, files, read_front_matter
from diagnostics.domain import Cause, Facts, Remedy
from diagnostics.providers import providers

MEANING = "## What it means"
ACTION = "## What to do"
FOR_IT = "## For your IT department"
WITH_PROVIDER = "## With "
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")


def remedy(tag: str, language: str = "en") -> Remedy | None:
    """The remedy in that language, else in its parent language (`pt` for `pt-br`), else in English."""
    found = _shelf.items
    names = (f"{tag}.{language}", f"{tag}.{language.partition('-')[0]}", tag)
    return next((found[name] for name in names if name in found), None)


def remedies() -> dict[str, Remedy]:
    """Every remedy in English, by tag."""
    return {name: found for name, found in _shelf.items.items() if name == found.tag}


def causes() -> Mapping[str, Cause]:
    """What each tag stands for; made once for all the remedies that are read."""
    items = _shelf.items
    if _Causes.of is not items:
        _Causes.of, _Causes.by_tag = items, {tag: one.cause for tag, one in remedies().items()}
    return _Causes.by_tag


def filled(remedy: Remedy, facts: Facts) -> Remedy:
    """The remedy with its placeholders filled from a finding's facts.

    In the Markdown parts facts are escaped (some are other servers' words), and a line whose fact is not known is left
    out. In the headline and the next step, which are plain text, an unknown fact is left out alone.
    """
    known = {name: " ".join(fact.split()) for name, fact in facts.items() if fact.strip()}
    escaped = {name: _PUNCTUATION.sub(r"\\\g<0>", fact) for name, fact in known.items()}
    return replace(
        remedy,
        headline=_fill(remedy.headline, known),
        next_step=_fill(remedy.next_step, known),
        meaning=_fill_lines(remedy.meaning, escaped),
        action=_fill_lines(remedy.action, escaped),
        for_it=_fill_lines(remedy.for_it, escaped),
        with_provider={slug: _fill_lines(text, escaped) for slug, text in remedy.with_provider.items()},
    )


def problems() -> list[str]:
    """One sentence for each remedy file that cannot be used."""
    return _shelf.problems()


def _read(name: str, path: Path) -> Remedy:
    front, body = read_front_matter(path)
    tag = name
    parent = name.rpartition(".")[0]
    original = path.with_name(f"{parent}.md")
    if original.exists():
        tag = parent
        front = {**read_front_matter(original)[0], **front}
    parts = _parts(body)
    if list(parts)[:2] != [MEANING, ACTION] or not all(parts.values()):
        raise BadContent(f"{path}: the body must begin with the two parts {MEANING!r} and {ACTION!r}")
    meaning, action, for_it = parts.pop(MEANING), parts.pop(ACTION), parts.pop(FOR_IT, "")
    if strange := [heading for heading in parts if not heading.startswith(WITH_PROVIDER)]:
        raise BadContent(f"{path}: {strange[0]!r} is none of the parts {FOR_IT!r} and '{WITH_PROVIDER}<provider>'")
    with_provider = {heading.removeprefix(WITH_PROVIDER): text for heading, text in parts.items()}
    texts = {"meaning": meaning, "action": action, "for_it": for_it, "with_provider": with_provider}
    found = build(Remedy, {"tag": tag, **texts, **front}, path)
    if unknown := set(with_provider) - set(providers()):
        raise BadContent(f"{path}: there is no provider {', '.join(sorted(unknown))}")
    used = set(PLACEHOLDER.findall("".join((found.headline, found.next_step, body))))
    if undeclared := used - set(found.facts):
        raise BadContent(f"{path}: facts: {', '.join(sorted(undeclared))} is used as a placeholder, but not declared")
    return found


def _parts(body: str) -> dict[str, str]:
    """The text under each `##` heading, in their order."""
    pieces = re.split(r"^(## .+)$", body, flags=re.MULTILINE)
    if pieces[0].strip():
        return {}
    return {heading.strip(): text.strip() for heading, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def _fill(text: str, facts: Facts) -> str:
    return " ".join(PLACEHOLDER.sub(lambda found: facts.get(found[1], ""), text).split())


def _fill_lines(text: str, facts: Facts) -> str:
    lines = (line for line in text.splitlines() if all(name in facts for name in PLACEHOLDER.findall(line)))
    return "\n".join(PLACEHOLDER.sub(lambda found: facts[found[1]], line) for line in lines).strip()


_shelf = Shelf(Path(__file__).parent, files(".md"), _read)


class _Causes:
    """Those of the remedies that were read last."""

    of: dict[str, Remedy] | None = None
    by_tag: Mapping[str, Cause] = MappingProxyType({})
