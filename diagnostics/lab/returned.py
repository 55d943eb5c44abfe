"""The lab's bounce mailbox: what its mail servers sent back to the envelope sender, like a mailbox over IMAP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class LabBounces:
    """Everything in `mailboxes` for `address` and its sub-addresses (`name+token@domain`)."""

    mailboxes: Path
    address: str

    def unread(self) -> Iterator[tuple[Path, bytes]]:
        """File and bytes of each message, oldest first."""
        name, _, domain = (quote(part, safe="") for part in self.address.lower().rpartition("@"))
        found = [*self.mailboxes.glob(f"{name}@{domain}/*.eml"), *self.mailboxes.glob(f"{name}+*@{domain}/*.eml")]
        for path in sorted(found, key=lambda one: (one.stat().st_mtime_ns, one)):
            yield path, path.read_bytes()

    def done(self, path: Path) -> None:
        """Somebody else may have read it at the same time."""
        path.unlink(missing_ok=True)
