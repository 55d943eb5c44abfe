"""Whatever was observed: no check raises, its order makes no difference, and both ways to a text say the same."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics import registry
from diagnostics.codec import as_json, encode
from diagnostics.domain import Diagnosis, Evidence, Gap, Seen, Vantage
from diagnostics.probes.pasted_headers import PastedHeaders
from diagnostics.registry import arguments
from diagnostics.remedies import remedies
from diagnostics.verdicts import diagnose

AT = datetime(2026, 3, 2, 10, 42, tzinfo=UTC)
CAUSES = {tag: remedy.cause for tag, remedy in remedies().items()}
# Its parts fit together because they are read from one text: `checks/test_pasted_headers.py` makes it from any text.
READ_WHOLE = PastedHeaders
CHECKS = tuple(one for one in registry.checks() if READ_WHOLE not in one.looks_at)
KINDS = sorted({kind for check in CHECKS for kind in check.handed}, key=lambda kind: kind.__name__)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
evidence = st.lists(st.sampled_from(KINDS), unique=True, max_size=8).flatmap(
    lambda kinds: st.tuples(*(st.from_type(kind) for kind in kinds))
)


def seen(*observations: object) -> list[Seen]:
    return [Seen(type(one), Vantage.SERVER, AT, one) for one in observations]


def judged(entries: list[Seen]) -> Diagnosis:
    return diagnose(Evidence(entries), causes=CAUSES)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(evidence, st.randoms(use_true_random=False))
def test_the_order_of_observations_makes_no_difference(observed: tuple[object, ...], luck: random.Random) -> None:
    entries = seen(*observed)
    first = judged(entries)
    luck.shuffle(entries)
    assert judged(entries) == first


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(evidence)
def test_the_quick_way_to_a_text_says_the_same(observed: tuple[object, ...]) -> None:
    for one in (*observed, judged(seen(*observed))):
        assert json.loads(as_json(one)) == encode(one)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_no_observation_makes_a_check_raise(check: registry.Check) -> None:
    kinds = check.handed
    needed = [st.from_type(kind) for kind in check.reads]
    perhaps = [st.none() | st.from_type(kind) for kind in (*check.may_read, *check.every, *check.controls)]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*needed, *perhaps))
    def never(observed: tuple[object, ...]) -> None:
        entries = [Seen(kind, Vantage.SERVER, AT, one) for kind, one in zip(kinds, observed, strict=True) if one]
        assert arguments(check, Evidence(entries))
        answer = judged(entries).answer(check.question)
        assert answer is not None
        assert answer.gap is not Gap.FAULT

    never()
