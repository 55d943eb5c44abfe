import asyncio
import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import pytest

from diagnostics.domain import SmtpStage
from diagnostics.lab.behaviours import Bounce, Encryption, Folder, Smtp
from diagnostics.lab.bounce import delivery_status
from diagnostics.lab.mailbox import folder_of, keep, kept
from diagnostics.lab.returned import LabBounces
from diagnostics.lab.serve import Lab
from diagnostics.replies.bounces import read_bounce
from tests.diagnostics.lab.staging import HOST, Stage, connect, smtp_client

T = TypeVar("T")

SENDER = "codes@example.org"
RECIPIENT = "anna@example.test"
MESSAGE = b"Subject: Your test code\r\n\r\n..two dots\r\n123456\r\n"


async def talk(lab: Lab, conversation: Callable[[smtplib.SMTP], T]) -> T:
    """Run a conversation of the standard library's client beside the lab's event loop."""

    def run() -> T:
        client = smtp_client(lab)
        try:
            return conversation(client)
        finally:
            client.close()

    return await asyncio.to_thread(run)


def send(client: smtplib.SMTP, recipient: str = RECIPIENT) -> tuple[int, bytes]:
    """The decisive reply to a message."""
    client.ehlo()
    for command, argument in (("mail", f"FROM:<{SENDER}>"), ("rcpt", f"TO:<{recipient}>")):
        code, text = client.docmd(command, argument)
        if code >= 400:
            return code, text
    try:
        return client.data(MESSAGE)
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code, refused.smtp_error  # type: ignore[return-value]


async def test_a_healthy_server_takes_a_message_and_keeps_it_as_it_was(stage: Stage) -> None:
    async with stage({25: Smtp()}) as lab:
        code, text = await talk(lab, send)
        (message,) = kept(Path(lab.state["mail"]), RECIPIENT)
    assert code == 250
    assert text.startswith(b"2.0.0 Ok: queued as ")
    assert (message.number, message.folder) == (1, Folder.INBOX)
    assert message.message["Subject"] == "Your test code"
    assert message.message.get_content().splitlines() == ["..two dots", "123456"]


async def test_messages_are_numbered_in_the_order_of_arrival(stage: Stage) -> None:
    async with stage({25: Smtp()}) as lab:
        for _ in range(3):
            await talk(lab, send)
        mailboxes = Path(lab.state["mail"])
        assert [message.number for message in kept(mailboxes, RECIPIENT)] == [1, 2, 3]
        assert sorted(path.name for path in folder_of(mailboxes, RECIPIENT).iterdir()) == [
            "001.eml",
            "002.eml",
            "003.eml",
        ]
        assert kept(mailboxes, "ben@example.test") == ()


@pytest.mark.parametrize(
    "recipient",
    ["../../anna@example.test", "/etc/anna@example.test", "..", "."],
    ids=["upwards", "root", "two dots", "one dot"],
)
def test_no_recipient_leads_out_of_the_mailboxes(tmp_path: Path, recipient: str) -> None:
    folder = folder_of(tmp_path, recipient)
    assert folder.resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize("stage_of_reply", [SmtpStage.MAIL, SmtpStage.RCPT, SmtpStage.DATA, SmtpStage.CONTENT])
async def test_refuses_in_its_own_words_at_any_stage(stage: Stage, stage_of_reply: SmtpStage) -> None:
    part = Smtp(replies={stage_of_reply: "550-5.7.1 No mail\n550 5.7.1 from you"})
    async with stage({25: part}) as lab:
        code, text = await talk(lab, send)
        assert kept(Path(lab.state["mail"]), RECIPIENT) == ()
    assert (code, text) == (550, b"5.7.1 No mail\n5.7.1 from you")


async def test_fills_in_recipient_and_host(stage: Stage) -> None:
    part = Smtp(replies={SmtpStage.RCPT: "550 5.1.1 <{recipient}> unknown at {host}"})
    async with stage({25: part}) as lab:
        assert await talk(lab, send) == (550, f"5.1.1 <{RECIPIENT}> unknown at {HOST}".encode())


async def test_serves_the_mailboxes_that_do_exist(stage: Stage) -> None:
    part = Smtp(replies={SmtpStage.RCPT: "550 5.1.1 unknown"}, serves=("office",))
    async with stage({25: part}) as lab:
        code, _ = await talk(lab, lambda client: send(client, "Office@example.test"))
    assert code == 250


@pytest.mark.parametrize("banner", ["554 No service here", "421 4.3.2 Too busy"])
async def test_refuses_with_its_banner_and_closes(stage: Stage, banner: str) -> None:
    def everything_said() -> bytes:
        with connect(lab, 25) as connection, connection.makefile("rb") as said:
            return said.read()

    async with stage({25: Smtp(replies={SmtpStage.BANNER: banner})}) as lab:
        assert await asyncio.to_thread(everything_said) == f"{banner}\r\n".encode()


async def test_greets_under_its_name(stage: Stage) -> None:
    def banner(client: smtplib.SMTP) -> str:
        client.ehlo()
        return (client.ehlo_resp or b"").decode()

    async with stage({25: Smtp(greeting="Microsoft ESMTP MAIL Service ready")}) as lab:
        extensions = await talk(lab, banner)
    assert extensions.splitlines() == [HOST, "SIZE 33554432", "8BITMIME", "STARTTLS", "ENHANCEDSTATUSCODES"]


async def test_a_421_ends_the_connection(stage: Stage) -> None:
    def refused_then_gone(client: smtplib.SMTP) -> int:
        code, _ = send(client)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
        return code

    async with stage({25: Smtp(replies={SmtpStage.RCPT: "421 4.7.0 Try again later"})}) as lab:
        assert await talk(lab, refused_then_gone) == 421


async def test_greylists_a_new_sender_then_takes_the_message(stage: Stage) -> None:
    async with stage({25: Smtp(greylists_for=0.4)}) as lab:
        first, text = await talk(lab, send)
        async with asyncio.timeout(5):
            later = await talk(lab, send)
            while later[0] == 450:
                later = await talk(lab, send)
        assert len(kept(Path(lab.state["mail"]), RECIPIENT)) == 1
    assert first == 450
    assert b"Greylisted" in text
    assert later[0] == 250


async def test_a_new_sender_may_be_put_off_in_other_words(stage: Stage) -> None:
    async with stage({25: Smtp(greylists_for=60, puts_off_with="452 4.3.1 <{recipient}>: disk full")}) as lab:
        assert await talk(lab, send) == (452, f"4.3.1 <{RECIPIENT}>: disk full".encode())


async def test_what_was_taken_may_come_back_to_the_sender(stage: Stage) -> None:
    bounce = Bounce("550 5.1.1 <{recipient}>: User unknown", host="store.example.test")
    async with stage({25: Smtp(folder=Folder.NOWHERE, bounces=bounce)}) as lab:
        code, _ = await talk(lab, send)
        mailbox = LabBounces(Path(lab.state["mail"]), SENDER)
        ((name, raw),) = mailbox.unread()
        assert kept(Path(lab.state["mail"]), RECIPIENT) == ()
        mailbox.done(name)
        assert list(mailbox.unread()) == []
    (told,) = read_bounce(raw)
    assert code == 250
    assert (told.address, told.action, told.status) == (RECIPIENT, "failed", "5.1.1")
    assert (told.reply, told.remote_mta) == (f"550 5.1.1 <{RECIPIENT}>: User unknown", "store.example.test")
    assert told.delivered_to == (SENDER,)


@pytest.mark.parametrize(
    ("bounce", "address", "action", "status"),
    [
        (Bounce("451 4.4.1 timed out", action="delayed"), RECIPIENT, "delayed", "4.4.1"),
        (Bounce("550 no", recipient="anna@example.net"), "anna@example.net", "failed", "5.0.0"),
    ],
    ids=["delayed", "behind a forward"],
)
def test_a_report_says_what_became_of_the_message(bounce: Bounce, address: str, action: str, status: str) -> None:
    raw = delivery_status(bounce, host=HOST, sender=SENDER, recipient=RECIPIENT, content=MESSAGE)
    (told,) = read_bounce(raw)
    assert (told.address, told.action, told.status, told.original_recipient) == (address, action, status, RECIPIENT)


def test_a_bounce_mailbox_has_its_sub_addresses_and_nobody_elses(tmp_path: Path) -> None:
    ours, others = ("bounces@example.test", "bounces+a1@example.test"), ("bounces+a1@example.org", "ben@example.test")
    for recipient in (*ours, *others):
        keep(tmp_path, recipient, Folder.INBOX, recipient.encode())
    found = [raw.rpartition(b"\n")[2] for _, raw in LabBounces(tmp_path, "bounces@example.test").unread()]
    assert found == [one.encode() for one in ours]


async def test_a_tarpit_lets_its_words_through_byte_by_byte(stage: Stage) -> None:
    async with stage({25: Smtp(drips_every=0.02)}) as lab:
        started = perf_counter()
        code, text = await talk(lab, send)
        assert perf_counter() - started > 2
    assert (code, text[:9]) == (250, b"2.0.0 Ok:")


async def test_a_slow_server_delays_its_banner(stage: Stage) -> None:
    async with stage({25: Smtp(banner_after=0.3)}) as lab:
        started = perf_counter()
        code, _ = await talk(lab, lambda client: client.noop())
    assert code == 250
    assert perf_counter() - started >= 0.3


@pytest.mark.parametrize("where", [SmtpStage.EHLO, SmtpStage.RCPT, SmtpStage.DATA, SmtpStage.CONTENT])
async def test_hangs_up_in_the_middle(stage: Stage, where: SmtpStage) -> None:
    async with stage({25: Smtp(hangs_up_at=where)}) as lab:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            await talk(lab, send)
        assert kept(Path(lab.state["mail"]), RECIPIENT) == ()


async def test_hangs_up_before_its_banner(stage: Stage) -> None:
    async with stage({25: Smtp(hangs_up_at=SmtpStage.BANNER)}) as lab:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            await talk(lab, send)


@pytest.mark.parametrize("folder", [Folder.SPAM, Folder.QUARANTINE])
async def test_keeps_a_message_where_the_customer_will_find_it(stage: Stage, folder: Folder) -> None:
    async with stage({25: Smtp(folder=folder)}) as lab:
        assert (await talk(lab, send))[0] == 250
        assert [message.folder for message in kept(Path(lab.state["mail"]), RECIPIENT)] == [folder]


async def test_takes_a_message_and_drops_it(stage: Stage) -> None:
    async with stage({25: Smtp(folder=Folder.NOWHERE)}) as lab:
        assert (await talk(lab, send))[0] == 250
        assert kept(Path(lab.state["mail"]), RECIPIENT) == ()


async def test_insists_on_tls_and_takes_a_message_over_it(stage: Stage) -> None:
    def encrypted(client: smtplib.SMTP) -> int:
        client.starttls(context=ssl.create_default_context(cafile=ca_file))
        return send(client)[0]

    async with stage({25: Smtp(insists_on_tls=True)}) as lab:
        ca_file = lab.state["ca_file"]
        assert await talk(lab, send) == (530, b"5.7.0 Must issue a STARTTLS command first")
        assert await talk(lab, encrypted) == 250


async def test_a_self_signed_certificate_is_not_trusted_but_encrypts(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def verified(client: smtplib.SMTP) -> None:
        client.starttls(context=ssl.create_default_context(cafile=ca_file))

    def unverified(client: smtplib.SMTP) -> int:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.starttls(context=context)
        return send(client)[0]

    async with stage({25: Smtp(encryption=Encryption.SELF_SIGNED)}) as lab:
        ca_file = lab.state["ca_file"]
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
            await talk(lab, verified)
        assert await talk(lab, unverified) == 250
    assert not caplog.records


async def test_a_server_without_tls_does_not_offer_it(stage: Stage) -> None:
    def offers_tls(client: smtplib.SMTP) -> bool:
        client.ehlo()
        return client.has_extn("starttls")

    async with stage({25: Smtp(encryption=Encryption.ABSENT)}) as lab:
        assert not await talk(lab, offers_tls)


async def test_refuses_starttls_though_it_offers_it(stage: Stage) -> None:
    def starttls(client: smtplib.SMTP) -> tuple[int, bytes]:
        client.ehlo()
        return client.docmd("STARTTLS")

    async with stage({25: Smtp(replies={SmtpStage.STARTTLS: "454 4.7.0 TLS not available"})}) as lab:
        assert await talk(lab, starttls) == (454, b"4.7.0 TLS not available")
