"""HTTP to services of ours: limited in time and size, and to addresses that a setting may name."""

from __future__ import annotations

import traceback

import pytest

from diagnostics.net.http import HttpAnswer, HttpFailed, HttpLimits, ask, base_url
from tests.diagnostics.sending.service import Reply, Service

ROOT = ("GET", "/")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.example.org/", "https://api.example.org"),
        (" https://api.example.org/v1 ", "https://api.example.org/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_an_address_that_a_setting_may_name(text: str, url: str) -> None:
    assert base_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "api.example.org", "ftp://api.example.org", "http://api.example.org", "http://192.0.2.1", "https://"]
    + ["https://user:password@api.example.org", "http://127.0.0.1.example.org"],
)
async def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|https://"):
        base_url(text)
    with pytest.raises(ValueError, match=r"address|https://"):
        await ask("GET", text)


async def test_an_answer_is_taken_whatever_its_status() -> None:
    with Service({ROOT: Reply(422, {"problem": "none"}, {"X-Note": "yes"})}) as server:
        answer = await ask("GET", f"{server.url}/", params={"a": "1 2"}, auth=("user", "pass"))
    assert (answer.status, answer.ok, answer.json(), answer.headers["x-note"]) == (
        422,
        False,
        {"problem": "none"},
        "yes",
    )
    (request,) = server.requests
    assert (request.query, request.headers["accept-encoding"]) == ("a=1+2", "identity")
    assert request.headers["authorization"].startswith("Basic ")


async def test_a_redirect_is_not_followed() -> None:
    with Service({}) as other, Service({ROOT: Reply(302, {}, {"Location": f"{other.url}/"})}) as server:
        assert (await ask("GET", f"{server.url}/")).status == 302
    assert other.requests == []


@pytest.mark.parametrize(
    ("reply", "limits"),
    [
        (Reply(200, {}, after=0.6), HttpLimits(total=0.2)),
        (Reply(200, b"x" * 2000), HttpLimits(size=1000)),
    ],
    ids=["too slow", "too large"],
)
async def test_beyond_a_limit_there_is_no_answer(reply: Reply, limits: HttpLimits) -> None:
    with Service({ROOT: reply}) as server, pytest.raises(HttpFailed):
        await ask("GET", f"{server.url}/", limits=limits)


@pytest.mark.parametrize("key", ["s3cret\n", "s3cret ", "s3crét"], ids=["line end", "blank", "letter"])
async def test_a_key_that_no_header_can_carry_is_not_named(key: str) -> None:
    with Service({}) as server, pytest.raises(HttpFailed) as caught:
        await ask("GET", f"{server.url}/", headers={"Authorization": f"Bearer {key}"})
    assert "s3cr" not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


async def test_proxies_of_the_environment_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Service({ROOT: Reply(200, {})}) as server:
        assert (await ask("GET", f"{server.url}/")).ok


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000], ids=["nothing", "html", "bytes", "deep"])
def test_what_is_not_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(HttpFailed):
        HttpAnswer(200, body).json()
