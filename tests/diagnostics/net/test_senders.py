"""A test message is handed over at most once, and what became of it is said honestly."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from time import perf_counter
from typing import Any

import dns.message
import dns.rcode
import pytest
from anymail.backends import test as anymail_test  # type: ignore[import-untyped]
from anymail.exceptions import AnymailUnsupportedFeature  # type: ignore[import-untyped]
from anymail.message import AnymailRecipientStatus  # type: ignore[import-untyped]

from diagnostics.domain import Address, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.net.senders import sender, senders
from diagnostics.net.senders.direct import Direct
from diagnostics.net.senders.django import DjangoBackend
from diagnostics.net.wire import SmtpLimits

from .conftest import QUICK_SMTP, Listener, NameServer, Talk, listener, network, reply
from .smtp_server import CLOSE, RESET, SILENCE, MailServer

ANNA = Address("anna", "mail.test")
FROM = "bounce@sender.example.org"
MESSAGE = b"Subject: code\r\nMessage-ID: <1@sender.example.org>\r\n\r\nYour code\r\n.hidden dot\r\n..two\r\n"


def test_both_senders_are_found_by_their_file_names() -> None:
    net = network()
    assert senders() == ("direct", "django")
    assert [sender(slug, net).slug for slug in senders()] == ["direct", "django"]
    with pytest.raises(ValueError, match="no sender 'pigeon'"):
        sender("pigeon", net)


# --- straight to the MX -----------------------------------------------------------------------------------------------


async def deliver(
    dns_server: NameServer,
    *servers: Talk,
    tls_required: bool = False,
    limits: SmtpLimits = QUICK_SMTP,
    recipient: Address = ANNA,
    **config: Any,
) -> Transmission:
    """Send to mail.test, whose MX are the servers in that order."""
    dial_map = {}
    async with AsyncExitStack() as running:
        found = [await running.enter_async_context(listener(server)) for server in servers]
        dns_server.records["mail.test", "MX"] = [f"{10 * n} mx{n}.test." for n in range(1, len(servers) + 1)]
        for n, one in enumerate(found, 1):
            dns_server.records[f"mx{n}.test", "A"] = [f"198.51.100.{n}"]
            dns_server.records[f"mx{n}.test", "AAAA"] = []
            dial_map[f"198.51.100.{n}:25"] = one.endpoint
        way = direct(dns_server, limits, dial_map=dial_map, **config)
        return await way.send(MESSAGE, FROM, recipient, tls_required=tls_required)


def direct(dns_server: NameServer, limits: SmtpLimits = QUICK_SMTP, **config: Any) -> Direct:
    net = network(nameservers=(dns_server.endpoint,), helo_name="probe.example.org", **config)
    return Direct(net, limits, pauses=(0.01, 0.01))


async def test_an_accepted_message_arrives_as_it_was_written(dns_server) -> None:
    server = MailServer()
    sent = await deliver(dns_server, server)
    assert sent == Transmission(
        outcome=SendOutcome.ACCEPTED,
        via="direct",
        host="mx1.test",
        address="198.51.100.1",
        replies=(
            SmtpReply(SmtpStage.BANNER, 220, "mx.test ready"),
            SmtpReply(SmtpStage.EHLO, 250, "mx.test\nSIZE 1000\n8BITMIME"),
            SmtpReply(SmtpStage.MAIL, 250, "2.1.0 ok"),
            SmtpReply(SmtpStage.RCPT, 250, "2.1.5 ok"),
            SmtpReply(SmtpStage.DATA, 354, "go on"),
            SmtpReply(SmtpStage.CONTENT, 250, "2.0.0 queued as 1"),
            SmtpReply(SmtpStage.QUIT, 221, "bye"),
        ),
    )
    assert sent.decisive == SmtpReply(SmtpStage.CONTENT, 250, "2.0.0 queued as 1")
    assert server.commands == [
        "EHLO probe.example.org",
        f"MAIL FROM:<{FROM}> SIZE={len(MESSAGE)}",
        "RCPT TO:<anna@mail.test>",
        "DATA",
        "QUIT",
    ]
    stuffed = MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    assert server.messages == [stuffed]


async def test_bare_line_feeds_become_line_ends(dns_server) -> None:
    server = MailServer()
    async with listener(server) as found:
        dns_server.records |= {("mail.test", "MX"): ["10 mx1.test."], ("mx1.test", "A"): ["198.51.100.1"]}
        way = direct(dns_server, dial_map={"198.51.100.1:25": found.endpoint})
        await way.send(b"Subject: a\n\nb\n.\nMAIL FROM:<x>\n", FROM, ANNA)
    assert server.messages == [b"Subject: a\r\n\r\nb\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"]


@pytest.mark.parametrize(
    ("says", "outcome", "decisive"),
    [
        ({"banner": "554 5.7.1 blocked"}, SendOutcome.REFUSED, ("banner", 554)),
        ({"banner": "421 busy"}, SendOutcome.DEFERRED, ("banner", 421)),
        ({"EHLO": "550 no", "HELO": "550 no"}, SendOutcome.REFUSED, ("ehlo", 550)),
        ({"MAIL": "451 4.7.1 later"}, SendOutcome.DEFERRED, ("mail", 451)),
        ({"RCPT": "550 5.1.1 unknown"}, SendOutcome.REFUSED, ("rcpt", 550)),
        ({"RCPT": "450 4.2.0 greylisted"}, SendOutcome.DEFERRED, ("rcpt", 450)),
        ({"DATA": "554 no"}, SendOutcome.REFUSED, ("data", 554)),
        ({"content": "550 5.7.1 spam"}, SendOutcome.REFUSED, ("content", 550)),
        ({"content": "451 4.3.0 later"}, SendOutcome.DEFERRED, ("content", 451)),
        ({"content": "299 fine"}, SendOutcome.ACCEPTED, ("content", 299)),
        ({"RCPT": "252 2.5.2 will try"}, SendOutcome.ACCEPTED, ("content", 250)),
        ({"MAIL": "251 2.1.0 fine"}, SendOutcome.ACCEPTED, ("content", 250)),
        ({"RCPT": "354 what"}, SendOutcome.UNREACHABLE, ("rcpt", 354)),
        ({"content": "354 what"}, SendOutcome.UNKNOWN, ("content", 354)),
        ({"content": "whatever"}, SendOutcome.UNKNOWN, ("content", 0)),
        ({"content": CLOSE}, SendOutcome.UNKNOWN, ("data", 354)),
        ({"content": RESET}, SendOutcome.UNKNOWN, ("data", 354)),
        ({"content": SILENCE}, SendOutcome.UNKNOWN, ("data", 354)),
        ({"DATA": CLOSE}, SendOutcome.UNREACHABLE, ("rcpt", 250)),
        ({"DATA": SILENCE}, SendOutcome.UNREACHABLE, ("rcpt", 250)),
        ({"MAIL": RESET}, SendOutcome.UNREACHABLE, ("ehlo", 250)),
        ({"banner": "HTTP/1.1 200 OK"}, SendOutcome.UNREACHABLE, ("banner", 0)),
        ({"QUIT": CLOSE}, SendOutcome.ACCEPTED, ("content", 250)),
        ({"QUIT": SILENCE}, SendOutcome.ACCEPTED, ("content", 250)),
    ],
    ids=lambda value: " ".join(f"{k}={v[:12]}" for k, v in value.items()) if isinstance(value, dict) else None,
)
async def test_what_the_server_says_decides(dns_server, says, outcome, decisive) -> None:
    server = MailServer(says)
    sent = await deliver(dns_server, server)
    assert sent.outcome is outcome
    assert sent.decisive is not None
    assert (sent.decisive.stage.value, sent.decisive.code) == decisive
    assert server.verbs.count("DATA") <= 1


@pytest.mark.parametrize(
    ("first", "second_asked"),
    [
        ({"banner": CLOSE}, True),
        ({"banner": "421 busy"}, True),
        ({"RCPT": "450 4.2.0 greylisted"}, True),
        ({"DATA": "451 later"}, True),
        ({"DATA": CLOSE}, True),
        ({"RCPT": "550 5.1.1 unknown"}, False),
        ({"banner": "554 no"}, True),
        ({"EHLO": "554 no", "HELO": "554 no"}, True),
        ({"EHLO": "421 busy"}, True),
        ({"MAIL": "550 no"}, False),
        ({"content": "451 later"}, False),
        ({"content": "550 no"}, False),
        ({"content": CLOSE}, False),
        ({"content": SILENCE}, False),
    ],
    ids=lambda value: " ".join(f"{k}={v[:12]}" for k, v in value.items()) if isinstance(value, dict) else str(value),
)
async def test_the_next_host_is_tried_only_while_nothing_has_been_handed_over(dns_server, first, second_asked) -> None:
    second = MailServer()
    sent = await deliver(dns_server, MailServer(first), second)
    assert len(second.messages) == second_asked
    assert (sent.outcome is SendOutcome.ACCEPTED) == second_asked
    assert sent.host == ("mx2.test" if second_asked else "mx1.test")


async def test_where_every_host_defers_the_first_reply_is_told(dns_server) -> None:
    sent = await deliver(dns_server, MailServer({"RCPT": "450 4.2.0 greylisted"}), MailServer({"banner": CLOSE}))
    assert (sent.outcome, sent.host) == (SendOutcome.DEFERRED, "mx1.test")
    assert sent.replies[-2] == SmtpReply(SmtpStage.RCPT, 450, "4.2.0 greylisted")


BLOCKED: dict[str, str | bytes] = {"banner": "554 5.7.1 blocked"}
GREYLISTED = {"RCPT": "450 4.2.0 greylisted"}


@pytest.mark.parametrize(
    ("hosts", "outcome", "host"),
    [
        ([BLOCKED, {"banner": CLOSE}], SendOutcome.REFUSED, "mx1.test"),
        ([{"banner": CLOSE}, BLOCKED], SendOutcome.REFUSED, "mx2.test"),
        ([BLOCKED, {"banner": "421 busy"}], SendOutcome.REFUSED, "mx1.test"),
        ([{"EHLO": "421 busy"}, BLOCKED], SendOutcome.DEFERRED, "mx1.test"),
        ([BLOCKED, GREYLISTED], SendOutcome.DEFERRED, "mx2.test"),
        ([GREYLISTED, BLOCKED], SendOutcome.DEFERRED, "mx1.test"),
        ([BLOCKED, {"RCPT": "550 5.1.1 unknown"}], SendOutcome.REFUSED, "mx2.test"),
        ([BLOCKED, {"content": SILENCE}], SendOutcome.UNKNOWN, "mx2.test"),
    ],
    ids=[
        "refused, closed",
        "closed, refused",
        "refused, busy",
        "busy, refused",
        "refused, greylisted",
        "greylisted, refused",
        "refused, no such mailbox",
        "refused, no reply to the content",
    ],
)
async def test_a_refusal_before_mail_is_told_only_if_no_host_goes_further(dns_server, hosts, outcome, host) -> None:
    sent = await deliver(dns_server, *(MailServer(says) for says in hosts))
    assert (sent.outcome, sent.host) == (outcome, host)


async def test_a_refusal_is_told_even_if_the_time_ends_at_the_next_host(dns_server) -> None:
    limits = replace(QUICK_SMTP, banner=5.0, total=0.5)
    sent = await deliver(dns_server, MailServer(BLOCKED), MailServer({"banner": SILENCE}), limits=limits)
    assert (sent.outcome, sent.host) == (SendOutcome.REFUSED, "mx1.test")
    assert sent.replies[0] == SmtpReply(SmtpStage.BANNER, 554, "5.7.1 blocked")


async def test_a_banner_may_take_longer_than_other_replies(dns_server) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await MailServer()(reader, writer)

    limits = replace(QUICK_SMTP, banner=1.0, reply=0.15)
    assert (await deliver(dns_server, late, limits=limits)).outcome is SendOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("mx", "detail"),
    [
        (dns.rcode.SERVFAIL, "the domain could not be looked up"),
        (dns.rcode.NXDOMAIN, "no such domain"),
        (["0 ."], "null MX: the domain takes no mail"),
        (["10 127.0.0.1."], "the MX names an address where a host name belongs"),
        (["10 gone.test."], "no such name"),
        (["10 inside.test."], "not a public address"),
        (["10 meta.test."], "not a public address"),
        (["10 mapped.test."], "not a public address"),
        (["10 nat64.test."], "not a public address"),
        (["10 circle.test."], "the name could not be looked up"),
        ([], "no such name"),
    ],
)
async def test_where_no_host_can_be_talked_to_nothing_is_handed_over(dns_server, mx, detail) -> None:
    dns_server.records = {
        ("mail.test", "MX"): mx,
        ("inside.test", "A"): ["127.0.0.1"],
        ("meta.test", "A"): ["169.254.169.254"],
        ("mapped.test", "AAAA"): ["::ffff:10.0.0.1"],
        ("nat64.test", "AAAA"): ["64:ff9b::7f00:1"],
        ("circle.test", "A"): ["CNAME circle.test."],
    }
    async with listener(MailServer()) as server:
        sent = await direct(dns_server, dial_map={"198.51.100.1:25": server.endpoint}).send(MESSAGE, FROM, ANNA)
    assert (sent.outcome, sent.detail) == (SendOutcome.UNREACHABLE, detail)
    assert server.connections == 0


@pytest.mark.parametrize("name", [("mail.test", "MX"), ("mx1.test", "A")], ids=["the domain", "its host"])
async def test_what_cannot_be_looked_up_for_a_moment_is_looked_up_again(dns_server, name: tuple[str, str]) -> None:
    right = {("mail.test", "MX"): ["10 mx1.test."], ("mx1.test", "A"): ["198.51.100.1"]}

    def fails_at_first(server: NameServer, query: dns.message.Message) -> list[bytes]:
        server.records[name] = right[name]
        return [reply(query, rcode=dns.rcode.SERVFAIL).to_wire()]

    dns_server.records = {**right, ("mx1.test", "AAAA"): dns.rcode.SERVFAIL, name: fails_at_first}
    async with listener(MailServer()) as server:
        sent = await direct(dns_server, dial_map={"198.51.100.1:25": server.endpoint}).send(MESSAGE, FROM, ANNA)
    assert sent.outcome is SendOutcome.ACCEPTED


async def test_a_domain_without_mx_takes_mail_at_its_address(dns_server) -> None:
    dns_server.records = {("mail.test", "MX"): [], ("mail.test", "A"): ["198.51.100.1"]}
    async with listener(MailServer()) as server:
        sent = await direct(dns_server, dial_map={"198.51.100.1:25": server.endpoint}).send(MESSAGE, FROM, ANNA)
    assert (sent.outcome, sent.host) == (SendOutcome.ACCEPTED, "mail.test")


async def test_encryption_is_used_where_offered_whoever_signed_it(dns_server, server_tls) -> None:
    server = MailServer(tls=server_tls("other.test"))
    sent = await deliver(dns_server, server)
    assert (sent.outcome, sent.tls_version) == (SendOutcome.ACCEPTED, "TLSv1.3")
    assert server.verbs == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("required", [False, True], ids=["wanted", "required"])
@pytest.mark.parametrize("handshake", ["this is no handshake", CLOSE, RESET, SILENCE], ids=lambda it: it or "CLOSE")
async def test_where_the_handshake_fails_the_message_goes_in_the_clear_unless_tls_is_required(
    dns_server, handshake: str, required: bool
) -> None:
    server = MailServer(handshake=handshake)
    sent = await deliver(dns_server, server, tls_required=required, limits=replace(QUICK_SMTP, total=3.0))
    assert sent.outcome is (SendOutcome.UNREACHABLE if required else SendOutcome.ACCEPTED)
    assert sent.detail.startswith("TLS: ") == required
    assert sent.tls_version == ""
    assert server.verbs == ["EHLO", "STARTTLS", *([] if required else ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"])]
    assert len(server.messages) == (not required)


@pytest.mark.parametrize("trusted", [True, False], ids=["verified", "not verified"])
async def test_required_encryption_is_verified(dns_server, server_tls, ca_file, trusted) -> None:
    server = MailServer(tls=server_tls("mx1.test"))
    sent = await deliver(dns_server, server, tls_required=True, ca_file=ca_file if trusted else "")
    assert sent.outcome is (SendOutcome.ACCEPTED if trusted else SendOutcome.UNREACHABLE)
    assert len(server.messages) == trusted


@pytest.mark.parametrize(
    ("ehlo", "outcome"),
    [("250 mx1.test", SendOutcome.UNREACHABLE), ("250-mx1.test\r\n250 SMTPUTF8", SendOutcome.ACCEPTED)],
    ids=["not offered", "offered"],
)
async def test_an_address_beyond_ascii_is_named_only_to_who_can_read_it(dns_server, ehlo, outcome) -> None:
    server = MailServer(says={"EHLO": ehlo})
    sent = await deliver(dns_server, server, recipient=Address("müller", "mail.test"))
    assert sent.outcome is outcome
    assert ("RCPT" in server.verbs) == (outcome is SendOutcome.ACCEPTED)


async def test_required_encryption_that_is_not_offered_keeps_the_message_back(dns_server) -> None:
    server = MailServer()
    sent = await deliver(dns_server, server, tls_required=True)
    assert (sent.outcome, sent.detail) == (SendOutcome.UNREACHABLE, "TLS is required and was not offered")
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize("bad", ["a\r\nDATA", "a>b", "a b", "a\x00", "\u202ea"])
async def test_an_address_cannot_bring_commands_along(dns_server, bad: str) -> None:
    with pytest.raises(ValueError, match="envelope address"):
        await direct(dns_server).send(MESSAGE, FROM, Address(bad, "mail.test"))
    assert dns_server.asked == []


# --- over a Django e-mail backend -------------------------------------------------------------------------------------


@pytest.fixture
def relay(settings):
    """Points Django's SMTP backend at a server of the test."""

    def use(server: Listener) -> DjangoBackend:
        host, _, port = server.endpoint.rpartition(":")
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = host, int(port), 0.4
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        return DjangoBackend("django.core.mail.backends.smtp.EmailBackend", timeout=3)

    return use


@pytest.mark.parametrize(
    ("says", "outcome", "decisive"),
    [
        ({}, SendOutcome.RELAYED, None),
        ({"banner": "554 go away"}, SendOutcome.UNREACHABLE, ("banner", 554)),
        ({"banner": CLOSE}, SendOutcome.UNREACHABLE, None),
        ({"MAIL": "550 5.7.1 not you"}, SendOutcome.REFUSED, ("mail", 550)),
        ({"RCPT": "550 5.1.1 unknown"}, SendOutcome.REFUSED, ("rcpt", 550)),
        ({"RCPT": "450 4.2.0 later"}, SendOutcome.DEFERRED, ("rcpt", 450)),
        ({"content": "552 5.2.2 full"}, SendOutcome.REFUSED, ("content", 552)),
        ({"content": "451 later"}, SendOutcome.DEFERRED, ("content", 451)),
        ({"content": CLOSE}, SendOutcome.UNKNOWN, None),
        ({"content": SILENCE}, SendOutcome.UNKNOWN, None),
    ],
    ids=lambda value: " ".join(f"{k}={v[:12]}" for k, v in value.items()) if isinstance(value, dict) else None,
)
async def test_what_a_relay_says_decides(relay, says, outcome, decisive) -> None:
    async with listener(MailServer({"RSET": "250 ok", **says})) as server:
        sent = await relay(server).send(MESSAGE, FROM, ANNA)
    assert (sent.outcome, sent.via) == (outcome, "django")
    assert (sent.decisive and (sent.decisive.stage.value, sent.decisive.code)) == decisive


async def test_a_relay_gets_the_same_headers_and_text(relay) -> None:
    server = MailServer()
    async with listener(server) as found:
        await relay(found).send(
            b"From: Codes <codes@example.org>\r\nTo: x@example.org\r\nSubject: =?utf-8?q?Ihr_Schl=C3=BCssel?=\r\n"
            b"Message-ID: <7@sender.example.org>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            b"f\xc3\xbcr Sie: 123456\r\n",
            FROM,
            ANNA,
        )
    assert f"mail FROM:<{FROM}>" in " ".join(server.commands)
    content = server.messages[0].decode()
    for header in (
        "From: Codes <codes@example.org>",
        "To: anna@mail.test",
        "Subject: =?utf-8?q?Ihr_Schl=C3=BCssel?=",
        "Message-ID: <7@sender.example.org>",
        "Auto-Submitted: auto-generated",
    ):
        assert content.count(header) == 1
    assert "123456" in content


async def test_a_relay_that_nobody_answers_at_is_unreachable(relay, closed_port) -> None:
    sent = await relay(Listener(closed_port)).send(MESSAGE, FROM, ANNA)
    assert sent.outcome is SendOutcome.UNREACHABLE
    assert "ConnectionRefusedError" in sent.detail


async def test_a_relay_without_encryption_does_not_get_a_message_that_requires_it(relay) -> None:
    async with listener(MailServer()) as server:
        sent = await relay(server).send(MESSAGE, FROM, ANNA, tls_required=True)
    assert sent.outcome is SendOutcome.UNREACHABLE
    assert server.connections == 0


async def test_a_backend_that_takes_too_long_leaves_the_outcome_unknown(relay, settings) -> None:
    async with listener(MailServer({"content": SILENCE})) as server:
        way = relay(server)
        settings.EMAIL_TIMEOUT = 2
        started = perf_counter()
        sent = await DjangoBackend(way.backend, timeout=0.3).send(MESSAGE, FROM, ANNA)
        assert perf_counter() - started < settings.EMAIL_TIMEOUT
    assert sent.outcome is SendOutcome.UNKNOWN


async def test_a_backend_with_exceptions_of_its_own_leaves_the_outcome_unknown() -> None:
    sent = await DjangoBackend(f"{__name__}.Faulty").send(MESSAGE, FROM, ANNA)
    assert (sent.outcome, sent.detail) == (SendOutcome.UNKNOWN, "the mail backend failed")


async def test_a_backend_that_keeps_mail_in_memory_has_taken_it(mailoutbox) -> None:
    sent = await DjangoBackend("django.core.mail.backends.locmem.EmailBackend").send(MESSAGE, FROM, ANNA)
    assert sent.outcome is SendOutcome.RELAYED
    assert [(mail.subject, mail.to, mail.from_email) for mail in mailoutbox] == [("code", ["anna@mail.test"], FROM)]


# --- over a service of django-anymail ---


RETURN_PATH = "bounces+token@bounces.example.org"
WRITER = "Codes <codes@example.org>"
WRITTEN = f"From: {WRITER}\r\n".encode() + MESSAGE


async def test_a_service_is_told_the_return_path(mailoutbox) -> None:
    sent = await DjangoBackend(f"{__name__}.Service").send(WRITTEN, RETURN_PATH, ANNA)
    params = mailoutbox[0].anymail_test_params
    assert (sent.outcome, sent.service_id) == (SendOutcome.RELAYED, "service-1")
    assert params["envelope_sender"] == RETURN_PATH
    assert str(params["from"]) == WRITER


async def test_where_the_return_path_is_the_sender_there_is_nothing_to_tell(mailoutbox) -> None:
    await DjangoBackend(f"{__name__}.Service").send(WRITTEN, "codes@example.org", ANNA)
    params = mailoutbox[0].anymail_test_params
    assert "envelope_sender" not in params
    assert str(params["from"]) == WRITER


async def test_a_service_with_return_paths_of_its_own_gets_the_message_without(mailoutbox) -> None:
    sent = await DjangoBackend(f"{__name__}.OwnReturnPaths").send(WRITTEN, RETURN_PATH, ANNA)
    assert sent.outcome is SendOutcome.RELAYED
    assert [mail.from_email for mail in mailoutbox] == [WRITER]


async def test_a_service_that_can_do_nothing_with_the_message_has_sent_nothing() -> None:
    sent = await DjangoBackend(f"{__name__}.Unable").send(WRITTEN, RETURN_PATH, ANNA)
    assert sent.outcome is SendOutcome.UNREACHABLE


async def test_a_service_that_does_not_send_to_the_address_says_no_more_than_that(mailoutbox) -> None:
    sent = await DjangoBackend(f"{__name__}.Suppressing").send(WRITTEN, FROM, ANNA)
    assert (sent.outcome, sent.replies, sent.detail) == (SendOutcome.REFUSED, (), "")


class Service(anymail_test.EmailBackend):  # type: ignore[misc]
    def get_esp_message_id(self, message):
        return "service-1"


class OwnReturnPaths(anymail_test.EmailBackend):  # type: ignore[misc]
    """As most services are: the envelope's sender cannot be chosen."""

    def build_message_payload(self, message, defaults):
        if "From" in message.extra_headers:
            raise AnymailUnsupportedFeature("this service does not support envelope_sender")
        return super().build_message_payload(message, defaults)


class Unable(anymail_test.EmailBackend):  # type: ignore[misc]
    def build_message_payload(self, message, defaults):
        raise AnymailUnsupportedFeature("this service cannot do that at all")


class Suppressing(anymail_test.EmailBackend):  # type: ignore[misc]
    def parse_recipient_status(self, response, payload, message):
        return {one: AnymailRecipientStatus("1", "rejected") for one in payload.recipient_emails}


class Faulty:
    """A backend in the manner of a sending service's client."""

    def __init__(self, **options: object) -> None:
        self.options = options

    def open(self) -> None:
        return None

    def close(self) -> None:
        return None

    def send_messages(self, messages: list[object]) -> int:
        raise LookupError("the service answered something new")
