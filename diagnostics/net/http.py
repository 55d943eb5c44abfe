"""HTTP to the services that the settings name, never to a host that a visitor typed: sending services, a directory.

Such an address is `https://`, or `http://` on this very machine. Time and size are limited, no redirect is followed,
and neither proxies nor passwords are taken from the environment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from diagnostics.net.tls import verifying_context


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """`connect` and `total` in seconds, `size` of an answer in bytes."""

    connect: float = 5.0
    total: float = 10.0
    size: int = 1_000_000


DEFAULT_LIMITS = HttpLimits()


class HttpFailed(Exception):
    """There is no usable answer: a time limit, the connection, the certificate, or an answer that is too large."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`status` may be any, a redirect or a refusal too. `headers` have names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body read as JSON; raises HttpFailed where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise HttpFailed("the answer is not JSON") from problem


async def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    auth: tuple[str, str] | None = None,
    ca_file: str = "",
    limits: HttpLimits = DEFAULT_LIMITS,
) -> HttpAnswer:
    """One request and its whole answer. Raises HttpFailed; ValueError for an address that `base_url` would refuse.

    `auth` is user and password (RFC 7617); `ca_file` is trusted beside the system's authorities.
    """
    base_url(url)
    timeout = httpx.Timeout(limits.total, connect=limits.connect)
    try:
        async with (
            asyncio.timeout(limits.total),
            httpx.AsyncClient(verify=verifying_context(ca_file), trust_env=False, timeout=timeout) as client,
            client.stream(
                method,
                url,
                # Uncompressed, so that a small answer cannot grow on arrival.
                headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
                params=params,
                content=body,
                auth=auth,
            ) as response,
        ):
            received = await _whole(response, limits.size)
    except TimeoutError as problem:
        raise HttpFailed(f"no answer within {limits.total:g} seconds") from problem
    except (httpx.LocalProtocolError, UnicodeEncodeError) as problem:
        # A key that no header can carry; the exception's own words hold it, so it is not handed on either.
        raise HttpFailed(f"{type(problem).__name__}: the request cannot be written") from None
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise HttpFailed(f"{type(problem).__name__}: {problem}"[:200]) from problem
    return HttpAnswer(response.status_code, received, dict(response.headers.items()))


def base_url(text: str) -> str:
    """The address that a setting names, without the slash at its end; raises ValueError, saying what is wrong."""
    parts = urlsplit(text.strip())
    host = parts.hostname or ""
    if not host or parts.scheme not in ("https", "http"):
        raise ValueError(f"{text!r} is not an address like https://api.example.org")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"the address of {host} has a user name in it; keys belong in settings of their own")
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError(f"{text!r} must begin with https:// unless it names this very machine (127.0.0.1)")
    return text.strip().rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _whole(response: httpx.Response, limit: int) -> bytes:
    received = bytearray()
    async for chunk in response.aiter_raw():
        received += chunk
        if len(received) > limit:
            raise HttpFailed(f"the answer is longer than {limit} bytes")
    return bytes(received)
