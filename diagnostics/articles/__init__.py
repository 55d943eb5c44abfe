"""Help articles as data, one folder each.

`article.toml` holds what is said once, `NN-<section>.md` one section, in the order of NN. `article.<language>.toml` and
`NN-<section>.<language>.md` state only what differs in that language. With `extends = "<slug>"` everything that the
folder does not state comes from that article; a section file of the same name replaces the other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from diagnostics.content import BadContent, Shelf, Values, build, read_front_matter, read_toml
from diagnostics.domain import Article, Section

ENGLISH = "en"
_SECTION_FILE = re.compile(r"(?P<position>\d+)-(?P<slug>[a-z0-9-]+)\.md")
_LANGUAGE = re.compile(r"\.([a-z]{2,3}(?:-[a-z]+)?)\.(?:md|toml)$")


def article(slug: str, language: str = ENGLISH) -> Article | None:
    """The article in that language as far as it is translated, else in English."""
    return articles(language).get(slug)


@cache
def articles(language: str = ENGLISH) -> dict[str, Article]:
    """Every article by slug; raises BadContent."""
    return {slug: _read(folder, language) for slug, folder in _shelf.paths.items()}


def use(*folders: Path) -> tuple[Path, ...]:
    """Read these folders after the product's own: a sub-folder of the same name replaces the whole article.

    Returns the folders that were read until now.
    """
    articles.cache_clear()
    return _shelf.use(*folders)


def problems() -> list[str]:
    """One sentence for each article that cannot be used, in any of its languages."""
    return _shelf.problems()


def _find(folder: Path) -> dict[str, Path]:
    return {path.parent.name: path.parent for path in folder.glob("*/article.toml")}


def _read_all_languages(slug: str, folder: Path) -> Article:
    for language in {found[1] for path in folder.iterdir() if (found := _LANGUAGE.search(path.name))}:
        _read(folder, language)
    return _read(folder, ENGLISH)


def _read(folder: Path, language: str) -> Article:
    """What the folder states, on top of the article that it extends, on top of the one that this extends."""
    values: Values = {}
    sections: dict[str, tuple[int, Section]] = {}
    for stated_in in _lineage(folder):
        for path in _with_translations(stated_in / "article.toml", language):
            values |= read_toml(path)
        sections |= _sections(stated_in, language)
    values.pop("extends", None)
    if "sections" in values:
        raise BadContent(f"{folder / 'article.toml'}: sections: each belongs in a file of its own, NN-<section>.md")
    in_order = tuple(section for _, section in sorted(sections.values(), key=lambda found: found[0]))
    asked = dict.fromkeys(question for section in in_order for question in section.questions)
    values = {"slug": folder.name, "questions": tuple(asked), **values}
    return replace(build(Article, values, folder / "article.toml"), sections=in_order)


def _lineage(folder: Path) -> list[Path]:
    """The folders to read, the most general one first."""
    lineage = [folder]
    while parent := read_toml(lineage[0] / "article.toml").get("extends"):
        if parent not in _shelf.paths:
            raise BadContent(f"{lineage[0] / 'article.toml'}: extends: there is no article {parent!r}")
        if _shelf.paths[parent] in lineage:
            raise BadContent(f"{lineage[0] / 'article.toml'}: extends: {parent!r} extends this article in turn")
        lineage.insert(0, _shelf.paths[parent])
    return lineage


def _sections(folder: Path, language: str) -> dict[str, tuple[int, Section]]:
    """The folder's own sections by slug, each with its position."""
    found = {}
    for path in folder.glob("*.md"):
        name = _SECTION_FILE.fullmatch(path.name)
        if name is None:
            if not _LANGUAGE.search(path.name):
                raise BadContent(f"{path}: a section's file is named NN-<section>.md")
            continue
        values: Values = {"slug": name["slug"]}
        for variant in _with_translations(path, language):
            front, body = read_front_matter(variant)
            values |= {**front, "body": body}
        found[name["slug"]] = int(name["position"]), build(Section, values, path)
    return found


def _with_translations(path: Path, language: str) -> Iterator[Path]:
    """The English file, then its translation into the parent language (`pt` for `pt-br`), then into the language."""
    yield path
    for tag in dict.fromkeys((language.partition("-")[0], language)):
        translated = path.with_name(f"{path.stem}.{tag}{path.suffix}")
        if translated.exists():
            yield translated


_shelf = Shelf(Path(__file__).parent, _find, _read_all_languages)
