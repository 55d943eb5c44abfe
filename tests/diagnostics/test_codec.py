from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from diagnostics.codec import Unreadable, decode, encode
from diagnostics.domain import (
    Answer,
    Connection,
    ConnectOutcome,
    Diagnosis,
    RankedCause,
    SendOutcome,
    SmtpReply,
    SmtpStage,
    Stage,
    Status,
    Strength,
    Transmission,
    Verdict,
    Who,
    proves,
)
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import TestMessageReport

VALUES = {
    "diagnosis": Diagnosis(
        Verdict.CAUSE_FOUND,
        (RankedCause("mx.null", Strength.PROVES, Stage.ROUTED, (Who.IT, Who.USER), {"domain": "example.org"}),),
        (Answer("mx", Status.PROBLEM, (proves("mx.null", domain="example.org"),)),),
    ),
    "ports": ServerPorts((Connection("clock.example.org", 59777, ConnectOutcome.FILTERED, "192.0.2.1", 5000),)),
    "report": TestMessageReport(
        "example.org",
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        Transmission(
            SendOutcome.REFUSED, "direct", "mx.example.org", replies=(SmtpReply(SmtpStage.RCPT, 550, "5.1.1 nobody"),)
        ),
    ),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_comes_back_from_json_as_it_was(value: object) -> None:
    assert decode(type(value), encode(value)) == value


@dataclass(frozen=True)
class Older:
    host: str


@dataclass(frozen=True)
class Newer:
    host: str
    port: int = 25


def test_evidence_of_an_older_version_takes_the_defaults() -> None:
    assert decode(Newer, encode(Older("mx.example.org"))) == Newer("mx.example.org", 25)


def test_evidence_of_a_newer_version_loses_only_what_is_unknown() -> None:
    assert decode(Older, encode(Newer("mx.example.org", 26))) == Older("mx.example.org")


@pytest.mark.parametrize("stored", [{}, {"host": None, "port": "many"}, {"host": "a", "port": []}])
def test_what_does_not_fit_is_unreadable(stored: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        decode(Newer, stored)
