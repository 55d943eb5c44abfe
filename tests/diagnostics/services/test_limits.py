from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.models import Allowance, Refusal
from diagnostics.services import limits, refusals
from diagnostics.services.limits import LimitReached, ProofNeeded, Rule, forget_old, take

pytestmark = pytest.mark.django_db
TWICE = Rule("twice", 2, timedelta(minutes=10))
TWICE_EXACTLY = Rule("twice-exactly", 2, timedelta(minutes=10), exact=True)
ONCE = Rule("once", 1, timedelta(hours=1))
MICROSECOND = timedelta(microseconds=1)
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_bucket_fills_up_evenly() -> None:
    with time_machine.travel(START, tick=False) as clock:
        take([(TWICE, "a")])
        clock.shift(60)
        take([(TWICE, "a")])
        with pytest.raises(LimitReached) as caught:
            take([(TWICE, "a")])
        assert caught.value.retry_after == 4 * 60
        clock.shift(4 * 60)
        take([(TWICE, "a")])
        with pytest.raises(LimitReached) as caught:
            take([(TWICE, "a")])
        assert caught.value.retry_after == 5 * 60


def test_where_the_moments_count_the_next_use_after_the_last_is_refused_until_the_oldest_is_old() -> None:
    with time_machine.travel(START, tick=False) as clock:
        take([(TWICE_EXACTLY, "a")])
        clock.shift(60)
        take([(TWICE_EXACTLY, "a")])
        with pytest.raises(LimitReached) as caught:
            take([(TWICE_EXACTLY, "a")])
        assert caught.value.retry_after == 9 * 60
        clock.shift(9 * 60)
        take([(TWICE_EXACTLY, "a")])


def test_what_is_left_is_told() -> None:
    with time_machine.travel(START, tick=False):
        assert take([(TWICE, "a")])[TWICE] == limits.Left(1, START + timedelta(minutes=5))
        assert take([(TWICE, "a"), (ONCE, "b")])[TWICE].uses == 0


_keys = count()
INSTANTS = st.lists(
    st.one_of(
        st.integers(0, 3 * 10**9).map(lambda microseconds: timedelta(microseconds=microseconds)),
        st.just(timedelta(0)),
        st.just(timedelta(minutes=10)),
    ),
    max_size=25,
)


def refused_until(rule: Rule, key: str, at: datetime) -> datetime | None:
    with time_machine.travel(at, tick=False):
        try:
            take([(rule, key)])
        except LimitReached as limit:
            return limit.until
    return None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=INSTANTS, most=st.integers(1, 4), exact=st.booleans(), retries=st.booleans())
def test_no_instants_whatever_get_more_than_the_rule_says(
    pauses: list[timedelta], most: int, exact: bool, retries: bool
) -> None:
    """Of an exact rule never more than `count` in any period; of a bucket never more than its size and what flows in.

    Whoever is refused and told a moment gets it at that very moment, and not a microsecond before.
    """
    rule, key = Rule("any", most, timedelta(minutes=10), exact=exact), str(next(_keys))
    had: list[datetime] = []
    now = START
    for pause in pauses:
        now += pause
        until = refused_until(rule, key, now)
        if until is None:
            had.append(now)
            continue
        assert now < until <= now + rule.period
        if retries:
            assert refused_until(rule, key, until - MICROSECOND) == until
            assert refused_until(rule, key, until) is None
            had.append(until)
            now = until
    for first, begin in enumerate(had):
        for number, end in enumerate(had[first:], start=1):
            inflow = (end - begin) // rule.interval
            assert number <= most + (0 if exact and end - begin < rule.period else inflow)
            if exact and number > most:
                assert end - begin >= rule.period


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 6 * 3600),
            st.sampled_from(["anna", "berta"]),
            st.sampled_from(["example.org", "example.net"]),
            st.integers(1, 3),
        ),
        max_size=40,
    )
)
def test_a_mailbox_is_never_sent_more_than_three_a_day_or_one_a_quarter(
    asked: list[tuple[int, str, str, int]],
) -> None:
    """The rules of mail to third parties, over some days, from several networks."""
    example, now = next(_keys), START
    had: dict[str, list[datetime]] = {}
    for seconds, name, domain, network in asked:
        now += timedelta(seconds=seconds)
        mailbox = f"{name}@{domain}"
        with time_machine.travel(now, tick=False):
            try:
                take(
                    (rule, f"{example} {value}")
                    for rule, value in (
                        (limits.MESSAGE_BY_ADDRESS_SOON, mailbox),
                        (limits.MESSAGE_BY_ADDRESS, mailbox),
                        (limits.MESSAGE_BY_DOMAIN, domain),
                        (limits.MESSAGE_BY_SOURCE, str(network)),
                        (limits.MESSAGE_BY_ANYONE, ""),
                    )
                )
            except LimitReached:
                continue
        had.setdefault(mailbox, []).append(now)
    for times in had.values():
        assert all(later - earlier >= timedelta(minutes=15) for earlier, later in zip(times, times[1:], strict=False))
        assert all(fourth - first >= timedelta(days=1) for first, fourth in zip(times, times[3:], strict=False))


def test_whoever_waits_for_whole_seconds_is_not_too_early() -> None:
    thirds = Rule("thirds", 3, timedelta(seconds=1))
    with time_machine.travel(START, tick=False) as clock:
        take([(thirds, "a")] * 3)
        with pytest.raises(LimitReached) as caught:
            take([(thirds, "a")])
        assert caught.value.until - START == timedelta(microseconds=333_334)
        clock.shift(caught.value.retry_after)
        take([(thirds, "a")] * 2)


@pytest.mark.parametrize("held", [None, (START, [])], ids=["swept up", "emptied by another"])
@pytest.mark.parametrize("rule", [TWICE, TWICE_EXACTLY], ids=["bucket", "exact"])
def test_whoever_is_refused_while_the_row_is_swept_up_may_come_back_at_once(
    rule: Rule, held: tuple[datetime, list[datetime]] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody can be made to come between the refusal and the look at what would say why.
    class Cursor:
        def __enter__(self) -> "Cursor":
            return self

        def __exit__(self, *fault: object) -> None: ...

        def execute(self, sql: str, values: object) -> None: ...

        def fetchone(self) -> None: ...

    def rows(sql: str, values: object) -> list[tuple[datetime, list[datetime]]]:
        return [held] if held and sql.startswith("SELECT") else []

    monkeypatch.setattr(limits, "connection", SimpleNamespace(cursor=Cursor))
    monkeypatch.setattr(limits, "rows", rows)
    with time_machine.travel(START, tick=False), pytest.raises(LimitReached) as caught:
        take([(rule, "a")])
    assert caught.value.until <= START


def test_keys_do_not_disturb_each_other() -> None:
    for key in "abc":
        take([(ONCE, key)])


@pytest.mark.parametrize("rule", [TWICE, TWICE_EXACTLY], ids=["bucket", "exact"])
def test_several_uses_of_one_key_are_taken_together_or_not_at_all(rule: Rule) -> None:
    take([(rule, "a")])
    with pytest.raises(LimitReached):
        take([(rule, "a")] * 2)
    take([(rule, "a")])
    with pytest.raises(ValueError, match="can never be had"):
        take([(rule, "b")] * 3)


def test_of_several_uses_all_or_none_are_taken() -> None:
    take([(ONCE, "a")])
    with pytest.raises(LimitReached) as caught:
        take([(TWICE, "a"), (ONCE, "a"), (TWICE_EXACTLY, "a")])
    assert caught.value.rule == ONCE
    assert not Allowance.objects.filter(rule__startswith="twice").exists()


def test_whoever_hits_two_limits_is_told_the_one_to_wait_longest_for() -> None:
    for _ in range(2):
        take([(TWICE, "a"), (TWICE_EXACTLY, "a")])
    with pytest.raises(LimitReached) as caught:
        take([(TWICE, "a"), (TWICE_EXACTLY, "a")])
    assert caught.value.rule == TWICE_EXACTLY


def test_beyond_the_soft_limit_only_who_pays_goes_on() -> None:
    soft = Rule("soft", 3, timedelta(hours=1), soft=1)
    take([(soft, "a")], paid=False)
    with pytest.raises(ProofNeeded):
        take([(soft, "a"), (ONCE, "a")], paid=False)
    assert not Allowance.objects.filter(rule="once").exists()
    for _ in range(2):
        take([(soft, "a")])
    with pytest.raises(LimitReached):
        take([(soft, "a")], paid=False)


def test_what_is_rolled_back_was_not_used() -> None:
    with transaction.atomic():
        take([(ONCE, "a")])
        transaction.set_rollback(True)
    take([(ONCE, "a")])


def test_nothing_readable_is_stored() -> None:
    take([(ONCE, "anna@example.org")])
    assert "anna" not in Allowance.objects.get().key


def test_what_is_free_again_is_forgotten() -> None:
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        take([(ONCE, "a"), (TWICE_EXACTLY, "a")])
    take([(TWICE, "b")])
    assert forget_old() == 2
    assert Allowance.objects.get().rule == "twice"


def test_what_was_sent_before_the_upgrade_counts_on() -> None:
    """Migration 0011 takes over the table that kept a row a use."""
    upgrade = import_module("diagnostics.migrations.0011_limits")
    now, key = timezone.now(), limits.key_of("anna@example.org")
    uses = [("message-by-address", hours) for hours in (30, 20, 10, 1)] + [("message-by-address-soon", 1)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE diagnostics_limithit (rule text, key text, at timestamptz)")
        cursor.executemany(
            "INSERT INTO diagnostics_limithit VALUES (%s, %s, %s)",
            [(rule, key, now - timedelta(hours=hours)) for rule, hours in uses],
        )
        cursor.execute(upgrade.CARRY_OVER)
        with pytest.raises(LimitReached) as caught:
            take(
                [(limits.MESSAGE_BY_ADDRESS, "anna@example.org"), (limits.MESSAGE_BY_ADDRESS_SOON, "anna@example.org")]
            )
        assert caught.value.until == now + timedelta(hours=4)
        cursor.execute("DELETE FROM diagnostics_limithit")
        cursor.execute(upgrade.CARRY_BACK)
        cursor.execute("SELECT count(*) FROM diagnostics_limithit")
        assert cursor.fetchone() == (3,)


TAKERS = 50


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("exact", [False, True], ids=["bucket", "exact"])
def test_fifty_at_once_over_connections_of_their_own_get_no_more_than_there_is(exact: bool) -> None:
    """Each wants one of all and one of its own; in different orders, so that careless takers would wait in circles."""
    scarce = Rule("scarce", 7, timedelta(days=1), exact=exact)
    plenty = Rule("plenty", 1000, timedelta(days=1))
    names = ["a", "b", "c"]

    def try_to_take(number: int) -> bool:
        uses = [(plenty, name) for name in names[number % 3 :] + names[: number % 3]] + [(scarce, "all")]
        try:
            take(uses if number % 2 else uses[::-1])
        except LimitReached:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(TAKERS) as takers:
        assert sum(takers.map(try_to_take, range(TAKERS))) == scarce.count
    # Who got none of the scarce ones used up none of the others.
    assert take([(plenty, "a")])[plenty].uses >= plenty.count - scarce.count - 1


# --- counted, for operators ---


def refuse(*rules: Rule) -> None:
    for rule in rules:
        with pytest.raises(LimitReached):
            take([(rule, "a")])


def test_refusals_are_counted_by_rule() -> None:
    take([(ONCE, "a"), (TWICE, "a"), (TWICE, "a")])
    refuse(ONCE, ONCE, TWICE)
    assert refusals.totals() == {"once": 2, "twice": 1}
    refuse(ONCE)
    assert refusals.totals() == {"once": 3, "twice": 1}


def test_a_refusal_counts_though_all_else_of_it_is_rolled_back() -> None:
    take([(ONCE, "a")])
    with pytest.raises(LimitReached), transaction.atomic():
        take([(ONCE, "a")])
    assert refusals.totals() == {"once": 1}


def test_a_flood_of_refusals_is_no_flood_of_writes(django_assert_num_queries) -> None:
    refusals.note("once")
    with django_assert_num_queries(1):
        refusals.write()
    for _ in range(100):
        refusals.note("once")
        with django_assert_num_queries(0):
            refusals.write()
    assert refusals.totals() == {"once": 101}


def test_what_cannot_be_counted_now_is_counted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def fail(counts: object) -> None:
        raise OperationalError("gone")

    refusals.note("once")
    with monkeypatch.context() as patch:
        patch.setattr(refusals, "_add", fail)
        refusals.write()
    assert not Refusal.objects.exists()
    assert refusals.totals() == {"once": 1}
