"""Brings the mini internet up on free loopback ports and says in a state file where it is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TypedDict

from diagnostics.lab import directory, dns, echo, neighbourhood, scenarios, sending, smtp, tcp
from diagnostics.lab.behaviours import Closed, Encryption, Filtered, Http, PortBehaviour, Reset, Smtp, TestPoint
from diagnostics.lab.certificates import Authority, self_signed_context
from diagnostics.lab.files import RESPONDER_CERTIFICATE, write_whole
from diagnostics.lab.ports import LOOPBACK
from diagnostics.lab.scenario import LAB_ZONE, Scenario, name_of
from diagnostics.net.config import Endpoint


class LabState(TypedDict):
    """Where a running lab is found; `dial_map` leads from `address:port` to the loopback port that plays it."""

    nameserver: str
    spare_nameserver: str
    """A second one that knows the same: what two say is certain."""
    zones: list[str]
    """Suffixes to ask `nameserver` for; every other name belongs to the real internet."""
    dial_map: dict[str, str]
    ca_file: str
    """The only authority (PEM) that issues certificates in the lab."""
    mail: str
    """Folder with the lab's mailboxes, see `diagnostics.lab.mailbox`."""
    directory: str
    """Address of the lab's directory of administrators, see `docs/directory.md`."""
    sending: str
    """Address of the lab's sending service, which answers as Postmark does."""
    pid: int


class Lab:
    """The mini internet, running while its `async with` block does."""

    state: LabState

    def __init__(
        self,
        folder: Path,
        *,
        state_file: Path | None = None,
        acts: Sequence[Scenario] | None = None,
        responder: Mapping[int, int] | None = None,
    ) -> None:
        """Mail and certificates go to `folder`, the state file too unless named; `acts` defaults to all scenarios.

        `responder` are the loopback ports of a real port responder, by the ports that it stands for; without one, the
        lab plays it.
        """
        self._folder = folder.absolute()
        self._state_file = state_file or self._folder / "state.json"
        self._acts = scenarios() if acts is None else tuple(acts)
        self._responder = responder
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Lab:
        async with AsyncExitStack() as stack:
            self.state = await self._start(stack)
            write_whole(self._state_file, json.dumps(self.state, indent=1).encode())
            stack.callback(self._state_file.unlink, missing_ok=True)
            self._running = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    async def _start(self, stack: AsyncExitStack) -> LabState:
        authority = Authority(self._folder / "ca.pem")
        stage = _Stage(stack, authority, self._folder / "mail")
        borrowed = (zone for act in self._acts for zone in act.zones)
        zones = list(dict.fromkeys((LAB_ZONE, *neighbourhood.BORROWED, *borrowed)))
        delays = {name: act.dns_delay for act in self._acts if act.dns_delay for name in (act.domain, *act.zone)}
        names = dns.Names(zones, (neighbourhood.ZONE, *(act.zone for act in self._acts)), delays)
        dial_map = {}
        for zone, hosts in ((neighbourhood.ZONE, neighbourhood.HOSTS), *((act.zone, act.hosts) for act in self._acts)):
            for (address, port), behaviour in hosts.items():
                if self._responder and isinstance(behaviour, TestPoint):
                    dial_map[str(Endpoint(address, port))] = f"{LOOPBACK}:{self._responder[port]}"
                else:
                    dial_map[str(Endpoint(address, port))] = await stage.play(behaviour, name_of(address, zone), port)
        write_whole(self._folder / RESPONDER_CERTIFICATE, authority.certificate_for(neighbourhood.TEST_POINT))
        return {
            "nameserver": await stack.enter_async_context(dns.serving(names)),
            "spare_nameserver": await stack.enter_async_context(dns.serving(names, spare=True)),
            "zones": zones,
            "dial_map": dial_map,
            "ca_file": str(authority.ca_file),
            "mail": str(stage.mailboxes),
            "directory": await stack.enter_async_context(directory.serving(self._acts)),
            "sending": await stack.enter_async_context(sending.serving(self._acts)),
            "pid": os.getpid(),
        }


def run(
    state_file: Path,
    on_ready: Callable[[LabState], None],
    *,
    acts: Sequence[Scenario] | None = None,
    responder: Mapping[int, int] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `on_ready` hears of the state once everything listens."""
    asyncio.run(_run(state_file, on_ready, acts, responder))


async def _run(
    state_file: Path,
    on_ready: Callable[[LabState], None],
    acts: Sequence[Scenario] | None,
    responder: Mapping[int, int] | None,
) -> None:
    asked_to_stop = asyncio.Event()
    _on_signals((signal.SIGTERM, signal.SIGINT), asked_to_stop.set)
    async with Lab(state_file.parent, state_file=state_file, acts=acts, responder=responder) as lab:
        on_ready(lab.state)
        await asked_to_stop.wait()


def _on_signals(signals: Iterable[signal.Signals], do: Callable[[], None]) -> None:
    for one in signals:
        asyncio.get_running_loop().add_signal_handler(one, do)


class _Stage:
    """Opens ports that play a behaviour; all closed ports are one, and all filtered ones."""

    def __init__(self, stack: AsyncExitStack, authority: Authority, mailboxes: Path) -> None:
        self._stack = stack
        self._authority = authority
        self._self_signed = self_signed_context()
        self._closed = stack.enter_context(tcp.closed())
        self._filtered = stack.enter_context(tcp.filtered())
        self.mailboxes = mailboxes

    async def play(self, behaviour: PortBehaviour, host: str, port: int) -> str:
        """`ip:port` on loopback."""
        return f"{LOOPBACK}:{await self._port(behaviour, host, port)}"

    async def _port(self, behaviour: PortBehaviour, host: str, port: int) -> int:
        match behaviour:
            case Smtp():
                context = self._starttls(behaviour.encryption, host)
                return await self._stack.enter_async_context(smtp.serving(behaviour, host, context, self.mailboxes))
            case Http(tls=encrypted, page=page, drips_every=drips):
                context = self._authority.context_for(host) if encrypted else None
                return await self._stack.enter_async_context(tcp.http(context, page, drips))
            case TestPoint():
                return await self._stack.enter_async_context(echo.serving(self._authority.context_for(host), port))
            case Reset():
                return await self._stack.enter_async_context(tcp.reset())
            case Closed():
                return self._closed
            case Filtered():
                return self._filtered

    def _starttls(self, encryption: Encryption, host: str) -> ssl.SSLContext | None:
        match encryption:
            case Encryption.TRUSTED:
                return self._authority.context_for(host)
            case Encryption.SELF_SIGNED:
                return self._self_signed
            case Encryption.ABSENT:
                return None
