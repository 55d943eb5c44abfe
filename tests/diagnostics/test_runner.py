import asyncio
from dataclasses import dataclass

import pytest

from diagnostics import registry
from diagnostics.domain import Evidence, Gap, Network, NotApplicable, ProbeGroup, Seen, Target, Unobserved
from diagnostics.registry import Probe, probe
from diagnostics.runner import observe
from tests.diagnostics.networks import WrittenNetwork, target


@dataclass(frozen=True)
class First:
    value: int


@dataclass(frozen=True)
class Second:
    value: int


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.probes()  # the product's probes are loaded before they are set aside
    monkeypatch.setattr(registry, "_probes", {})


def declare(
    observes: type[object], answer: object, *, needs: tuple[type[object], ...] = (), timeout: float = 5
) -> Probe:
    async def collect(target: Target, evidence: Evidence, net: Network) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer(evidence) if callable(answer) else answer

    probe(group=ProbeGroup.DNS, observes=observes, needs=needs, timeout=timeout)(collect)
    return registry._probes[observes]


async def test_a_probe_is_handed_what_it_needs() -> None:
    declare(First, First(20))
    second = declare(Second, lambda evidence: Second(evidence[First].value + 1), needs=(First,))
    assert (await observe([second], target(), WrittenNetwork()))[Second] == Second(21)


async def test_only_wanted_probes_are_reported() -> None:
    declare(First, First(1))
    second = declare(Second, Second(2), needs=(First,))
    reported: list[Seen] = []
    await observe([second], target(), WrittenNetwork(), on_seen=lambda probe, seen: reported.append(seen))
    assert [seen.observation for seen in reported] == [Second(2)]


@pytest.mark.parametrize(
    ("answer", "gap", "applies"),
    [
        (Unobserved(Gap.RESOLVER_SILENT), Gap.RESOLVER_SILENT, True),
        (NotApplicable(Gap.NO_MX), Gap.NO_MX, False),
        (ZeroDivisionError(), Gap.FAULT, True),
    ],
    ids=["no answer", "makes no sense here", "a faulty probe"],
)
async def test_what_stops_a_probe_is_written_down(answer: Exception, gap: Gap, applies: bool) -> None:
    seen = (await observe([declare(First, answer)], target(), WrittenNetwork())).latest(First)
    assert seen is not None
    assert (seen.observation, seen.gap, seen.applies) == (None, gap, applies)


async def test_what_a_missing_answer_was_needed_for_is_missing_too() -> None:
    declare(First, Unobserved(Gap.RESOLVER_SILENT))
    second = declare(Second, lambda evidence: Second(evidence[First].value), needs=(First,))
    seen = (await observe([second], target(), WrittenNetwork())).latest(Second)
    assert seen is not None
    assert seen.gap is Gap.NEEDS_MISSING


async def test_a_slow_probe_ends_at_its_own_limit_and_holds_up_nobody() -> None:
    async def never(target: Target, evidence: Evidence, net: Network) -> First:
        await asyncio.Event().wait()
        raise AssertionError

    probe(group=ProbeGroup.DNS, observes=First, timeout=0.05)(never)
    second = declare(Second, Second(2))
    order: list[type[object]] = []
    evidence = await observe(
        [registry._probes[First], second],
        target(),
        WrittenNetwork(),
        on_seen=lambda probe, seen: order.append(seen.kind),
    )
    first = evidence.latest(First)
    assert first is not None
    assert first.gap is Gap.TIMED_OUT
    assert order == [Second, First]


async def test_probes_run_side_by_side() -> None:
    both = asyncio.Barrier(2)

    async def meet(target: Target, evidence: Evidence, net: Network) -> object:
        await both.wait()
        return First(1)

    for kind in (First, Second):
        probe(group=ProbeGroup.DNS, observes=kind, timeout=5)(meet)
    evidence = await observe(list(registry._probes.values()), target(), WrittenNetwork())
    assert {seen.gap for seen in evidence} == {None}


def test_a_circle_of_needs_is_refused() -> None:
    declare(First, First(1), needs=(Second,))
    second = declare(Second, Second(1), needs=(First,))
    with pytest.raises(ValueError, match="needs itself"):
        registry.with_needs([second])
