"""What a responder signs is believed, and nothing else, whatever comes in its place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.echo import (
    LONGEST,
    SEAL_LIFETIME,
    Echo,
    Way,
    pack,
    seal,
    sealed,
    sign,
    unpack,
    verified,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NONCE = "n" * 22
ECHO = Echo(NONCE, 59777, "203.0.113.7", 1_772_448_120.125, Way.HTTPS, "TLSv1.3", "1.1 proxy", "10.0.0.1")
NOW = 1_772_448_120.0

echoes = st.builds(
    Echo,
    nonce=st.from_regex(r"[A-Za-z0-9_-]{22,64}", fullmatch=True),
    port=st.integers(1, 65535),
    source=st.ip_addresses().map(str),
    at=st.floats(0, 2**39),
    way=st.sampled_from(Way),
    tls=st.text(max_size=20),
    via=st.text(st.characters(codec="utf-8"), max_size=60),
    forwarded=st.text(st.characters(codec="utf-8"), max_size=60),
)


@given(echoes)
def test_what_was_signed_is_read_as_it_was(echo: Echo) -> None:
    assert verified(sign(echo, KEY), KEY) == echo
    assert unpack(pack([echo, echo])) == (echo, echo)


def test_a_signed_echo_is_one_word() -> None:
    signed = sign(ECHO, KEY)
    assert signed.isascii()
    assert len(signed) < LONGEST
    assert signed.replace("-", "").replace("_", "").replace(".", "").isalnum()


@pytest.mark.parametrize("place", range(0, 300, 7))
def test_one_changed_sign_is_noticed(place: int) -> None:
    signed = sign(ECHO, KEY)
    place %= len(signed)
    changed = signed[:place] + ("A" if signed[place] != "A" else "B") + signed[place + 1 :]
    assert verified(changed, KEY) is None


def test_another_key_is_noticed() -> None:
    assert verified(sign(ECHO, OTHER_KEY), KEY) is None


@given(st.text(max_size=400) | st.from_regex(r"[A-Za-z0-9_-]{0,80}\.[0-9a-f]{0,64}", fullmatch=True))
def test_any_other_text_is_no_echo(text: str) -> None:
    assert verified(text, KEY) is None


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_body_is_unpacked_or_refused(body: bytes) -> None:
    assert unpack(body) in (None, ())


@pytest.mark.parametrize(
    "fault",
    [
        {"nonce": "short"},
        {"nonce": 5},
        {"port": 0},
        {"port": "443"},
        {"port": True},
        {"source": "example.org"},
        {"at": "yesterday"},
        {"at": -1},
        {"at": 10**400},
        {"at": float("nan")},
        {"way": "pigeon"},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_read_is_left_out(fault: dict[str, object]) -> None:
    entry = {"nonce": NONCE, "port": 443, "source": "203.0.113.7", "at": 1.0, "way": "https"}
    assert unpack(json.dumps({"seen": [{**entry, **fault}, entry, 5]}).encode()) == (
        Echo(NONCE, 443, "203.0.113.7", 1.0, Way.HTTPS),
    )


def test_long_texts_of_proxies_are_cut() -> None:
    (read,) = unpack(pack([replace(ECHO, via="v" * 5000)])) or ()
    assert read.via == "v" * 200


def test_a_seal_is_good_for_its_body_its_key_and_a_while() -> None:
    header = seal(b"body", KEY, NOW)
    assert sealed(header, b"body", KEY, NOW + SEAL_LIFETIME - 1)
    assert not sealed(header, b"other", KEY, NOW)
    assert not sealed(header, b"body", OTHER_KEY, NOW)
    assert not sealed(header, b"body", KEY, NOW + SEAL_LIFETIME + 1)
    assert not sealed(header, b"body", KEY, NOW - SEAL_LIFETIME - 1)
    assert not sealed(seal(b"body", KEY, NOW + 10).replace(str(int(NOW + 10)), str(int(NOW))), b"body", KEY, NOW)


@given(st.text(max_size=100))
def test_any_other_header_is_no_seal(header: str) -> None:
    assert not sealed(header, b"body", KEY, NOW)
