"""The report of the page's port test: from the customer's browser, strictly read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.echo import Echo
from diagnostics.looks import Malformed, Verify, answered, checked_nonce, ours, structured
from diagnostics.probes.network_look import BrowserLook, How, Place, PortLook, Try, Turn

VERSION = 1
LATEST = 2**53 - 1
"""The largest whole number that a page can say exactly: milliseconds, far beyond any date."""
LONGEST_TRY = 3_600_000
"""Milliseconds: whatever a computer that slept in the middle of a test measured, it is no more than this."""
MOST_TRIES = 4


class _Ended(StrEnum):
    """All that a page can tell of one try."""

    ANSWER = "answer"
    FAILED = "failed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class _Try:
    how: _Ended
    ms: int
    signed: str


@dataclass(frozen=True, slots=True)
class _Port:
    host: str
    port: int
    tries: tuple[_Try, ...]
    opaque: bool | None
    turn: Turn


@dataclass(frozen=True, slots=True)
class _Clock:
    """Milliseconds since 1970: by the page's clock before and after, and what the portal said in between."""

    sent: int
    received: int
    portal: int


@dataclass(frozen=True, slots=True)
class _Report:
    v: int
    nonce: str
    place: Place
    portal_ok: bool
    clock: _Clock | None
    ports: tuple[_Port, ...]


def read(body: bytes, verify: Verify) -> BrowserLook:
    """What the page reports, our answers in it verified; raises Malformed."""
    report = structured(_Report, body)
    if report.v != VERSION:
        raise Malformed("The report has a form of another version. Load the page again.")
    nonce = checked_nonce(report.nonce)
    skew_ms, within_ms = _skew(report.clock)
    return BrowserLook(
        nonce=nonce,
        place=report.place,
        ports=tuple(_look(port, nonce, verify) for port in report.ports),
        portal_reached=report.portal_ok,
        skew_ms=skew_ms,
        skew_within_ms=within_ms,
    )


def _look(port: _Port, nonce: str, verify: Verify) -> PortLook:
    if len(port.tries) > MOST_TRIES or any(one.ms < 0 for one in port.tries):
        raise Malformed("The report tells of tries that the page does not make.")
    echoes = [ours(one.signed, nonce, port.port, verify) if one.how is _Ended.ANSWER else None for one in port.tries]
    echo = next((one for one in echoes if one), None)
    return PortLook(
        host=port.host,
        port=port.port,
        tries=tuple(_try(one, echo) for one, echo in zip(port.tries, echoes, strict=True)),
        second_look=port.opaque,
        turn=port.turn,
        source=echo.source if echo else "",
        via=(echo.via or echo.forwarded) if echo else "",
    )


def _try(one: _Try, echo: Echo | None) -> Try:
    how = answered(echo) if one.how is _Ended.ANSWER else How(one.how)
    return Try(how, min(one.ms, LONGEST_TRY))


def _skew(clock: _Clock | None) -> tuple[int | None, int]:
    """How far the page's clock is ahead, and within what: the portal's word is from between the other two.

    None where the clock was set while we looked.
    """
    if clock is None or clock.received < clock.sent:
        return None, 0
    if clock.sent < 0 or clock.portal < 0 or max(clock.received, clock.portal) > LATEST:
        raise Malformed("The report tells of times that there are not.")
    round_trip = clock.received - clock.sent
    return clock.sent + round_trip // 2 - clock.portal, (round_trip + 1) // 2
