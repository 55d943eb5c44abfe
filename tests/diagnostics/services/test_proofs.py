"""What pays beyond a soft limit: once, in time, from where it was asked for, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from altcha import Challenge, Payload, solve_challenge
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.models import UsedProof
from diagnostics.services import proofs, refusals
from diagnostics.services.limits import LimitReached
from diagnostics.services.proofs import LIFETIME, PATIENCE, Proof, ProofRefused, Reason, accept, challenge, ticket

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same task, done at once."""
    monkeypatch.setattr(proofs, "COST", 1)
    monkeypatch.setattr(proofs, "TRIES", range(3, 9))


def solved(asked: Mapping[str, Any]) -> str:
    made = Challenge.from_dict(dict(asked))
    solution = solve_challenge(made)
    assert solution
    return Payload(made, solution).to_base64()


def refused(proof: Proof, source: str = HERE) -> Reason:
    with pytest.raises(ProofRefused) as caught:
        accept(proof, source)
    return caught.value.reason


def rewritten(solution: str, **changes: object) -> str:
    """The same with some of its values changed, wherever they stand."""
    payload = json.loads(base64.b64decode(solution))
    for part in (payload["challenge"], payload["challenge"]["parameters"], payload["solution"]):
        part.update({name: value for name, value in changes.items() if name in part})
    return base64.b64encode(json.dumps(payload).encode()).decode()


def test_a_solved_task_pays_once() -> None:
    solution = solved(challenge(HERE))
    accept(Proof(solution), HERE)
    assert refused(Proof(solution)) is Reason.USED


def test_the_same_solution_in_other_writing_pays_no_second_time() -> None:
    solution = solved(challenge(HERE))
    accept(Proof(solution), HERE)
    loose = json.dumps(json.loads(base64.b64decode(solution)), indent=1)
    for again in (base64.b64encode(loose.encode()).decode(), rewritten(solution, time=7)):
        assert again != solution
        assert refused(Proof(again)) is Reason.USED


def test_a_task_of_the_real_size_takes_work_and_is_checked_without() -> None:
    asked = challenge(HERE)
    assert asked["parameters"]["cost"] * proofs.TRIES.start >= 3
    assert "keySignature" in asked["parameters"]


def test_a_solution_pays_only_from_where_the_task_was_asked_for() -> None:
    assert refused(Proof(solved(challenge(HERE))), ELSEWHERE) is Reason.WRONG


def test_a_solution_ends_with_its_task() -> None:
    with time_machine.travel(START, tick=False) as clock:
        solution = solved(challenge(HERE))
        clock.shift(LIFETIME + timedelta(seconds=1))
        assert refused(Proof(solution)) is Reason.EXPIRED


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": 0},
        {"keyPrefix": ""},
        {"expiresAt": 4_000_000_000},
        {"expiresAt": None},
        {"data": {"for": ""}},
        {"signature": ""},
        {"signature": None},
        {"counter": 0, "derivedKey": "00" * 32},
        {"derivedKey": None},
        {"nonce": "zz"},
    ],
    ids=str,
)
def test_a_task_of_ones_own_making_pays_nothing(changes: dict[str, object]) -> None:
    assert refused(Proof(rewritten(solved(challenge(HERE)), **changes))) is Reason.WRONG
    assert not UsedProof.objects.exists()


def test_a_task_that_was_signed_for_something_else_pays_nothing(settings) -> None:
    solution = solved(challenge(HERE))
    settings.SECRET_KEY = "another key of this portal, with more than fifty characters"
    assert refused(Proof(solution)) is Reason.WRONG


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["challenge", "parameters", "solution", "signature", "counter", "derivedKey", "salt", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=60)
    | st.binary(max_size=60).map(lambda noise: base64.b64encode(noise).decode())
    | JSON.map(lambda value: base64.b64encode(json.dumps(value).encode()).decode())
)
def test_noise_pays_nothing(noise: str) -> None:
    assert refused(Proof(noise, noise)) in (Reason.WRONG, Reason.MISSING, Reason.EXPIRED)


def test_more_than_a_solution_can_be_is_not_even_read() -> None:
    assert refused(Proof("A" * 1_000_000, "A" * 1_000_000)) is Reason.WRONG


# --- without a script ---


def test_a_ticket_is_good_after_half_a_minute_and_once() -> None:
    with time_machine.travel(START, tick=False) as clock:
        waited = ticket(HERE)
        with pytest.raises(ProofRefused) as caught:
            accept(Proof(ticket=waited), HERE)
        assert (caught.value.reason, caught.value.wait) == (Reason.EARLY, 30)
        clock.shift(29.5)
        with pytest.raises(ProofRefused) as caught:
            accept(Proof(ticket=waited), HERE)
        assert caught.value.wait == 1
        clock.shift(0.5)
        accept(Proof(ticket=waited), HERE)
        clock.shift(PATIENCE)
        assert refused(Proof(ticket=waited)) is Reason.USED


def test_a_heap_of_tickets_is_worth_one_in_half_a_minute() -> None:
    with time_machine.travel(START, tick=False) as clock:
        heap = [ticket(HERE) for _ in range(10)]
        clock.shift(PATIENCE)
        accept(Proof(ticket=heap[0]), HERE)
        for one in heap[1:]:
            with pytest.raises(LimitReached) as caught, transaction.atomic():
                accept(Proof(ticket=one), HERE)
            assert caught.value.until == START + 2 * PATIENCE
        clock.shift(PATIENCE)
        accept(Proof(ticket=heap[1]), HERE)


def test_a_ticket_ends_and_belongs_to_one_network() -> None:
    with time_machine.travel(START, tick=False) as clock:
        waited = ticket(HERE)
        clock.shift(PATIENCE)
        assert refused(Proof(ticket=waited), ELSEWHERE) is Reason.WRONG
        assert refused(Proof(ticket=f"{waited}x")) is Reason.WRONG
        clock.shift(LIFETIME)
        assert refused(Proof(ticket=waited)) is Reason.EXPIRED


def test_whoever_waited_needs_no_solution() -> None:
    with time_machine.travel(START, tick=False) as clock:
        waited = ticket(HERE)
        clock.shift(PATIENCE)
        accept(Proof("nonsense", waited), HERE)


def test_a_ticket_is_given_back_as_long_as_it_is_worth_waiting_for() -> None:
    with time_machine.travel(START, tick=False) as clock:
        waited = ticket(HERE)
        assert proofs.still_good(waited, HERE) == waited
        assert proofs.wait_for(waited) == 30
        assert proofs.still_good(waited, ELSEWHERE) != waited
        clock.shift(PATIENCE)
        assert proofs.still_good(waited, HERE) == waited
        assert proofs.wait_for(waited) == 0
        accept(Proof(ticket=waited), HERE)
        assert proofs.still_good(waited, HERE) != waited
        assert proofs.still_good("nonsense", HERE) != "nonsense"


# --- both ---


def test_what_was_not_had_was_not_paid_for() -> None:
    proof = Proof(solved(challenge(HERE)))
    with transaction.atomic():
        accept(proof, HERE)
        transaction.set_rollback(True)
    accept(proof, HERE)


@pytest.mark.django_db(transaction=True)
def test_the_same_proof_twice_at_once_pays_once() -> None:
    proof = Proof(solved(challenge(HERE)))

    def pays(_: int) -> bool:
        try:
            accept(proof, HERE)
        except ProofRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as buyers:
        assert sum(buyers.map(pays, range(8))) == 1


def test_who_was_asked_and_who_was_refused_is_counted() -> None:
    assert refused(Proof()) is Reason.MISSING
    assert refused(Proof("nonsense")) is Reason.WRONG
    assert refusals.totals() == {"proof-asked": 1, "proof-refused": 1}


def test_what_could_not_be_used_again_is_forgotten() -> None:
    with time_machine.travel(timezone.now() - LIFETIME - timedelta(minutes=1)):
        accept(Proof(solved(challenge(HERE))), HERE)
    accept(Proof(solved(challenge(HERE))), HERE)
    assert proofs.forget_ended() == 1
    assert UsedProof.objects.count() == 1


def test_nothing_of_the_network_is_readable_in_what_is_handed_out() -> None:
    for text in (json.dumps(challenge(HERE)), ticket(HERE)):
        assert HERE not in text
