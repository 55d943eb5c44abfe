"""Over any Django e-mail backend: an SMTP relay, or a sending service through django-anymail."""

from __future__ import annotations

import asyncio
import logging
import smtplib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from email.utils import parseaddr

from anymail.exceptions import (  # type: ignore[import-untyped]
    AnymailRecipientsRefused,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from diagnostics.domain import Address, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.net.live import LiveNetwork
from diagnostics.net.wire import MAX_REPLY_TEXT
from diagnostics.plain import plain

SLUG = "django"
logger = logging.getLogger(__name__)

# Backends block. A pool of their own keeps a slow relay from holding up the loop's other work.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="mail-backend")


def build(network: LiveNetwork) -> DjangoBackend:
    return DjangoBackend()


@dataclass(frozen=True)
class DjangoBackend:
    """`backend` is a dotted path, by default the setting EMAIL_BACKEND; `timeout` in seconds."""

    backend: str | None = None
    timeout: float = 45.0
    slug: str = SLUG

    async def send(
        self, message: bytes, sender: str, recipient: Address, *, tls_required: bool = False
    ) -> Transmission:
        """As `Sender.send` says.

        The best outcome is RELAYED: the recipient's server has not been heard yet.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(_threads, self._send, message, sender, recipient, tls_required)
        try:
            async with asyncio.timeout(self.timeout):
                return await asyncio.shield(work)
        except TimeoutError:
            return _transmission(SendOutcome.UNKNOWN, f"the mail backend took longer than {self.timeout:g} seconds")

    def _send(self, message: bytes, sender: str, recipient: Address, tls_required: bool) -> Transmission:
        connection: BaseEmailBackend = get_connection(self.backend)
        if tls_required and not (getattr(connection, "use_tls", False) or getattr(connection, "use_ssl", False)):
            return _transmission(SendOutcome.UNREACHABLE, "TLS is required and the mail backend is not set up for it")
        try:
            connection.open()
        except (smtplib.SMTPException, OSError) as problem:
            return _transmission(SendOutcome.UNREACHABLE, _reason(problem), _replies(problem))
        try:
            return self._hand_over(connection, _email(message, sender, recipient, connection))
        except AnymailUnsupportedFeature:
            # Said before anything leaves: many services insist on a return path of their own.
            return self._hand_over(connection, _email(message, "", recipient, connection))
        finally:
            _close(connection)

    def _hand_over(self, connection: BaseEmailBackend, email: EmailMultiAlternatives) -> Transmission:
        """Raises AnymailUnsupportedFeature for a return path that the service cannot use."""
        try:
            sent = connection.send_messages([email])
        except AnymailUnsupportedFeature:
            if "From" in email.extra_headers:
                raise
            return _transmission(SendOutcome.UNREACHABLE, "the sending service cannot send such a message")
        except AnymailRecipientsRefused:
            # No words: why it does not send there tells of earlier mail, see `services.messages`.
            return _transmission(SendOutcome.REFUSED)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as problem:
            replies = _replies(problem)
            code = replies[-1].code if replies else 0
            outcome = {4: SendOutcome.DEFERRED, 5: SendOutcome.REFUSED}.get(code // 100, SendOutcome.UNKNOWN)
            return _transmission(outcome, "", replies)
        except (smtplib.SMTPException, OSError) as problem:
            return _transmission(SendOutcome.UNKNOWN, _reason(problem))
        except Exception:
            # Backends are other people's plug-ins with exceptions of their own; whether the message had left when one
            # fails is not known.
            logger.exception("the mail backend failed")
            return _transmission(SendOutcome.UNKNOWN, "the mail backend failed")
        if sent == 0:
            return _transmission(SendOutcome.UNREACHABLE, "the mail backend sent nothing")
        return replace(_transmission(SendOutcome.RELAYED), service_id=_service_id(email))


def _email(message: bytes, sender: str, recipient: Address, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """The message as Django's backends want it: same headers, same texts, built anew.

    With a header From beside it, `from_email` is the envelope's sender, for Django's SMTP and for django-anymail; where
    both are the same there is nothing to tell apart.
    """
    parsed = message_from_bytes(message, policy=policy.default)
    writer = str(parsed["From"] or "")
    headers = {name: str(value) for name, value in parsed.items() if name.lower() not in _MADE_ANEW}
    if not sender or parseaddr(writer)[1] == sender:
        headers.pop("From", None)
        sender = writer or sender
    email = EmailMultiAlternatives(
        subject=str(parsed["Subject"] or ""),
        body=_text(parsed, "plain"),
        from_email=sender or None,
        to=[str(recipient)],
        headers=headers,
        connection=connection,
    )
    if html := _text(parsed, "html"):
        email.attach_alternative(html, "text/html")
    return email


_MADE_ANEW = frozenset({"subject", "to", "mime-version", "content-type", "content-transfer-encoding"})


def _service_id(email: EmailMultiAlternatives) -> str:
    """What a service of django-anymail calls the message; empty with any other backend."""
    status = getattr(email, "anymail_status", None)
    return str(getattr(status, "message_id", None) or "")


def _text(parsed: ParsedMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _replies(problem: Exception) -> tuple[SmtpReply, ...]:
    """The replies that an exception of smtplib carries."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return tuple(_reply(SmtpStage.RCPT, code, text) for code, text in problem.recipients.values())
    if isinstance(problem, smtplib.SMTPResponseException):
        stage = next((stage for kind, stage in _STAGES.items() if isinstance(problem, kind)), SmtpStage.EHLO)
        return (_reply(stage, problem.smtp_code, problem.smtp_error),)
    return ()


_STAGES = {
    smtplib.SMTPConnectError: SmtpStage.BANNER,
    smtplib.SMTPHeloError: SmtpStage.EHLO,
    smtplib.SMTPSenderRefused: SmtpStage.MAIL,
    smtplib.SMTPDataError: SmtpStage.CONTENT,
}


def _reply(stage: SmtpStage, code: int, text: bytes | str) -> SmtpReply:
    return SmtpReply(stage, max(code, 0), plain(text, MAX_REPLY_TEXT))


def _reason(problem: Exception) -> str:
    return plain(f"{type(problem).__name__}: {problem}", 200)


def _transmission(outcome: SendOutcome, detail: str = "", replies: tuple[SmtpReply, ...] = ()) -> Transmission:
    return Transmission(outcome, SLUG, replies=replies, detail=detail)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError) as problem:
        logger.info("the mail backend did not close cleanly: %s", _reason(problem))
