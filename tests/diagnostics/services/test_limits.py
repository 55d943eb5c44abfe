from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from diagnostics.models import LimitHit
from diagnostics.services.limits import LimitReached, Rule, forget_old, take

pytestmark = pytest.mark.django_db
TWICE = Rule("twice", 2, timedelta(minutes=10))
ONCE = Rule("once", 1, timedelta(hours=1))


def test_the_next_use_after_the_last_is_refused_until_the_oldest_is_old() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        take([(TWICE, "a")])
        clock.shift(60)
        take([(TWICE, "a")])
        with pytest.raises(LimitReached) as caught:
            take([(TWICE, "a")])
        assert caught.value.retry_after == 9 * 60
        clock.shift(9 * 60 + 1)
        take([(TWICE, "a")])


def test_keys_do_not_disturb_each_other() -> None:
    for key in "abc":
        take([(ONCE, key)])


def test_of_several_uses_all_or_none_are_taken() -> None:
    take([(ONCE, "a")])
    with pytest.raises(LimitReached) as caught:
        take([(TWICE, "a"), (ONCE, "a")])
    assert caught.value.rule == ONCE
    assert not LimitHit.objects.filter(rule="twice").exists()


def test_nothing_readable_is_stored() -> None:
    take([(ONCE, "anna@example.org")])
    assert "anna" not in LimitHit.objects.get().key


def test_old_uses_are_forgotten() -> None:
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        take([(ONCE, "a")])
    take([(TWICE, "b")])
    assert forget_old() == 1
    assert LimitHit.objects.get().rule == "twice"
