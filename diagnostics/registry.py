"""Finds plug-ins: a module in the folder is all it takes.

A probe declares what it observes and what it builds on; a check declares what it reads, which question it answers and
which tags it may emit.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from typing import TypeVar

from diagnostics.domain import Evidence, Finding, Network, O, ProbeGroup, Target, Vantage

Collect = Callable[[Target, Evidence, Network], Awaitable[object]]
Judge = Callable[..., Iterable[Finding]]
C = TypeVar("C", bound=Collect)
J = TypeVar("J", bound=Judge)
K = TypeVar("K", bound=type[object])
PENDING = object()
"""A control that a probe is still at."""
MEANWHILE = timedelta(minutes=2)
"""Probes of one run may end so long after one another, where a worker was lost."""


class StillPending(Exception):
    """What a check has to say depends on a control that a probe is still at."""


@dataclass(frozen=True, slots=True)
class Probe:
    """`timeout` in seconds covers the probe alone, not the wait for what it needs."""

    name: str
    group: ProbeGroup
    observes: type[object]
    needs: tuple[type[object], ...]
    timeout: float
    collect: Collect


@dataclass(frozen=True)
class Check:
    """`reads` must all be observed for the question to be answered; `may_read` are None where they are not.

    Of `every` the function gets all observations, oldest first: a tuple each, empty where there is none.
    """

    name: str
    question: str
    reads: tuple[type[object], ...]
    may_read: tuple[type[object], ...]
    emits: frozenset[str]
    judge: Judge
    decides: bool = True
    """Whether the diagnosis stays inconclusive while the question is open; what lies beside the way does not."""
    every: tuple[type[object], ...] = ()
    controls: tuple[type[object], ...] = ()
    """Show whether our own network worked meanwhile, as `diagnostics.way_out` reads them: handed last, None where there
    is none of about the same time. They say nothing about the question and are not shown with its answer, and only an
    answer that depends on them waits for them.
    """

    @cached_property
    def looks_at(self) -> tuple[type[object], ...]:
        """All observation types that the question is about, in the order of the function's parameters."""
        return (*self.reads, *self.may_read, *self.every)

    @cached_property
    def handed(self) -> tuple[type[object], ...]:
        """All observation types that the function is handed."""
        return (*self.looks_at, *self.controls)

    @cached_property
    def waits_for(self) -> tuple[type[object], ...]:
        """What it reads that somebody has to report first."""
        return tuple(kind for kind in self.reads if reported_vantage(kind))

    @cached_property
    def tier(self) -> int:
        """From which tier on its question is asked at all: it must see all that it reads."""
        return max(map(tier_of, self.reads), default=0)

    @cached_property
    def public(self) -> bool:
        """Whether it is handed nothing private, and so says the same at every tier."""
        return not any(map(tier_of, self.handed))


_probes: dict[type[object], Probe] = {}
_checks: dict[str, Check] = {}
_reported: dict[type[object], Vantage] = {}
_private: set[type[object]] = set()


def probe(
    *, group: ProbeGroup, observes: type[object], needs: tuple[type[object], ...] = (), timeout: float = 10.0
) -> Callable[[C], C]:
    """Register a coroutine `(target, evidence, net) -> observation` as the probe for one observation type."""

    def register(collect: C) -> C:
        name = collect.__module__.rpartition(".")[2]
        if group is ProbeGroup.RECORDS:
            _private.add(observes)
        _probes[observes] = Probe(name, group, observes, needs, timeout, collect)
        return collect

    return register


def reported(*, vantage: Vantage, private: bool = False) -> Callable[[K], K]:
    """Register an observation type that no probe makes: the customer, the sending service or a script reports it.

    `private` where it tells something of the vendor's records: see `tier_of`.
    """

    def register(kind: K) -> K:
        _reported[kind] = vantage
        if private:
            _private.add(kind)
        return kind

    return register


def check(
    *reads: type[object],
    answers: str,
    emits: set[str],
    may_read: tuple[type[object], ...] = (),
    every: tuple[type[object], ...] = (),
    controls: tuple[type[object], ...] = (),
    decides: bool = True,
) -> Callable[[J], J]:
    """Register a pure function of observations that answers one question with findings."""

    def register(judge: J) -> J:
        name = f"{judge.__module__.rpartition('.')[2]}.{judge.__name__}"
        _checks[name] = Check(name, answers, reads, may_read, frozenset(emits), judge, decides, every, controls)
        return judge

    return register


def probes() -> tuple[Probe, ...]:
    _load("diagnostics.probes")
    return tuple(_probes.values())


def checks() -> tuple[Check, ...]:
    _load("diagnostics.checks")
    return tuple(_checks.values())


def probe_for(kind: type[object]) -> Probe | None:
    _load("diagnostics.probes")
    return _probes.get(kind)


def reported_vantage(kind: type[object]) -> Vantage | None:
    _load("diagnostics.probes")
    return _reported.get(kind)


def tier_of(kind: type[object]) -> int:
    """From which tier on an observation may be shown and judged: 0 anyone, 1 what the vendor's records say."""
    _load("diagnostics.probes")
    return 1 if kind in _private else 0


def with_needs(wanted: Iterable[Probe]) -> tuple[Probe, ...]:
    """The probes and, before each, every probe it builds on, across groups; each once."""
    ordered: dict[type[object], Probe] = {}

    def visit(one: Probe, path: tuple[type[object], ...]) -> None:
        if one.observes in path:
            raise ValueError(f"probe {one.name} needs itself: {[kind.__name__ for kind in path]}")
        for kind in one.needs:
            needed = probe_for(kind)
            if needed is None:
                raise ValueError(f"probe {one.name} needs {kind.__name__}, which no probe observes")
            visit(needed, (*path, one.observes))
        ordered.setdefault(one.observes, one)

    for one in wanted:
        visit(one, ())
    return tuple(ordered.values())


def observation_types() -> tuple[type[object], ...]:
    """Every kind of observation, probed or reported."""
    return tuple(_observation_types().values())


def observation_type(name: str) -> type[object] | None:
    """The observation class of that name, as stored beside its JSON."""
    return _observation_types().get(name)


def modules_of(package: str) -> Iterator[str]:
    """Dotted names of the plug-in modules in a package's folder."""
    found = importlib.import_module(package)
    for module in pkgutil.iter_modules(found.__path__):
        if not module.name.startswith("_"):
            yield f"{package}.{module.name}"


@cache
def _load(package: str) -> None:
    for module in modules_of(package):
        importlib.import_module(module)


@cache
def _observation_types() -> dict[str, type[object]]:
    _load("diagnostics.probes")
    kinds = {kind.__name__: kind for kind in (*_probes, *_reported)}
    if len(kinds) != len(_probes) + len(_reported):
        raise ValueError("two observation types share a name; their stored JSON could not be told apart")
    return kinds


def arguments(
    one: Check, evidence: Evidence, pending: Container[type[object]] = frozenset()
) -> tuple[object | None, ...]:
    """What the check's function is called with; `reads` raise Unobserved or NotApplicable where there is nothing.

    Controls that are `pending` are PENDING.
    """
    return (
        *[evidence[kind] for kind in one.reads],
        *[evidence.get(kind) for kind in one.may_read],
        *[tuple(evidence.all(kind)) for kind in one.every],
        *[PENDING if kind in pending else _meanwhile(evidence, kind, one.reads) for kind in one.controls],
    )


def _meanwhile(evidence: Evidence, control: type[O], reads: Iterable[type[object]]) -> O | None:
    """What the control showed at the time of the look; one that was carried over from an earlier run shows nothing."""
    seen = evidence.latest(control)
    looks = [look.at for kind in reads if (look := evidence.latest(kind))]
    near = seen is not None and all(abs(seen.at - at) <= MEANWHILE for at in looks)
    return evidence.get(control) if near else None


def describe(one: Probe) -> str:
    """The first line of the probe's docstring: the question it asks."""
    return (inspect.getdoc(one.collect) or one.name).splitlines()[0]
