"""Reads content files (TOML, or Markdown with TOML between `+++` lines) into the nouns of the domain.

Stricter than the codec on purpose: whoever writes content hears of every misspelt key, with the file's name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin

import cattrs

T = TypeVar("T")

Values = dict[str, Any]
Find = Callable[[Path], Mapping[str, Path]]

FENCE = "+++"


class BadContent(ValueError):
    """A content file cannot be used; the message names the file and the key."""


class Shelf(Generic[T]):
    """All content of one kind by slug: the product's own, then the folders of `use`, where a like name replaces.

    Read on first use and kept. `find` lists a folder's content as slug -> path; `read` turns one path into content.
    """

    def __init__(self, folder: Path, find: Find, read: Callable[[str, Path], T]) -> None:
        self._folder = folder
        self._find = find
        self._read = read
        self._extra: tuple[Path, ...] = ()

    def use(self, *folders: Path) -> tuple[Path, ...]:
        """Put these folders (and no others) after the product's own and read all again; returns those before."""
        before, self._extra = self._extra, folders
        for kept in ("paths", "items"):
            self.__dict__.pop(kept, None)
        return before

    @cached_property
    def paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in (self._folder, *self._extra):
            if not folder.is_dir():
                raise BadContent(f"{folder}: no such folder")
            found.update(self._find(folder))
        return dict(sorted(found.items()))

    @cached_property
    def items(self) -> dict[str, T]:
        """All content; raises BadContent for the first file that cannot be used."""
        return {slug: self._read(slug, path) for slug, path in self.paths.items()}

    def problems(self) -> list[str]:
        """One sentence for each file that cannot be used."""
        try:
            paths = self.paths
        except BadContent as problem:
            return [str(problem)]
        found = []
        for slug, path in paths.items():
            try:
                self._read(slug, path)
            except BadContent as problem:
                found.append(str(problem))
        return found


def files(suffix: str) -> Find:
    """Content that is one file each: its slug is the file's name without the suffix."""
    return lambda folder: {path.name.removesuffix(suffix): path for path in folder.glob(f"*{suffix}")}


def read_toml(path: Path) -> Values:
    """The file's keys and values; raises BadContent."""
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as problem:
        raise BadContent(f"{path}: {problem}") from problem


def read_front_matter(path: Path) -> tuple[Values, str]:
    """The TOML between the two `+++` lines at the top, and the Markdown below; raises BadContent."""
    text = _text(path)
    opening, _, rest = text.partition("\n")
    front, fence, body = rest.partition(f"\n{FENCE}\n")
    if opening != FENCE or not fence:
        raise BadContent(f"{path}: must begin with TOML between two lines {FENCE}")
    try:
        return tomllib.loads(front), body.strip()
    except tomllib.TOMLDecodeError as problem:
        raise BadContent(f"{path}: {problem}") from problem


def build(kind: type[T], values: Values, path: Path) -> T:
    """The values as a frozen dataclass; raises BadContent for a missing, unknown or ill-typed key."""
    try:
        return _converter.structure(values, kind)
    except cattrs.BaseValidationError as problem:
        faults = (fault.rpartition(" @ $") for fault in cattrs.transform_error(problem, format_exception=_explain))
        said = "; ".join(f"{key.lstrip('.')}: {what}" if key else what for what, _, key in faults)
        raise BadContent(f"{path}: {said}") from problem


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadContent(f"{path}: {problem}") from problem


def _explain(problem: BaseException, kind: type | None) -> str:
    match problem:
        case KeyError():
            return "required key missing"
        case cattrs.ForbiddenExtraKeysError():
            return f"unknown key {', '.join(sorted(problem.extra_fields))}"
        case ValueError() | TypeError():
            return str(problem)
        case _:
            return f"not a readable {kind.__name__ if kind else 'value'}"


def _string(value: object, kind: type[str]) -> str:
    """A text, or a member of an enumeration of texts."""
    if not isinstance(value, str):
        raise TypeError(f"must be a text, not {value!r}")
    return kind(value)


def _whole_number(value: object, _: type) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"must be a whole number, not {value!r}")
    return value


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _list(value: object, kind: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"must be a list, not {value!r}")
    item = get_args(kind)[0]
    return tuple(_converter.structure(one, item) for one in value)


_converter = cattrs.Converter(forbid_extra_keys=True)
_converter.register_structure_hook(str, _string)
_converter.register_structure_hook(int, _whole_number)
_converter.register_structure_hook_func(_is_tuple, _list)
