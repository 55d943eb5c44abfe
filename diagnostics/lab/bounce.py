"""The delivery status notification (RFC 3464, RFC 6522) that a lab mail server sends back."""

from __future__ import annotations

import email
import re
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formatdate, make_msgid

from diagnostics.lab.behaviours import Bounce

STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
LETTERS = {
    "failed": "I am the mail system at {host}.\n\nYour message could not be delivered to <{refused}>:\n{reply}\n",
    "delayed": "I am the mail system at {host}.\n\nYour message to <{refused}> is delayed, still trying:\n{reply}\n",
}


def delivery_status(bounce: Bounce, *, host: str, sender: str, recipient: str, content: bytes) -> bytes:
    """The whole report about a message that `host` took from `sender` (the envelope's) for `recipient`."""
    refused = bounce.recipient or recipient
    reply = bounce.reply.format(recipient=refused)
    report = MIMEMultipart("report", report_type="delivery-status")
    report["Return-Path"] = "<>"
    report["Delivered-To"] = sender
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{host}>"
    report["To"] = sender
    report["Subject"] = "Delivery Status Notification"
    report["Date"] = formatdate()
    report["Message-ID"] = make_msgid(domain=host)
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(LETTERS[bounce.action].format(host=host, refused=refused, reply=reply)))
    report.attach(_status(bounce, reply, host, refused, recipient))
    returned = email.message_from_bytes(content)
    headers = "".join(f"{name}: {value}\n" for name, value in returned.items())
    report.attach(MIMEText(headers, "rfc822-headers"))
    return report.as_bytes(policy=compat32.clone(linesep="\r\n"))


def _status(bounce: Bounce, reply: str, host: str, refused: str, recipient: str) -> MIMEBase:
    about_message, about_recipient = Message(), Message()
    about_message["Reporting-MTA"] = f"dns; {host}"
    about_recipient["Final-Recipient"] = f"rfc822; {refused}"
    about_recipient["Original-Recipient"] = f"rfc822; {recipient}"
    about_recipient["Action"] = bounce.action
    found = STATUS.search(reply)
    about_recipient["Status"] = found[0] if found else f"{reply[:1]}.0.0"
    about_recipient["Remote-MTA"] = f"dns; {bounce.host or host}"
    about_recipient["Diagnostic-Code"] = f"smtp; {reply}"
    part = MIMEBase("message", "delivery-status")
    part.set_payload([about_message, about_recipient])
    return part
