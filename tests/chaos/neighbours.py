"""Systems of the vendor's own beside the portal: one that gets webhooks, and a helpdesk that gets notes on tickets."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType

from tests.diagnostics.helpdesks.desk import SECRET, Desk
from tests.diagnostics.receiver import Receiver

VENDOR = "clockify"
"""Whose cases the receiver hears of; the other vendor's tests are not disturbed by it."""
ARTICLE = "verification"


@dataclass
class Neighbours:
    """Both listen while the `with` block runs."""

    receiver: Receiver = field(default_factory=Receiver)
    desk: Desk = field(default_factory=Desk)

    def __enter__(self) -> Neighbours:
        with ExitStack() as ends:
            ends.enter_context(self.receiver)
            ends.enter_context(self.desk)
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    @property
    def url(self) -> str:
        return f"http://{self.receiver.endpoint}/"

    @property
    def settings(self) -> dict[str, str]:
        """What lets the portal reach them."""
        return {
            "WEBHOOK_PORTS": str(self.receiver.port),
            "WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "HELPDESK_URL": f"{self.desk.url}/desk",
            "HELPDESK_SECRET": SECRET,
            "HELPDESK_TICKET_URL": f"{self.desk.url}/tickets/{{ticket}}",
        }

    def forget(self) -> None:
        self.receiver.taken.clear()
        self.desk.notes.clear()
        self.desk.tickets.clear()
        self.receiver.on_message = lambda message: None

    def notes_by_text(self) -> Counter[tuple[str, str]]:
        """How often each ticket has each note."""
        return Counter((note.ticket, note.text) for note in self.desk.notes)
