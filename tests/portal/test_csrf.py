"""Tokens made our way are Django's: its own checks take them, and refuse all others."""

from __future__ import annotations

from collections import Counter

import pytest
from django.http import HttpRequest
from django.middleware.csrf import (  # type: ignore[attr-defined]  # the stubs leave out what is private
    CSRF_ALLOWED_CHARS,
    CSRF_SECRET_LENGTH,
    CSRF_TOKEN_LENGTH,
    _does_token_match,
)
from hypothesis import given
from hypothesis import strategies as st

from portal import csrf

secrets = st.text(CSRF_ALLOWED_CHARS, min_size=CSRF_SECRET_LENGTH, max_size=CSRF_SECRET_LENGTH)


def test_somebody_new_gets_a_secret_and_a_token_of_it() -> None:
    request = HttpRequest()
    token = csrf.get_token(request)
    assert len(token) == CSRF_TOKEN_LENGTH
    assert len(request.META["CSRF_COOKIE"]) == CSRF_SECRET_LENGTH
    assert request.META["CSRF_COOKIE_NEEDS_UPDATE"] is True
    assert _does_token_match(token, request.META["CSRF_COOKIE"])


@given(secrets)
def test_the_secret_that_a_browser_holds_is_kept(secret: str) -> None:
    request = HttpRequest()
    request.META["CSRF_COOKIE"] = secret
    tokens = {csrf.get_token(request) for _ in range(2)}
    assert len(tokens) == 2, "each under a mask of its own"
    assert request.META["CSRF_COOKIE"] == secret
    assert request.META["CSRF_COOKIE_NEEDS_UPDATE"] is True
    assert all(_does_token_match(token, secret) for token in tokens)


@given(secrets, secrets)
def test_a_token_is_of_one_secret_only(secret: str, other: str) -> None:
    token = csrf._masked(secret)
    assert _does_token_match(token, other) is (secret == other)


def test_every_sign_is_as_likely_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    every_byte_once = bytes(range(256))
    monkeypatch.setattr("os.urandom", lambda count: every_byte_once)
    drawn = Counter(csrf.random_signs(4 * len(CSRF_ALLOWED_CHARS)))
    assert drawn == dict.fromkeys(CSRF_ALLOWED_CHARS, 4)


def test_as_many_as_were_asked_for_though_bytes_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([b"\xff" * 40, b"\xf8" + b"\x00" * 39])
    monkeypatch.setattr("os.urandom", lambda count: next(draws))
    assert csrf.random_signs(32) == CSRF_ALLOWED_CHARS[0] * 32
