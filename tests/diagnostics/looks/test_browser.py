"""What is read from the report of the page's port test, and what of it is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.codec import decode, encode
from diagnostics.echo import Echo, sign, verified
from diagnostics.looks import LONGEST, Malformed
from diagnostics.looks.browser import LONGEST_TRY, read
from diagnostics.probes.network_look import BrowserLook, How, Place, PortLook, Try, Turn

KEY = b"a key of at least thirty-two octets"
NONCE = "nonce-of-one-test-0001"
OTHER_NONCE = "nonce-of-one-test-0002"
HOST = "check.example.net"


def verify(signed: str) -> Echo | None:
    return verified(signed, KEY)


def echo(nonce: str = NONCE, port: int = 59777, key: bytes = KEY, **more: Any) -> str:
    return sign(Echo(nonce, port, "203.0.113.7", 1_770_000_000.0, **more), key)


def tried(how: str = "answer", ms: int = 40, signed: str = "") -> dict[str, Any]:
    return {"how": how, "ms": ms, "signed": signed}


def port(*tries: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"host": HOST, "port": 59777, "tries": list(tries), "opaque": None, "turn": "untried"} | more


def report(*ports: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    told = {"v": 1, "nonce": NONCE, "place": "wifi", "portal_ok": True, "clock": None, "ports": list(ports)}
    return told | more


def look(*ports: Mapping[str, Any], **more: Any) -> BrowserLook:
    return read(json.dumps(report(*ports, **more)).encode(), verify)


def test_a_report_becomes_a_look() -> None:
    seen = look(
        port(tried(signed=echo(via="1.1 proxy")), tried(ms=41, signed=echo())),
        port(tried("failed", 120), tried("silent", 12_000), port=80, opaque=True, turn="reached"),
        portal_ok=False,
    )
    assert seen == BrowserLook(
        nonce=NONCE,
        place=Place.WIFI,
        ports=(
            PortLook(HOST, 59777, (Try(How.ECHO, 40), Try(How.ECHO, 41)), source="203.0.113.7", via="1.1 proxy"),
            PortLook(HOST, 80, (Try(How.FAILED, 120), Try(How.SILENT, 12_000)), second_look=True, turn=Turn.REACHED),
        ),
        portal_reached=False,
    )


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "not.signed",
        "ünicode",
        echo(nonce=OTHER_NONCE),
        echo(port=443),
        echo(key=b"another key of thirty-two octets"),
        echo()[:-1],
        f"{echo()}0",
    ],
    ids=["nothing", "noise", "not ASCII", "another test", "another port", "another key", "cut off", "longer"],
)
def test_an_answer_that_we_did_not_sign_for_this_very_test_is_somebody_elses(signed: str) -> None:
    (seen,) = look(port(tried(signed=signed))).ports
    assert (seen.hows, seen.source) == (frozenset({How.OTHER}), "")


@pytest.mark.parametrize("how", ["failed", "silent"])
def test_a_signature_beside_a_try_that_had_no_answer_counts_for_nothing(how: str) -> None:
    (seen,) = look(port(tried(how, signed=echo()))).ports
    assert (seen.hows, seen.source) == (frozenset({How(how)}), "")


def test_one_answer_of_two_shows_where_it_came_from() -> None:
    (seen,) = look(port(tried("failed"), tried(signed=echo()))).ports
    assert (seen.tries[1].how, seen.source) == (How.ECHO, "203.0.113.7")


def test_what_a_proxy_says_of_whom_it_speaks_for_is_the_next_best_sign_of_it() -> None:
    (seen,) = look(port(tried(signed=echo(forwarded="10.1.2.3")))).ports
    assert seen.via == "10.1.2.3"


@pytest.mark.parametrize(
    ("clock", "skew", "within"),
    [
        (None, None, 0),
        ({"sent": 1_000_000, "received": 1_000_000, "portal": 1_000_000}, 0, 0),
        ({"sent": 1_000_000, "received": 1_000_200, "portal": 1_000_100}, 0, 100),
        ({"sent": 1_000_000, "received": 1_000_201, "portal": 700_100}, 300_000, 101),
        ({"sent": 1_000_000, "received": 1_000_200, "portal": 1_500_100}, -500_000, 100),
        ({"sent": 1_000_200, "received": 1_000_000, "portal": 1_000_100}, None, 0),
    ],
    ids=["not measured", "exact", "round trip", "ahead", "behind", "set meanwhile"],
)
def test_the_pages_clock_is_compared_with_ours(clock: Mapping[str, int] | None, skew: int | None, within: int) -> None:
    seen = look(port(tried("failed")), clock=clock)
    assert (seen.skew_ms, seen.skew_within_ms) == (skew, within)


def test_a_computer_that_slept_meanwhile_has_waited_no_longer_than_that() -> None:
    (seen,) = look(port(tried("silent", 10**12))).ports
    assert seen.tries[0].ms == LONGEST_TRY


BAD = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"v":"\xff"}',
    "a list": b"[]",
    "null": b"null",
    "too deep": b"[" * 8000,
    "a huge number": b'{"v":' + b"9" * 5000 + b"}",
    "not a number": b'{"v":NaN}',
}
CHANGED: dict[str, dict[str, Any]] = {
    "another version": {"v": 2},
    "a version that is true": {"v": True},
    "no nonce": {"nonce": ""},
    "a nonce with a blank": {"nonce": "nonce of one test 0001"},
    "another place": {"place": "moon"},
    "a place that is a number": {"place": 1},
    "a word for yes": {"portal_ok": "yes"},
    "a number for yes": {"portal_ok": 1},
    "ports that are none": {"ports": None},
    "ports by name": {"ports": {"80": port()}},
    "too many ports": {"ports": [port()] * 65},
    "something more": {"verdict": "open"},
    "a clock of words": {"clock": {"sent": "now", "received": "now", "portal": "now"}},
    "a clock of parts": {"clock": {"sent": 1.5, "received": 2, "portal": 2}},
    "half a clock": {"clock": {"sent": 1}},
    "a time before time": {"clock": {"sent": -1, "received": 2, "portal": 2}},
    "a time after time": {"clock": {"sent": 1, "received": 2**60, "portal": 2}},
    "a port's verdict": {"ports": [port(state="open")]},
    "a port that is a word": {"ports": [port(port="80")]},
    "a host that is a number": {"ports": [port(host=1)]},
    "a host with a NUL": {"ports": [port(host="a\x00")]},
    "a try of another kind": {"ports": [port(tried("echo"))]},
    "a try before it began": {"ports": [port(tried(ms=-1))]},
    "endless tries": {"ports": [port(*[tried()] * 5)]},
    "TURN that was proved": {"ports": [port(turn="proved")]},
    "maybe": {"ports": [port(opaque="maybe")]},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, verify)


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_a_report_with_anything_wrong_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        look(port(tried()), **change)


@pytest.mark.parametrize("missing", sorted(report()))
def test_a_report_with_anything_missing_is_refused(missing: str) -> None:
    told = report(port(tried()))
    del told[missing]
    with pytest.raises(Malformed):
        read(json.dumps(told).encode(), verify)


def test_a_report_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(Malformed, match="longer"):
        read(json.dumps(report(port(tried()))).encode().ljust(LONGEST + 1), verify)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(body=st.binary(max_size=400))
def test_any_octets_are_read_or_refused(body: bytes) -> None:
    read_or_refused(body)


@given(name=st.sampled_from(sorted(report())), value=ANY_JSON)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: object) -> None:
    read_or_refused(json.dumps(report(port(tried())) | {name: value}).encode())


@given(name=st.sampled_from(sorted(port())), value=ANY_JSON)
def test_any_value_in_a_port_is_read_or_refused(name: str, value: object) -> None:
    read_or_refused(json.dumps(report(port(tried()) | {name: value})).encode())


@given(
    nonces=st.sampled_from([NONCE, OTHER_NONCE]),
    ports=st.sampled_from([80, 443, 59777]),
    how=st.sampled_from(["answer", "failed", "silent"]),
)
def test_only_a_verified_answer_is_ever_ours(nonces: str, ports: int, how: str) -> None:
    (seen,) = look(port(tried(how, signed=echo(nonce=nonces, port=ports)))).ports
    assert seen.echoed == (how == "answer" and nonces == NONCE and ports == 59777)


def read_or_refused(body: bytes) -> None:
    try:
        seen = read(body, verify)
    except Malformed:
        return
    assert decode(BrowserLook, encode(seen)) == seen
