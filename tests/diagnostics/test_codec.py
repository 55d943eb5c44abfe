import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from diagnostics.codec import Unreadable, as_json, decode, encode
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
class Odd:
    text: str = ""
    number: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)


ODD: dict[str, object] = {
    "NUL": Odd("a\x00b", facts={"said": "\x00"}),
    "what looks like NUL": Odd(r"a\u0000b"),
    "not ASCII": Odd("Grüße \U0001f4e7 \u2028"),
    "a number of many digits": Odd(number=10**30),
    "a mapping that nobody can change": Odd(facts=MappingProxyType({"b": "1", "a": "2"})),
}


@pytest.mark.parametrize("value", (VALUES | ODD).values(), ids=VALUES | ODD)
def test_the_quick_way_to_a_text_says_the_same(value: object) -> None:
    assert json.loads(as_json(value)) == json.loads(json.dumps(encode(value)))


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
