"""The lab's mailboxes: what its mail servers took, one `.eml` file a message, so that a test code can be read."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

from diagnostics.lab.behaviours import Folder
from diagnostics.lab.files import write_whole

FOLDER_HEADER = "X-Lab-Folder"


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """One message in a lab mailbox; numbers count from 1 in the order of arrival."""

    number: int
    folder: Folder
    message: EmailMessage


def keep(mailboxes: Path, recipient: str, folder: Folder, content: bytes) -> Path:
    """Store a message for a recipient; the folder becomes a header line on top."""
    mailbox = folder_of(mailboxes, recipient)
    number = max((int(path.stem) for path in mailbox.glob("*.eml")), default=0) + 1
    path = mailbox / f"{number:03}.eml"
    write_whole(path, f"{FOLDER_HEADER}: {folder}\r\n".encode() + content)
    return path


def kept(mailboxes: Path, recipient: str) -> tuple[KeptMessage, ...]:
    """The recipient's messages, oldest first; none where no mailbox exists."""
    paths = sorted(folder_of(mailboxes, recipient).glob("*.eml"), key=lambda path: int(path.stem))
    return tuple(_read(path) for path in paths)


def folder_of(mailboxes: Path, recipient: str) -> Path:
    """One folder per address, whatever characters it has, and never outside of `mailboxes`."""
    name = quote(recipient.lower(), safe="@+")
    return mailboxes / (name if "@" in name else f"{name}@")


def _read(path: Path) -> KeptMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return KeptMessage(int(path.stem), Folder(str(message[FOLDER_HEADER])), message)
