import importlib
from datetime import UTC, datetime

import pytest

from diagnostics import registry
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    DnsStatus,
    Gap,
    ProbeGroup,
    SendOutcome,
    SmtpConversation,
    SmtpReply,
    SmtpStage,
    Stage,
    Status,
    Strength,
    Transmission,
    Vantage,
    Verdict,
    Who,
)
from diagnostics.models import MessageState
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import TestMessageReport
from portal.console import words
from portal.console.values import Field, Table, fields_of, visible


def test_flat_records_become_a_table_without_empty_columns() -> None:
    ports = ServerPorts(
        (Connection("a.example.org", 80, ConnectOutcome.OPEN), Connection("b.example.org", 443, ConnectOutcome.REFUSED))
    )
    (field,) = fields_of(ports)
    assert field.table == Table(
        ("host", "port", "outcome", "elapsed ms"),
        (("a.example.org", "80", "open", "0"), ("b.example.org", "443", "refused", "0")),
    )


def test_records_that_hold_records_stay_nested() -> None:
    reply = SmtpReply(SmtpStage.BANNER, 220, "mx.example.org ready")
    conversation = SmtpConversation("mx.example.org", ConnectOutcome.OPEN, replies=(reply,), starttls_offered=True)
    (field,) = fields_of(MxConversations((conversation,)))
    inner = {one.label: one for one in field.records[0]}
    assert inner["replies"].table == Table(("stage", "code", "text"), (("banner", "220", "mx.example.org ready"),))
    assert inner["starttls offered"].text == "yes"
    assert "tls issuer" not in inner


def test_a_record_in_a_record_is_shown_with_its_own_labels() -> None:
    sent = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    report = TestMessageReport("example.org", sent, Transmission(SendOutcome.ACCEPTED, "direct"))
    assert fields_of(report)[:3] == (
        Field("domain", "example.org"),
        Field("sent at", "2026-01-02 03:04:05"),
        Field("transmission", records=((Field("outcome", "accepted"), Field("via", "direct")),)),
    )


def test_what_is_empty_is_left_out() -> None:
    assert [field.label for field in fields_of(MxRecords(DnsStatus.NO_DATA))] == ["status"]


def test_the_root_is_a_host_without_a_name() -> None:
    (_status, hosts) = fields_of(MxRecords(DnsStatus.OK, (MxHost(0, ""),)))
    assert hosts.table == Table(("preference",), (("0",),))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("220 ready\r\n250 ok", "220 ready\n250 ok"),
        ("exe.\u202etxt", "exe.\\u202etxt"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("bell\x07 nul\x00 escape\x1b[2J", "bell\\u0007 nul\\u0000 escape\\u001b[2J"),
        ("Grüße, 世界 🙂", "Grüße, 世界 🙂"),
    ],
    ids=["lines", "right to left", "zero width", "controls", "letters"],
)
def test_nothing_stays_invisible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("codes", "known"),
    [
        (Verdict, words.VERDICTS),
        (Verdict, words.VERDICT_TAGS),
        (Status, words.STATUSES),
        (Strength, words.STRENGTHS),
        (Stage, words.STAGES),
        (Who, words.WHO),
        (ProbeGroup, words.GROUPS),
        (Vantage, words.VANTAGES),
        (Gap, words.GAPS),
        (MessageState, words.MESSAGE_STATUSES),
    ],
)
def test_every_code_has_its_words(codes, known) -> None:
    assert set(known) == set(codes)


def test_every_report_has_its_words() -> None:
    assert all(isinstance(registry.observation_type(kind), type) for kind in words.REPORTS)
    modules = (importlib.import_module(name) for name in registry.modules_of("diagnostics.probes"))
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    assert {kind.__name__ for kind in kinds if registry.reported_vantage(kind)} == set(words.REPORTS)


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    assert words.word(words.GAPS, "of_old") == "of old"
