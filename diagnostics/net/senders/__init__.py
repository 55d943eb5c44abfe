"""Ways to hand a test message over, one module each.

`build(network)` in it makes the sender, its file name is the slug.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from diagnostics.domain import Address, Transmission
from diagnostics.net.live import LiveNetwork


class Sender(Protocol):
    """Hands a message over at most once: whatever happens after the content has left is reported, never repeated."""

    @property
    def slug(self) -> str: ...

    async def send(
        self, message: bytes, sender: str, recipient: Address, *, tls_required: bool = False
    ) -> Transmission:
        """Hand over a complete message (RFC 5322, header and body); `sender` is the envelope's, empty for none.

        With `tls_required` nothing leaves unless the connection is encrypted and the certificate verified. Within a
        minute; where the caller gives up earlier and cancels, the outcome is unknown.
        """


def sender(slug: str, network: LiveNetwork) -> Sender:
    """The sender of that name; raises ValueError where there is none."""
    if slug not in senders():
        raise ValueError(f"no sender {slug!r}: there are {', '.join(senders())}")
    built: Sender = importlib.import_module(f"{__name__}.{slug}").build(network)
    return built


def senders() -> tuple[str, ...]:
    """The slugs of all senders."""
    return tuple(module.name for module in pkgutil.iter_modules(__path__))
