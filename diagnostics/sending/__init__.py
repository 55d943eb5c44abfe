"""Sending services: their lists of addresses that they no longer send to; one file a service.

`build()` in it makes the service from the settings; its file name is the name in SENDING_SERVICES.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from django.conf import settings

from diagnostics.domain import Address, Suppression, SuppressionAnswer, SuppressionReason
from diagnostics.registry import modules_of

logger = logging.getLogger(__name__)


class Silent(Exception):
    """The service gave no usable answer: nothing is known then, least of all that the address is on no list."""


class Release(StrEnum):
    """What came of taking an address off a list."""

    RELEASED = "released"
    REFUSED = "refused"
    """The service does not allow it."""
    SILENT = "silent"
    """It gave no usable answer, so the address may be off the list or not."""


@dataclass(frozen=True, slots=True)
class Released:
    outcome: Release
    detail: str = ""
    """The service's own words, where it refused or was silent."""


class SendingService(Protocol):
    """One account at a sending service."""

    @property
    def slug(self) -> str: ...

    async def look_up(self, address: Address) -> tuple[Suppression, ...]:
        """Every entry for the address, none where it is on no list. Within 10 seconds. Raises Silent."""

    async def release(self, address: Address, reason: SuppressionReason) -> Released:
        """Take the entries of that kind off the list, once. Within 10 seconds."""


def configured_services() -> tuple[SendingService, ...]:
    """Those that the setting SENDING_SERVICES names, in its order; with the lab and no such setting, the lab's own."""
    names = settings.SENDING_SERVICES or (["postmark"] if settings.LAB else [])
    return tuple(service(slug) for slug in names)


async def look_up_everywhere(services: Sequence[SendingService], address: Address) -> SuppressionAnswer:
    """Ask all of them at once; who gives no usable answer is named as silent."""
    answers = await asyncio.gather(*(_look_up(service, address) for service in services))
    return SuppressionAnswer(
        entries=tuple(entry for entries in answers if entries is not None for entry in entries),
        asked=tuple(service.slug for service in services),
        silent=tuple(service.slug for service, entries in zip(services, answers, strict=True) if entries is None),
    )


async def _look_up(service: SendingService, address: Address) -> tuple[Suppression, ...] | None:
    try:
        return await service.look_up(address)
    except Silent as problem:
        logger.warning("%s does not say whether it has stopped sending: %s", service.slug, problem)
        return None


def service(slug: str) -> SendingService:
    """The service of that name; raises ValueError where there is none."""
    if slug not in services():
        raise ValueError(f"no sending service {slug!r}: there are {', '.join(services())}")
    built: SendingService = importlib.import_module(f"{__name__}.{slug}").build()
    return built


def services() -> tuple[str, ...]:
    """The names of all services that can be asked."""
    modules = [importlib.import_module(module) for module in modules_of(__name__)]
    return tuple(module.__name__.rpartition(".")[2] for module in modules if hasattr(module, "build"))
