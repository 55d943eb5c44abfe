"""Asks a service of the vendor's over HTTP; the contract is in `docs/directory.md`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings

from diagnostics.addresses import BadAddress, parse_address
from diagnostics.codec import Unreadable, decode
from diagnostics.directory._breaker import Breaker, CircuitOpen
from diagnostics.domain import DirectoryAnswer, Gap, Membership, Target, Unobserved
from diagnostics.net.configured import lab_directory
from diagnostics.net.http import HttpAnswer, HttpFailed, HttpLimits, ask

LIMITS = HttpLimits(connect=4.0, total=8.0, size=64 * 1024)
"""No page waits for the directory, so a service that is slow for a moment is waited for."""


def build() -> HttpDirectory:
    """The service at DIRECTORY_URL, in the lab the lab's own; one for the process, so that its breaker counts on."""
    return _build(settings.DIRECTORY_URL or lab_directory(), settings.DIRECTORY_TOKEN)


@dataclass
class HttpDirectory:
    """`url` is `https://`, or `http://` on this very machine."""

    url: str
    token: str = field(default="", repr=False)
    limits: HttpLimits = LIMITS
    breaker: Breaker = field(default_factory=Breaker)

    async def look_up(self, target: Target) -> DirectoryAnswer:
        """As `Directory.look_up` says; within 8 seconds, at once while the circuit is open."""
        try:
            with self.breaker:
                return _read(await self._ask(target))
        except CircuitOpen as left_alone:
            raise Unobserved(Gap.RECORDS_SILENT, str(left_alone)) from left_alone
        except HttpFailed as problem:
            raise Unobserved(Gap.RECORDS_SILENT, str(problem)) from problem

    async def _ask(self, target: Target) -> HttpAnswer:
        question = {"vendor": target.vendor.slug, "company_id": target.company_id, "address": str(target.address)}
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return await ask("POST", self.url, headers=headers, body=json.dumps(question).encode(), limits=self.limits)


@dataclass(frozen=True, slots=True)
class _Said:
    membership: Membership
    near: str = ""


def _read(answer: HttpAnswer) -> DirectoryAnswer:
    """Only status 200 and the agreed form are an answer; whatever else comes back says nothing about the company."""
    if answer.status != 200:
        raise HttpFailed(f"status {answer.status}")
    said = answer.json()
    if not isinstance(said, dict):
        raise HttpFailed("the answer is no JSON object")
    try:
        read = decode(_Said, said)
    except Unreadable as problem:
        raise HttpFailed("the answer is not in the agreed form") from problem
    return DirectoryAnswer(read.membership, _near(read))


def _near(said: _Said) -> str:
    if not said.near or said.membership is not Membership.NOT_ON_FILE:
        return ""
    try:
        return str(parse_address(said.near, extra_suffixes=settings.EXTRA_SUFFIXES))
    except BadAddress as problem:
        raise HttpFailed("near is no e-mail address") from problem


@lru_cache(maxsize=4)
def _build(url: str, token: str) -> HttpDirectory:
    return HttpDirectory(url, token)
