"""Where the portal asks whether a company has this administrator: one file an adapter.

`build()` in it makes the adapter from the settings; its file name is a value of the setting DIRECTORY.
"""

from __future__ import annotations

import importlib
from typing import Protocol

from diagnostics.domain import DirectoryAnswer, Target
from diagnostics.registry import modules_of
from diagnostics.services.directory import directory_name


class Directory(Protocol):
    """The vendor's list of companies and their administrators."""

    async def look_up(self, target: Target) -> DirectoryAnswer:
        """How the case's company ID and address stand to each other, within a few seconds.

        Raises `Unobserved` where there is no usable answer, `NotApplicable` where nothing is known about the vendor at
        all. Only what the directory itself said may become an answer: silence is never "unknown company".
        """


def configured_directory() -> Directory | None:
    """The one that the settings name; None where they name none. Raises ImproperlyConfigured."""
    name = directory_name()
    return directory(name) if name else None


def directory(name: str) -> Directory:
    """The adapter of that name; raises ValueError where there is none."""
    if name not in directories():
        raise ValueError(f"no directory {name!r}: there are {', '.join(directories())}")
    built: Directory = importlib.import_module(f"{__name__}.{name}").build()
    return built


def directories() -> tuple[str, ...]:
    """The names of all adapters."""
    return tuple(module.rpartition(".")[2] for module in modules_of(__name__))
