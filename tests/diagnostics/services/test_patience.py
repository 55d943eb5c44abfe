"""Work that has its answer outlasts a database that is away for a while."""

from __future__ import annotations

import pytest
from django.db import DataError, InterfaceError, OperationalError

from diagnostics.services.patience import patiently

pytestmark = pytest.mark.django_db


def test_it_is_tried_until_the_database_is_back() -> None:
    faults = [OperationalError("away"), InterfaceError("closed")]

    def work() -> str:
        if faults:
            raise faults.pop()
        return "written"

    assert patiently(work) == "written"
    assert faults == []


def test_it_is_not_tried_for_ever() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("away")

    with pytest.raises(OperationalError, match="away"):
        patiently(work, seconds=0.3)
    assert len(tries) > 1


def test_a_fault_of_our_own_is_none_that_passes() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise DataError("too long")

    with pytest.raises(DataError):
        patiently(work)
    assert len(tries) == 1
