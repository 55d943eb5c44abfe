"""How strongly each check may speak of a tag, read from the source of the checks.

A tag may be a constant, come out of a table of its module, or be handed on by a variable, a parameter or a helper; all
of these are followed. Where that is not enough the answer is too wide, never too narrow.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from diagnostics import registry
from diagnostics.replies import causes, stops

SPEAKS = {"proves", "hints", "notes", "rules_out"}
GIVES_TAGS: Mapping[str, Iterable[str]] = {
    "cause_of": causes.tags(),  # the words of a server name the cause: rules and causes.toml
    "stopped_by": stops.STOPS,  # the words of a sending service do
}
"""Functions beyond the checks that answer with a tag, and the tags that they know."""


def emissions() -> dict[str, set[str]]:
    """Tag to those of `SPEAKS` that a check may say about it."""
    said: dict[str, set[str]] = {}
    for name in registry.modules_of("diagnostics.checks"):
        for tag, how in _Source.of(importlib.import_module(name)).emissions():
            said.setdefault(tag, set()).add(how)
    return said


@dataclass(frozen=True, slots=True)
class _Source:
    """One module of checks. `emits`: what its checks declare, which bounds every tag."""

    module: ModuleType
    functions: Mapping[str, ast.FunctionDef]
    emits: frozenset[str]

    @classmethod
    def of(cls, module: ModuleType) -> _Source:
        tree = ast.parse(inspect.getsource(module))
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        declared = [check.emits for check in registry.checks() if check.judge.__module__ == module.__name__]
        return cls(module, functions, frozenset().union(*declared))

    def emissions(self) -> Iterator[tuple[str, str]]:
        for function in self.functions.values():
            for call in _calls(function):
                mapped = isinstance(call.func, ast.Name) and call.func.id == "map"
                said, *about = call.args if mapped else (call.func, *call.args)
                strengths = self._values(_Place(said, function)) & SPEAKS
                if strengths and about:
                    tags = self._values(_Place(about[0], function)) & self.emits
                    yield from ((tag, how) for tag in tags for how in strengths)

    def _values(self, place: _Place) -> set[str]:
        """All texts, and names of `SPEAKS`, that the expression may come to."""
        found: set[str] = set()
        waiting, visited = [place], set[_Place]()
        while waiting:
            here = waiting.pop()
            if here in visited:
                continue
            visited.add(here)
            for node in _parts(here.node):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
                elif isinstance(node, ast.Name):
                    found |= self._known(node.id)
                    waiting.extend(self._origins(node.id, here.function))
        return found

    def _known(self, name: str) -> set[str]:
        """What a name of the module's own stands for."""
        if name in SPEAKS:
            return {name}
        if name in GIVES_TAGS:
            return set(GIVES_TAGS[name])
        value = getattr(self.module, name, None)
        values = value.values() if isinstance(value, dict) else value
        return {one for one in values if isinstance(one, str)} if isinstance(values, Iterable) else set()

    def _origins(self, name: str, function: ast.FunctionDef) -> Iterator[_Place]:
        """Where a name gets its value: what is assigned, handed over by a caller, or given back by a helper."""
        for node in _walk(function):
            yield from (_Place(value, function) for value in _assigned(node, name))
        parameters = [*function.args.posonlyargs, *function.args.args]
        position = next((at for at, one in enumerate(parameters) if one.arg == name), None)
        keywords = [one.arg for one in (*parameters, *function.args.kwonlyargs)]
        for caller in self.functions.values() if name in keywords else ():
            for call in _calls(caller):
                if isinstance(call.func, ast.Name) and call.func.id == function.name:
                    yield from (_Place(one.value, caller) for one in call.keywords if one.arg == name)
                    if position is not None and position < len(call.args):
                        yield _Place(call.args[position], caller)
        if helper := self.functions.get(name):
            for node in _walk(helper):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield _Place(node.value, helper)


@dataclass(frozen=True, slots=True)
class _Place:
    """An expression, and the function whose names it uses."""

    node: ast.AST
    function: ast.FunctionDef


@cache
def _walk(node: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(node))


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in _walk(function) if isinstance(node, ast.Call))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The expression's parts that its value may come from: not the condition of an `if`."""
    yield node
    children = (node.body, node.orelse) if isinstance(node, ast.IfExp) else ast.iter_child_nodes(node)
    for child in children:
        yield from _parts(child)


def _assigned(node: ast.AST, name: str) -> Iterator[ast.expr]:
    match node:
        case ast.Assign(targets=targets, value=value) if any(_names(one, name) for one in targets):
            if isinstance(value, ast.Tuple) and isinstance(targets[0], ast.Tuple):
                pairs = zip(targets[0].elts, value.elts, strict=True)
                yield from (part for target, part in pairs if _names(target, name))
            else:
                yield value
        case ast.NamedExpr(target=target, value=value) if _names(target, name):
            yield value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value) if _names(target, name):
            yield value


def _names(target: ast.expr, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in _walk(target))
