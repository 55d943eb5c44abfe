"""The echo over HTTP: what a browser, a script or a proxy hears."""

from __future__ import annotations

import ssl
import time

import pytest

from diagnostics.echo import LONGEST, Echo, Way, verified
from tests.diagnostics.responder.visitors import KEY, NONCE, PORTAL, Point, Start

ECHO = f"/e?n={NONCE}"


async def test_over_tls_the_echo_is_signed_and_told(point: Point) -> None:
    before = time.time()
    answer = await point.get(ECHO)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    signed = answer.json.pop("signed")
    (told,) = point.told
    assert verified(signed, KEY) == told
    assert before - 0.001 <= told.at <= time.time() + 0.001
    assert told == Echo(NONCE, 59777, "127.0.0.1", told.at, Way.HTTPS, "TLSv1.3")
    assert {name: value for name, value in answer.json.items() if name != "signed"} == {
        "nonce": NONCE,
        "port": 59777,
        "source": "127.0.0.1",
        "at": told.at,
        "way": "https",
        "tls": "TLSv1.3",
        "via": "",
        "forwarded": "",
    }
    assert round(told.at, 3) == told.at


async def test_plain_http_on_the_same_port(point: Point) -> None:
    for port in (80, 59777):
        told = verified((await point.get(ECHO, port=port, tls=False)).json["signed"], KEY)
        assert told is not None
        assert (told.port, told.way, told.tls) == (port, Way.HTTP, "")


async def test_a_wrong_key_does_not_verify(point: Point) -> None:
    assert verified((await point.get(ECHO)).json["signed"], KEY[::-1]) is None


@pytest.mark.parametrize(
    ("bind", "host", "source"),
    [("::1", "::1", "::1"), ("::", "::1", "::1"), ("::", "127.0.0.1", "127.0.0.1")],
    ids=["ipv6", "both by ipv6", "both by ipv4"],
)
async def test_ipv6(start: Start, bind: str, host: str, source: str) -> None:
    async with start(bind=bind) as point:
        answer = await (await point.visit(host=host)).get(ECHO)
    assert answer.json["source"] == source


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        (ECHO, "GET", 200),
        ("/healthz", "GET", 200),
        ("/e?n=short", "GET", 400),
        ("/", "GET", 404),
        (ECHO, "POST", 405),
        (ECHO, "OPTIONS", 204),
    ],
)
async def test_every_answer_is_for_pages_of_the_portal_only(
    point: Point, target: str, method: str, status: int
) -> None:
    for origin in (PORTAL, "https://elsewhere.example"):
        answer = await point.get(target, f"Origin: {origin}", method=method)
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == PORTAL
        assert answer.headers["timing-allow-origin"] == PORTAL
        assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Origin", "no-store")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not answer.headers.keys() & {"set-cookie", "location", "strict-transport-security", "server"}


@pytest.mark.parametrize("network", ["Private", "Local"])
async def test_a_preflight_is_told_yes(point: Point, network: str) -> None:
    answer = await point.get(
        ECHO,
        f"Origin: {PORTAL}",
        "Access-Control-Request-Method: GET",
        f"Access-Control-Request-{network}-Network: true",
        method="OPTIONS",
    )
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-methods"] == "GET"
    assert answer.headers[f"access-control-allow-{network.lower()}-network"] == "true"
    assert point.told == []


@pytest.mark.parametrize(
    "query",
    ["", "?", "?n=", "?n=" + "a" * 21, "?n=" + "a" * 65, f"?n={NONCE}!", f"?n={NONCE}%0a", f"?m={NONCE}", "?N=" + NONCE]
    + [f"?n={NONCE}&n={NONCE}", "?n=" + "a" * 21 + "\u00e4"],
)
async def test_a_bad_nonce_is_refused_and_not_told(point: Point, query: str) -> None:
    assert (await point.get(f"/e{query}")).status == 400
    assert point.told == []


@pytest.mark.parametrize("target", [f"http://check.example.net{ECHO}", f"{ECHO}&t=1", f"/e?t=1&n={NONCE}"])
async def test_other_ways_to_write_the_address(point: Point, target: str) -> None:
    assert (await point.get(target, tls=False)).json["nonce"] == NONCE


@pytest.mark.parametrize("target", ["/", "/e/", "/ee", "/E", "//e", "/favicon.ico", "*", "/r/token", "/healthz/x"])
async def test_elsewhere_there_is_nothing(point: Point, target: str) -> None:
    answer = await point.get(target)
    assert answer.status == 404
    assert PORTAL in answer.body.decode()


async def test_head_has_no_body(point: Point) -> None:
    visitor = await point.visit()
    for _ in range(2):  # A body would be taken for the beginning of the second answer.
        answer = await visitor.get(ECHO, method="HEAD")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, OPTIONS")


async def test_what_proxies_wrote_is_kept_readable_and_short(point: Point) -> None:
    answer = await point.get(ECHO, "Via: 1.1 a", 'Via: 1.0 "b\\\u00e9\x01', "X-Forwarded-For: " + '"' * 500, tls=False)
    assert answer.status == 400, "control characters in a header are nobody's"
    answer = await point.get(ECHO, "Via: 1.1 a", 'Via: 1.0 "b\\\u00e9', "X-Forwarded-For: " + '"\\' * 300, tls=False)
    assert answer.json["via"] == '1.1 a, 1.0 "b\\??'
    assert answer.json["forwarded"] == '"\\' * 100
    assert len(answer.json["signed"]) <= LONGEST
    assert verified(answer.json["signed"], KEY) == point.told[-1]


async def test_the_longest_echo_that_can_be_is_one_that_verifies(point: Point) -> None:
    worst = '"' * 200
    answer = await point.get(f"/e?n={'a' * 64}", f"Via: {worst}", f"X-Forwarded-For: {worst}")
    assert verified(answer.json["signed"], KEY) == point.told[-1]


async def test_a_connection_serves_again(point: Point) -> None:
    visitor = await point.visit()
    for number in range(5):
        answer = await visitor.get(f"/e?n={number}{NONCE}")
        assert (answer.json["nonce"], answer.headers["connection"]) == (f"{number}{NONCE}", "keep-alive")
    assert (await visitor.get("/nothing")).status == 404
    assert (await visitor.get("/healthz")).json == {"status": "ok"}


async def test_questions_in_one_packet_are_answered_in_order(point: Point) -> None:
    visitor = await point.visit()
    asked = [f"{number}{NONCE}" for number in range(8)]
    await visitor.say(b"".join(f"GET /e?n={nonce} HTTP/1.1\r\n\r\n".encode() for nonce in asked))
    assert [(await visitor.hear()).json["nonce"] for _ in asked] == asked


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
async def test_a_question_in_many_packets(point: Point, tls: bool) -> None:
    visitor = await point.visit(tls=tls)
    for byte in f"GET {ECHO} HTTP/1.1\r\nHost: x\r\n\r\n".encode():
        await visitor.say(bytes([byte]))
    assert (await visitor.hear()).json["nonce"] == NONCE


@pytest.mark.parametrize(
    "question",
    [f"GET {ECHO} HTTP/1.0\r\n\r\n", f"GET {ECHO} HTTP/1.1\r\nConnection: close\r\n\r\n"]
    + [f"GET {ECHO} HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n"],
    ids=["1.0", "close", "upgrade"],
)
async def test_whoever_wants_no_more_gets_the_echo_and_the_end(point: Point, question: str) -> None:
    visitor = await point.visit(tls=False)
    await visitor.say(question.encode())
    answer = await visitor.hear()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await visitor.is_closed()


@pytest.mark.parametrize(
    ("question", "status"),
    [
        (f"GET {ECHO} HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 413),
        (f"POST {ECHO} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        ("G\x00T / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("EHLO mail.example.org\r\n\r\n", 400),
        ("CONNECT check.example.net:443 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (f"GET {ECHO} HTTP/1.1\r\nX: {'x' * 2048}\r\n\r\n", 431),
        (f"GET /{'x' * 3000}", 431),
    ],
    ids=["body", "chunks", "null", "version", "http2", "smtp", "connect", "long header", "long line"],
)
async def test_what_does_not_fit_is_answered_once_and_ended(point: Point, question: str, status: int) -> None:
    visitor = await point.visit(tls=False)
    await visitor.say(question.encode())
    answer = await visitor.hear()
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert await visitor.is_closed()
    assert point.told == []


async def test_a_head_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(point: Point) -> None:
    rest = len(f"GET {ECHO} HTTP/1.1\r\nX: \r\n\r\n")
    visitor = await point.visit()
    await visitor.say(f"GET {ECHO} HTTP/1.1\r\nX: {'x' * (2048 - rest)}\r\n\r\n".encode())
    assert (await visitor.hear()).status == 200
    await visitor.say(f"GET {ECHO} HTTP/1.1\r\nX: {'x' * (2049 - rest)}\r\n\r\n".encode())
    assert (await visitor.hear()).status == 431


async def test_an_empty_line_between_questions_is_overlooked(point: Point) -> None:
    visitor = await point.visit()
    await visitor.get(ECHO)
    await visitor.say(f"\r\nGET {ECHO} HTTP/1.1\r\n\r\n".encode())
    assert (await visitor.hear()).status == 200


async def test_http_1_1_is_what_tls_agrees_on(start: Start, trusting, authority) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with start() as point:
        point.trusting = context
        visitor = await point.visit()
        assert visitor.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
