"""`manage.py vendor_health`, and the scheduled task, before the lab as `make run` starts it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings

from diagnostics import tasks
from diagnostics.lab import scenarios
from diagnostics.lab.serve import Lab
from diagnostics.models import VendorHealthRecord
from diagnostics.probes.vendor_health import HealthState, VendorHealth
from diagnostics.services.health import newest


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The lab on a thread's loop of its own, in a folder of its own: its authority is read once for each file."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    acts = [one for one in scenarios() if one.slug == "our-host-down"]
    state = tmp_path_factory.mktemp("lab") / "state.json"
    running = Lab(state.parent, state_file=state, acts=acts)
    asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(20)
    with override_settings(LAB_STATE=state):
        yield
    asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def ran(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("vendor_health", *arguments, stdout=out, stderr=StringIO())
    assert isinstance(left.value.code, int)
    return out.getvalue(), left.value.code


@pytest.mark.parametrize(
    ("vendor", "code", "first_line"),
    [
        ("timeclock", 0, "timeclock: fine (0 problem, 0 unknown, "),
        ("timeclock-astray", 1, "timeclock-astray: problem (6 problem, 0 unknown, "),
        ("timeclock-drift", 1, "timeclock-drift: problem (2 problem, 0 unknown, "),
        ("timeclock-outage", 1, "timeclock-outage: problem (4 problem, 0 unknown, "),
        ("nobody", 64, ""),
    ],
    ids=["healthy", "out of order", "article out of date", "host down", "unknown vendor"],
)
def test_the_exit_code_says_what_came_of_it(lab: None, vendor: str, code: int, first_line: str) -> None:
    printed, left = ran(vendor)
    assert (printed[: len(first_line)], left) == (first_line, code), printed


def test_as_json(lab: None) -> None:
    printed, _ = ran("timeclock-astray", "--json")
    (found,) = json.loads(printed)
    assert found["state"] == "problem"
    listed = [item for item in found["items"] if item["kind"] == "blocklist" and item["state"] == "problem"]
    assert [(item["subject"], item["facts"]["list"]) for item in listed] == [("203.0.113.181", "Spamhaus ZEN")]


@pytest.mark.django_db(transaction=True)
def test_the_task_looks_at_every_vendor_once(lab: None) -> None:
    tasks.vendor_health()
    tasks.vendor_health()  # again within minutes: nothing is due
    vendors = list(VendorHealthRecord.objects.values_list("vendor", flat=True))
    assert sorted(vendors) == sorted(set(vendors))
    assert {"timeclock", "timeclock-astray", "timeclock-outage", "clockify"} <= set(vendors)
    states = {}
    for slug in ("timeclock", "timeclock-astray"):
        seen = newest(slug)
        assert seen is not None
        assert isinstance(seen.observation, VendorHealth)
        states[slug] = seen.observation.state
    assert states == {"timeclock": HealthState.FINE, "timeclock-astray": HealthState.PROBLEM}
