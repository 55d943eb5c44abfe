import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.echo import Echo, Way, sign, verified
from diagnostics.looks import LONGEST, MOST_PORTS, Malformed
from diagnostics.looks.script import Report, read, unfold
from diagnostics.probes.network_look import How, Place

KEY = b"a key for tests only, of 32 bytes"
NONCE = "A" * 22
SECRET = "0123456789abcdef" * 2
HOST = "check.example.net"


def verify(signed: str) -> Echo | None:
    return verified(signed, KEY)


def echo(port: int = 443, nonce: str = NONCE, key: bytes = KEY, **more: Any) -> str:
    return sign(Echo(nonce, port, "203.0.113.7", 1_000_000.5, **more), key)


def tried(**more: Any) -> dict[str, Any]:
    """One port that answered."""
    plain = {
        "host": HOST,
        "port": 443,
        "exit": 0,
        "connected": True,
        "ms": 120,
        "error": "",
        "address": "192.0.2.10",
        "issuer": "CN = Example CA",
        "signed": echo(),
        "proxy": None,
        "proxy_signed": "",
    }
    return plain | more


def failed(code: int, error: str = "", *, connected: bool = False, **more: Any) -> dict[str, Any]:
    return tried(exit=code, error=error, connected=connected, signed="", issuer="", **more)


def report(*ports: dict[str, Any], **more: Any) -> dict[str, Any]:
    plain = {
        "v": 1,
        "token": f"{NONCE}.{SECRET}",
        "place": "device",
        "tool": "bash",
        "portal": 0,
        "clock": None,
        "ports": list(ports),
    }
    return plain | more


def reading(told: dict[str, Any]) -> Report:
    return read(json.dumps(told).encode(), verify)


def test_an_answer_of_ours_is_an_echo_and_tells_the_source() -> None:
    said = reading(report(tried(signed=echo(via="1.1 proxy.example.org"))))
    assert (said.look.nonce, said.secret, said.look.place) == (NONCE, SECRET, Place.DEVICE)
    (port,) = said.look.ports
    assert [(one.how, one.ms) for one in port.tries] == [(How.ECHO, 120)]
    assert (port.host, port.port, port.source, port.via) == (HOST, 443, "203.0.113.7", "1.1 proxy.example.org")
    assert (port.address, port.issuer, port.by_proxy) == ("192.0.2.10", "CN = Example CA", None)
    assert said.look.portal_reached


@pytest.mark.parametrize(
    "signed",
    [echo(port=80), echo(nonce="B" * 22), echo(key=b"another key"), "", "none.at-all", "ü.ü"],
    ids=["other port", "other test", "other key", "none", "garbage", "not ASCII"],
)
def test_an_answer_that_we_did_not_sign_for_this_port_and_test_is_somebody_elses(signed: str) -> None:
    (port,) = reading(report(tried(signed=signed))).look.ports
    assert (set(port.hows), port.source) == ({How.OTHER}, "")


@pytest.mark.parametrize(
    ("told", "how"),
    [
        (failed(6, "Could not resolve host: check.example.net"), How.NO_NAME),
        (failed(28, "Resolving timed out after 6000 milliseconds"), How.DNS_SILENT),
        (failed(7, "Failed to connect to check.example.net port 443"), How.REFUSED),
        (failed(7, "Failed connect to check.example.net:443; Connection timed out"), How.FILTERED),
        (failed(28, "Connection timed out after 6001 milliseconds"), How.FILTERED),
        (failed(28, "SSL connection timeout", connected=True), How.NO_ANSWER),
        (failed(28, "Operation timed out after 10001 milliseconds", connected=True), How.NO_ANSWER),
        (failed(35, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL", connected=True), How.BROKEN_OFF),
        (failed(52, "Empty reply from server", connected=True), How.BROKEN_OFF),
        (failed(55, "Send failure: Broken pipe", connected=True), How.BROKEN_OFF),
        (failed(56, "Recv failure: Connection reset by peer", connected=True), How.BROKEN_OFF),
        (failed(56, "CONNECT tunnel failed, response 403", connected=True), How.PROXY_REFUSED),
        (failed(56, "Received HTTP code 403 from proxy after CONNECT", connected=True), How.PROXY_REFUSED),
        (failed(1, "Received HTTP/0.9 when not allowed", connected=True), How.BROKEN_OFF),
        (failed(1, "Protocol https not supported"), How.UNKNOWN),
        (failed(60, "SSL certificate problem: unable to get local issuer", connected=True), How.CERTIFICATE),
        (failed(51, "SSL: no alternative certificate subject name matches", connected=True), How.CERTIFICATE),
        (failed(22, "", connected=True), How.UNKNOWN),
        (failed(77, "error setting certificate verify locations"), How.UNKNOWN),
        (failed(2, "interrupted"), How.UNKNOWN),
        (failed(-1), How.UNKNOWN),
    ],
    ids=lambda told: f"{told['exit']} {told['error'][:30]}" if isinstance(told, dict) else told.value,
)
def test_curls_exit_code_says_how_it_failed(told: dict[str, Any], how: How) -> None:
    (port,) = reading(report(told)).look.ports
    assert port.hows == {how}


def test_a_failure_is_none_the_better_for_an_answer_beside_it() -> None:
    (port,) = reading(report(failed(28) | {"signed": echo()})).look.ports
    assert (set(port.hows), port.source) == ({How.FILTERED}, "")


@pytest.mark.parametrize(
    ("code", "signed", "how"),
    [
        (None, "", None),
        (0, echo(), How.ECHO),
        (0, "", How.OTHER),
        (0, echo(port=80), How.OTHER),
        (56, "", How.PROXY_REFUSED),
        (97, "", How.PROXY_REFUSED),
        (28, "", How.SILENT),
        (35, "", How.BROKEN_OFF),
        (60, "", How.CERTIFICATE),
        (5, "", How.UNKNOWN),
        (7, echo(), How.UNKNOWN),
    ],
)
def test_the_way_through_the_proxy_is_judged_by_itself(code: int | None, signed: str, how: How | None) -> None:
    (port,) = reading(report(failed(28, proxy=code, proxy_signed=signed))).look.ports
    assert (set(port.hows), port.by_proxy) == ({How.FILTERED}, how)
    assert port.source == ("203.0.113.7" if how is How.ECHO else "")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
        ("check.example.net", ""),
        ("192.0.2.10:443", ""),
    ],
)
def test_only_an_address_is_kept_as_one(address: str, kept: str) -> None:
    (port,) = reading(report(tried(address=address))).look.ports
    assert port.address == kept


def test_an_issuer_is_one_short_line() -> None:
    (port,) = reading(report(tried(issuer="CN = Firewall\x1b[2J\n\ud800" + "x" * 500))).look.ports
    assert port.issuer.startswith("CN = Firewall[2Jxx")
    assert len(port.issuer) == 200


@pytest.mark.parametrize(("ms", "kept"), [(-5, 0), (120, 120), (10**12, 600_000)])
def test_a_time_is_within_reason(ms: int, kept: int) -> None:
    (port,) = reading(report(tried(ms=ms))).look.ports
    assert port.tries[0].ms == kept


def test_a_portal_that_was_not_reached_is_told() -> None:
    assert not reading(report(tried(), portal=7)).look.portal_reached


@pytest.mark.parametrize(
    ("sent", "received", "skew_ms", "within_ms"),
    [
        # Our answer is of 1 000 000.5; whole seconds may have been cut off both other times.
        (1_000_000, 1_000_000, 0, 500),
        (1_000_000, 1_000_001, 500, 1_000),
        (1_000_300, 1_000_300, 300_000, 500),
        (999_700, 999_700, -300_000, 500),
    ],
)
def test_the_clock_is_compared_with_our_answer(sent: int, received: int, skew_ms: int, within_ms: int) -> None:
    look = reading(report(tried(), clock={"sent": sent, "received": received, "at": echo()})).look
    assert (look.skew_ms, look.skew_within_ms) == (skew_ms, within_ms)


@pytest.mark.parametrize(
    "clock",
    [
        None,
        {"sent": 1_000_000, "received": 1_000_001, "at": ""},
        {"sent": 1_000_000, "received": 1_000_001, "at": echo(nonce="B" * 22)},
        {"sent": 1_000_001, "received": 1_000_000, "at": echo()},
        {"sent": 1_000_000, "received": 1_000_900, "at": echo()},
    ],
    ids=["none", "no answer", "of another test", "set back meanwhile", "set forward meanwhile"],
)
def test_a_clock_that_cannot_be_compared_is_not(clock: dict[str, Any] | None) -> None:
    assert reading(report(tried(), clock=clock)).look.skew_ms is None


def test_a_plain_answer_on_port_80_counts_like_any_other() -> None:
    (port,) = reading(report(tried(port=80, issuer="", signed=echo(80, way=Way.HTTP)))).look.ports
    assert port.echoed


def without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: {name: value for name, value in told.items() if name != key}


@pytest.mark.parametrize(
    "told",
    [
        without("token")(report(tried())),
        report(tried(), token=NONCE),
        report(tried(), token=f"{NONCE}.{SECRET[:-1]}"),
        report(tried(), token=f"{NONCE}.\ud800"),
        report(tried(), token=f"short.{SECRET}"),
        report(tried(), v=2),
        report(tried(), v=True),
        report(tried(), place="moon"),
        report(tried(), tool="perl"),
        report(tried(), portal="0"),
        report(tried(), portal=None),
        report(tried(), extra=1),
        report(tried(), clock={"sent": 1, "received": 2}),
        report(tried(), clock={"sent": -1, "received": 2, "at": ""}),
        report(tried(), clock={"sent": 1, "received": 10**400, "at": ""}),
        report(tried(), clock={"sent": 1.5, "received": 2, "at": ""}),
        report(tried(extra=1)),
        report(without("exit")(tried())),
        report(tried(exit="0")),
        report(tried(exit=0.0)),
        report(tried(connected=1)),
        report(tried(proxy="0")),
        report(tried(host=None)),
        report(tried(error="a\x00b")),
        report(*[tried()] * (MOST_PORTS + 1)),
        report(ports={"host": HOST}),
        report(ports=None),
    ],
    ids=lambda told: str(told)[-40:],
)
def test_what_does_not_have_the_form_is_refused_in_one_sentence(told: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as refused:
        reading(told)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 9000, b'"x"', b"NaN"])
def test_what_is_no_report_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, verify)


def test_a_report_is_16_kilobytes_at_most() -> None:
    body = json.dumps(report(tried())).encode()
    assert read(body.ljust(LONGEST), verify).look.ports
    with pytest.raises(Malformed, match="longer than 16384 bytes"):
        read(body.ljust(LONGEST + 1), verify)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(report())), _json)
def test_whatever_stands_in_a_report_it_is_read_or_malformed(key: str, value: Any) -> None:
    _read_or_malformed(json.dumps(report(tried()) | {key: value}).encode())


@given(st.sampled_from(sorted(tried())), _json)
def test_whatever_stands_in_a_port_it_is_read_or_malformed(key: str, value: Any) -> None:
    _read_or_malformed(json.dumps(report(tried(**{key: value}))).encode())


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_malformed(body: bytes) -> None:
    _read_or_malformed(body)


@given(st.text(max_size=300), st.text(max_size=60))
def test_whatever_is_pasted_is_unfolded_or_malformed(around: str, inside: str) -> None:
    for text in (around, f"{around}\n-----BEGIN NETWORK REPORT-----{inside}-----END NETWORK REPORT-----"):
        with suppress(Malformed):
            _read_or_malformed(unfold(text))


def _read_or_malformed(body: bytes) -> None:
    try:
        told = read(body, verify)
    except Malformed:
        return
    json.dumps(told.look.skew_ms)
    assert told.look.nonce
    told.secret.encode()


# --- pasted ----------------------------------------------------------------------------------------------------------

BODY = json.dumps(report(tried(), failed(28) | {"port": 59777})).encode()


def block(width: int = 76) -> list[str]:
    """The lines that the script prints."""
    packed = base64.b64encode(BODY).decode()
    lines = [packed[at : at + width] for at in range(0, len(packed), width)]
    return ["-----BEGIN NETWORK REPORT-----", *lines, "-----END NETWORK REPORT-----"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(block()),
        "\r\n".join(block()),
        "\n".join(f"> {line}" for line in block()),
        "\n".join(f"> > {line}" for line in block()),
        "\n".join(f"    {line}  " for line in block()),
        "\n\n".join(block(40)),
        "".join(block()),
        "Hello,\nplease see below.\n\n" + "\n".join(block()) + "\n\nRegards,\nthe network team -- 2nd floor",
        "\n".join(block()).replace("-----", "\u2014\u2014\u2014"),
        "\n".join(block()).replace("\n", "\u00a0\n"),
        f"  {BODY.decode()}\n",
    ],
    ids=[
        *(
            "as printed",
            "CRLF",
            "quoted",
            "quoted twice",
            "indented",
            "wrapped",
            "one line",
            "in a mail",
            "long dashes",
        ),
        *("hard spaces", "the JSON itself"),
    ],
)
def test_a_block_survives_its_way_through_mail(text: str) -> None:
    assert read(unfold(text), verify) == read(BODY, verify)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no report"),
        ("bash: curl: command not found", "no report"),
        ("\n".join(block()[1:]), "no report"),
        ("\n".join(block()[:-1]), "end of the report is missing"),
        ("\n".join(block()[:3]), "end of the report is missing"),
        ("\n".join(reversed(block())), "end of the report is missing"),
        ("\n".join(block() * 2), "more than one"),
        ("\n".join([*block()[:2], block()[2][:-1], *block()[3:]]), "damaged"),
        ("\n".join([*block()[:2], "écran", *block()[2:]]), "damaged"),
    ],
    ids=[
        *("nothing", "an error", "no beginning", "no end", "cut short", "upside down", "two", "a letter lost", "words"),
    ],
)
def test_a_block_that_did_not_come_whole_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        unfold(text)


def test_a_block_that_lost_lines_in_its_middle_is_refused() -> None:
    lines = block()
    with pytest.raises(Malformed, match="Was it cut off"):
        read(unfold("\n".join([*lines[:2], *lines[3:]])), verify)


@pytest.mark.parametrize("filling", ["-", " ", "-\n", "> "], ids=["dashes", "blanks", "lines", "quotes"])
def test_a_paste_of_a_million_signs_ends(filling: str) -> None:
    """By pytest's own limit: an expression that goes back over them would take hours."""
    for text in (f"x{filling * 1_000_000}", f"-----BEGIN NETWORK REPORT-----{filling * 1_000_000}x"):
        with pytest.raises(Malformed):
            unfold(text)
