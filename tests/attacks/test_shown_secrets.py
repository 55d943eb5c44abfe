"""What a traceback, a debugger or a log line shows of a connection to somebody else's system is never its secret."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET = ("token", "secret", "password", "key")


def test_no_secret_is_part_of_a_repr() -> None:
    shown = {f"{file.relative_to(ROOT)}: {name}" for file in _sources() for name in _shown(ast.parse(file.read_text()))}
    assert shown == set()


def _sources() -> Iterator[Path]:
    for folder in ("diagnostics", "portal"):
        yield from (ROOT / folder).rglob("*.py")


def _shown(tree: ast.Module) -> Iterator[str]:
    """Texts in dataclasses that are named like a secret and are part of the `repr`."""
    for record in ast.walk(tree):
        if not (
            isinstance(record, ast.ClassDef) and any("dataclass" in ast.unparse(one) for one in record.decorator_list)
        ):
            continue
        for line in record.body:
            if not (isinstance(line, ast.AnnAssign) and ast.unparse(line.annotation) == "str"):
                continue
            hidden = line.value is not None and "repr=False" in ast.unparse(line.value)
            if ast.unparse(line.target) in SECRET and not hidden:
                yield f"{record.name}.{ast.unparse(line.target)}"
