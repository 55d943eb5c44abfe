"""Our port responders hand over what they saw: only with the key, only for tests under way, once, and judged again."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from diagnostics import vendors
from diagnostics.domain import Vantage
from diagnostics.echo import SEAL_HEADER, SEAL_LIFETIME, Echo, Way, pack, seal
from diagnostics.models import Case, NetworkTest, ObservationRecord
from diagnostics.probes.network_look import Sighting, Sightings
from diagnostics.services import network
from diagnostics.services.runs import evidence_of
from tests.diagnostics.responder.process import running
from tests.diagnostics.responder.visitors import KEY, PATIENCE

URL = "/hooks/responder/"
SOURCE = "203.0.113.7"

HandOver = Callable[..., Any]


@pytest.fixture(autouse=True)
def key(settings: LazySettings) -> None:
    settings.RESPONDER_KEY = KEY.decode()


@pytest.fixture
def responders(tmp_path: Path) -> Iterator[None]:
    profile = 'name = "Timeclock"\n[[responders]]\nname = "check.example.net"\nports = [80, 443, 59777]\n'
    (tmp_path / "timeclock.toml").write_text(profile)
    before = vendors.use(tmp_path)
    yield
    vendors.use(*before)


@pytest.fixture
def under_way(responders: None, case: Case) -> NetworkTest:
    return network.begin(case, Vantage.BROWSER)


@pytest.fixture
def hand_over(client: Client) -> HandOver:
    """Posts as a responder would; `by` is the key, `at` the time that it is sealed with."""

    def hand_over(body: bytes, *, by: bytes = KEY, at: float | None = None, **headers: str) -> Any:
        sealed_with = seal(body, by, time.time() if at is None else at)
        return client.post(URL, body, "application/json", headers={SEAL_HEADER: sealed_with, **headers})

    return hand_over


def seen(test: NetworkTest, port: int = 59777, way: Way = Way.HTTPS, source: str = SOURCE) -> Echo:
    return Echo(test.nonce, port, source, time.time(), way)


def kept(case: Case) -> list[Sighting]:
    told = evidence_of(case.runs.order_by("-number")[0]).all(Sightings)
    return [one for sightings in told for one in sightings.seen]


def test_what_was_seen_is_kept_and_the_run_judged_again(
    hand_over: HandOver, case: Case, under_way: NetworkTest, django_capture_on_commit_callbacks: Any
) -> None:
    run = case.runs.get()
    before = run.full_diagnosis
    with django_capture_on_commit_callbacks(execute=True):
        answer = hand_over(pack([seen(under_way), seen(under_way, 80, Way.TURN)]))
    assert (answer.status_code, answer.json()) == (200, {"taken": 2})
    assert kept(case) == [Sighting(80, True, SOURCE), Sighting(59777, False, SOURCE)]
    run.refresh_from_db()
    assert run.full_diagnosis != before


def test_the_same_again_changes_nothing(hand_over: HandOver, case: Case, under_way: NetworkTest) -> None:
    body = pack([seen(under_way), seen(under_way)])
    for _ in range(2):
        assert hand_over(body).status_code == 200
    assert hand_over(pack([seen(under_way)])).status_code == 200
    assert kept(case) == [Sighting(59777, False, SOURCE)]


def test_what_comes_later_is_added(hand_over: HandOver, case: Case, under_way: NetworkTest) -> None:
    hand_over(pack([seen(under_way)]))
    hand_over(pack([seen(under_way), seen(under_way, 443)]))
    assert kept(case) == [Sighting(59777, False, SOURCE), Sighting(443, False, SOURCE)]


def test_what_belongs_to_no_test_is_dropped(hand_over: HandOver, case: Case, under_way: NetworkTest) -> None:
    stranger = Echo("n" * 22, 443, SOURCE, time.time())
    assert hand_over(pack([stranger])).json() == {"taken": 1}
    NetworkTest.objects.update(expires_at=under_way.created_at)
    assert hand_over(pack([seen(under_way)])).status_code == 200
    assert kept(case) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": KEY + b"!"},
        {"at": time.time() - SEAL_LIFETIME - 60},
        {"at": time.time() + SEAL_LIFETIME + 3600},
        {SEAL_HEADER: ""},
        {SEAL_HEADER: "nonsense"},
        {SEAL_HEADER: "9" * 30 + ".00"},
        {SEAL_HEADER: "1.\u00e4"},
    ],
    ids=["key", "old", "ahead", "none", "nonsense", "long", "not ascii"],
)
def test_without_a_good_seal_nothing_is_taken(
    hand_over: HandOver, case: Case, under_way: NetworkTest, wrong: dict[str, Any]
) -> None:
    assert hand_over(pack([seen(under_way)]), **wrong).status_code == 403
    assert kept(case) == []


def test_the_seal_of_another_body_is_no_seal(client: Client, case: Case, under_way: NetworkTest) -> None:
    other = seal(pack([]), KEY, time.time())
    body = pack([seen(under_way)])
    assert client.post(URL, body, "application/json", headers={SEAL_HEADER: other}).status_code == 403
    assert kept(case) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"seen": 7}', b"\xff", b"[" * 5000, b'{"seen": {"a": 1}}'])
def test_a_body_that_is_none_is_refused(hand_over: HandOver, db: None, body: bytes) -> None:
    assert hand_over(body).status_code == 400


@pytest.mark.parametrize(
    "entry",
    [b"7", b"{}", b"null", b'{"nonce": "' + b"a" * 22 + b'", "port": 80, "source": "x", "at": 1, "way": "http"}']
    + [b'{"nonce": "' + b"a" * 22 + b'", "port": 1e9, "source": "192.0.2.1", "at": 1, "way": "http"}'],
)
def test_an_entry_that_is_none_does_not_cost_the_others(
    hand_over: HandOver, case: Case, under_way: NetworkTest, entry: bytes
) -> None:
    good = pack([seen(under_way)])
    assert hand_over(good.replace(b"[", b"[" + entry + b",")).json() == {"taken": 1}
    assert len(kept(case)) == 1


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)
)
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_body_makes_it_fall_over(hand_over: HandOver, db: None, body: bytes) -> None:
    assert hand_over(body).status_code in (200, 400)
    assert hand_over(b'{"seen": [' + body + b"]}").status_code in (200, 400)


def test_a_body_that_is_too_large_is_refused(hand_over: HandOver, settings: LazySettings, db: None) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert hand_over(b"x" * 1001).status_code == 413


def test_a_whole_batch_fits_however_long_its_entries_are(hand_over: HandOver, db: None) -> None:
    worst = Echo("n" * 64, 59777, "2001:db8:1111:2222:3333:4444:5555:6666", time.time(), tls="TLSv1.3")
    worst = Echo(
        **{**{name: getattr(worst, name) for name in Echo.__slots__}, "via": '"' * 200, "forwarded": '"' * 200}
    )
    assert hand_over(pack([worst] * 200)).json() == {"taken": 200}


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_post(client: Client, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405


def test_without_a_key_there_is_no_such_address(hand_over: HandOver, settings: LazySettings, db: None) -> None:
    settings.RESPONDER_KEY = ""
    assert hand_over(pack([]), by=b"").status_code == 404


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stopped", [False, True], ids=["as it goes", "when it stops"])
def test_from_the_real_responder_to_the_real_portal(
    live_server: Any, case: Case, responders: None, stopped: bool
) -> None:
    test = network.begin(case, Vantage.BROWSER)
    with running(live_server.url, None) as responder:
        for port in responder.ports:
            connection = http.client.HTTPConnection("127.0.0.1", responder.ports[port], timeout=PATIENCE)
            connection.request("GET", f"/e?n={test.nonce}")
            assert connection.getresponse().status == 200
            connection.close()
        if stopped:
            responder.stop()
        deadline = time.monotonic() + PATIENCE
        while len(kept(case)) < 2:
            assert time.monotonic() < deadline, responder.log
            time.sleep(0.05)
    assert sorted(one.port for one in kept(case)) == [80, 59777]
    assert {one.source for one in kept(case)} == {"127.0.0.1"}
    assert ObservationRecord.objects.filter(run=case.runs.get(), kind__contains="ightings").exists()
