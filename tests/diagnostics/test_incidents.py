"""The rule by which an incident is found, over made-up weeks: what it promises, and from how much mail on."""

from __future__ import annotations

import pytest

from diagnostics.incidents import (
    FEWEST_FAILED,
    Hour,
    Raised,
    Usual,
    Watch,
    bound,
    explained,
    learn,
    needed,
    slot,
)
from tests.diagnostics.fleet_weeks import (
    BEGINS,
    PROVIDERS,
    Fleet,
    Outage,
    Watched,
    minutes_until_enough,
    minutes_until_found,
    settled,
)

MINUTES_OF_MAIL = 8
"""Of the 10 minutes that are promised two may pass until the last of them is counted and looked at."""
NOW = 20_454 * 24
ALL, MICROSOFT, GOOGLE, YAHOO = (
    ("all", ""),
    ("provider", "microsoft-365"),
    ("provider", "google-workspace"),
    ("provider", "yahoo"),
)


def flat(share: float = 0.02, highest: float = 0.03, height: float = 16.0) -> Watch:
    watch = Watch()
    watch.relearn(Usual((share,) * 48, (highest,) * 48, 10_000.0), height)
    return watch


def hours(count: int, total: int, failed: int) -> list[Hour]:
    return [Hour(NOW - number, total, failed) for number in range(1, count + 1)]


# --- the promises, over simulated weeks ---


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_at_most_one_false_alarm_a_month_over_all_values(seed: int) -> None:
    months = 4
    watched = Watched(Fleet(seed), learned_every=168)
    for _ in watched.run(range(14 * 24), watching=False):
        pass
    alarms = list(watched.run(range(14 * 24, (14 + 30 * months) * 24)))
    assert len(alarms) <= months, alarms


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_every_outage_with_enough_mail_is_found_within_ten_minutes_and_the_others_by_evidence(seed: int) -> None:
    watched = settled(seed, a_second=20.0)
    promised, late, by_evidence = 0, [], []
    for provider in range(PROVIDERS):
        for rise in (0.1, 0.2, 0.5, 1.0):
            for time_of_day in (3, 9, 14, 21):
                outage = Outage(provider, rise, (21 * 24 + time_of_day) * 60 + 17)
                enough = minutes_until_enough(watched, outage)
                found = minutes_until_found(watched, outage, seed * 1000 + provider)
                if enough <= MINUTES_OF_MAIL:
                    promised += 1
                    if found is None or found > MINUTES_OF_MAIL:
                        late.append((outage, found))
                elif found is None or found > enough:
                    by_evidence.append((outage, found, enough))
    assert promised > 150
    assert late == []
    assert by_evidence == []


@pytest.mark.slow
def test_an_outage_of_ten_points_at_a_provider_with_enough_mail_is_found_at_any_time_of_the_day() -> None:
    watched = settled(4, a_second=40.0)
    promised = 0
    for provider in range(4):
        for time_of_day in range(6, 23):
            outage = Outage(provider, 0.1, (21 * 24 + time_of_day) * 60 + 29)
            if minutes_until_enough(watched, outage) <= MINUTES_OF_MAIL:
                promised += 1
                found = minutes_until_found(watched, outage, 4000 + provider + time_of_day)
                assert found is not None
                assert found <= MINUTES_OF_MAIL
    assert promised > 25


def test_a_small_outage_at_a_small_provider_is_found_within_the_day() -> None:
    """A mail every six minutes: no rule can know within ten minutes, this one knows in the end."""
    watched = settled(5, a_second=0.6)
    outage = Outage(PROVIDERS - 1, 0.5, (18 * 24 + 9) * 60)
    found = minutes_until_found(watched, outage, 5)
    assert found is not None
    assert MINUTES_OF_MAIL < found <= minutes_until_enough(watched, outage)


# --- how much mail it takes ---


@pytest.mark.parametrize(("rise", "least", "most"), [(0.1, 300, 1200), (0.2, 100, 350), (0.5, 30, 80), (0.95, 8, 20)])
def test_the_mail_needed_at_a_usual_share_of_two_per_cent(rise: float, least: int, most: int) -> None:
    watch = flat(height=bound(Usual((0.02,) * 48, (0.03,) * 48, 100_000.0), 40))
    watch.apart, watch.chance = 120.0, 100.0
    assert least < needed(watch, NOW, rise) < most


def test_more_is_needed_for_less() -> None:
    watch = flat()
    rising = [needed(watch, NOW, rise) for rise in (0.1, 0.2, 0.3, 0.5, 0.9)]
    assert rising == sorted(rising, reverse=True)
    assert needed(watch, NOW, 0.0) == float("inf")
    assert needed(Watch(), NOW, 1.0) == float("inf")


def test_the_bound_grows_with_mail_and_with_values() -> None:
    rare, often = (Usual((0.02,) * 48, (0.03,) * 48, a_month) for a_month in (1_000.0, 1_000_000.0))
    assert bound(rare, 40) < bound(often, 40) < bound(often, 400)


# --- one value ---


def test_nothing_is_found_before_it_was_learned() -> None:
    watch = Watch()
    assert not any(watch.see(minute, 10, 10) for minute in range(100))


def test_few_failures_are_no_incident() -> None:
    watch = flat(height=2.0)
    raised = [watch.see(minute, 1, 1) for minute in range(FEWEST_FAILED)]
    assert raised == [False] * (FEWEST_FAILED - 1) + [True]


def test_an_incident_began_when_its_evidence_did() -> None:
    watch = flat()
    for minute in range(100):
        watch.see(minute, 20, 0)
    minute = 100
    while not watch.see(minute, 20, 6):
        minute += 1
    assert watch.since == 100
    assert watch.share == pytest.approx(0.3)
    assert minute - 100 < MINUTES_OF_MAIL


def test_an_incident_ends_once_and_not_before_its_time() -> None:
    watch = flat()
    while not watch.see(0, 20, 10):
        pass
    ended = [minute for minute in range(1, 200) if watch.see(minute, 200, 2)]
    assert ended == [20]
    assert not watch.open


def test_what_is_between_usual_and_an_incident_ends_none() -> None:
    watch = flat()
    while not watch.see(0, 20, 10):
        pass
    assert not any(watch.see(minute, 100, 9) for minute in range(1, 600))
    assert watch.open


def test_closed_by_hand_it_is_quiet_until_the_share_is_usual() -> None:
    watch = flat()
    while not watch.see(0, 20, 10):
        pass
    watch.close()
    assert not any(watch.see(minute, 20, 10) for minute in range(1, 100))
    assert watch.muted
    assert not any(watch.see(minute, 200, 2) for minute in range(100, 130))
    assert not watch.muted
    assert any(watch.see(minute, 20, 10) for minute in range(130, 140))


# --- what is usual ---


@pytest.mark.parametrize(
    "known",
    [[], hours(60, 100, 2), hours(100, 1, 0)],
    ids=["nothing", "too short", "too little"],
)
def test_what_is_usual_is_not_known_too_early(known: list[Hour]) -> None:
    assert learn(known, NOW) is None


def test_the_usual_share_follows_the_time_of_the_day_and_forgets() -> None:
    night = range(0, 6)
    now = [Hour(at, 1000, 80 if at % 24 in night else 10) for at in range(NOW - 14 * 24, NOW)]
    before = [Hour(at, 1000, 300) for at in range(NOW - 60 * 24, NOW - 29 * 24)]
    usual = learn([*before, *now], NOW)
    assert usual is not None
    assert usual.share(NOW + 3) == pytest.approx(0.08, rel=0.15)
    assert usual.share(NOW + 14) == pytest.approx(0.01, rel=0.4)
    assert usual.highest[slot(NOW + 3)] > usual.share(NOW + 3)


def test_a_forgotten_outage_is_not_usual() -> None:
    usual = learn([*hours(400, 200, 4), *(Hour(NOW - 500 - n, 200, 190) for n in range(5))], NOW)
    assert usual is not None
    assert usual.share(NOW) == pytest.approx(0.02, abs=0.003)


def test_a_value_that_always_fails_is_no_incident() -> None:
    usual = learn(hours(400, 50, 49), NOW)
    assert usual is not None
    watch = Watch()
    watch.relearn(usual, bound(usual, 10))
    assert not any(watch.see(NOW * 60 + minute, 20, 20) for minute in range(1000))


# --- which value it is ---


def raised(value: tuple[str, str], total: int, failed: int) -> Raised:
    return Raised(*value, total, failed, 0.02)


def test_one_provider_explains_what_its_mail_is_part_of() -> None:
    values = [raised(ALL, 1000, 220), raised(MICROSOFT, 300, 206), raised(("article", "one"), 600, 150)]
    assert explained(values) == {ALL: MICROSOFT, ("article", "one"): MICROSOFT}


def test_many_providers_at_once_are_our_own_side() -> None:
    theirs = [(("provider", f"p{n}"), 100) for n in range(10)]
    values = [raised(ALL, 1000, 220), *(raised(value, total, 22) for value, total in theirs)]
    assert explained(values) == {value: ALL for value, _ in theirs}


def test_the_one_address_of_ours_that_fails_is_named() -> None:
    bad, good = ("sending_ip", "192.0.2.10"), ("sending_ip", "192.0.2.11")
    values = [
        raised(ALL, 1000, 220),
        raised(bad, 400, 208),
        *(raised(one, 200, 60) for one in (MICROSOFT, GOOGLE, YAHOO)),
    ]
    assert set(explained(values).values()) == {bad}
    assert good not in explained(values)


def test_two_providers_are_two_incidents() -> None:
    assert explained([raised(MICROSOFT, 300, 100), raised(GOOGLE, 300, 100)]) == {}


def test_a_gateway_and_the_provider_behind_it_are_one() -> None:
    gateway = ("gateway", "mimecast")
    assert explained([raised(gateway, 100, 60), raised(MICROSOFT, 400, 66)]) == {MICROSOFT: gateway}
    assert explained([raised(gateway, 100, 60), raised(MICROSOFT, 80, 55)]) == {gateway: MICROSOFT}


def test_nothing_explains_itself() -> None:
    assert explained([]) == {}
    assert explained([raised(ALL, 100, 50)]) == {}


def test_hours_of_the_weekend_are_their_own() -> None:
    thursday = 0
    assert [slot(thursday + day * 24) for day in range(7)] == [0, 0, 24, 24, 0, 0, 0]
    assert slot(BEGINS) == 0
