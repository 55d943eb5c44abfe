"""A network of its own for some parts, in which packets can be dropped without a word: a namespace with nftables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from types import TracebackType

from tests.chaos.stack import ROOT
from tests.customer import eventually

PROGRAMS = ("ip", "nft", "nsenter", "setpriv", "unshare")
LIMIT = 20.0
HOLDER = ("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity")
TABLE = "inet chaos"


def why_not() -> str:
    """Why there can be none on this machine; empty where there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a network of its own needs Linux and root"
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"not installed: {', '.join(missing)}"
    tried = subprocess.run(
        ["unshare", "--net", "nft", f"add table {TABLE}"], capture_output=True, text=True, timeout=LIMIT
    )
    return f"no nftables in a namespace: {tried.stderr.strip()}" if tried.returncode else ""


class Network:
    """While the `with` block runs: loopback and nothing else, all of it passing at first."""

    def __enter__(self) -> Network:
        self._holder = subprocess.Popen(HOLDER)
        program = Path(f"/proc/{self._holder.pid}/comm")
        eventually(lambda: program.read_text().strip() == "sleep", LIMIT, "the network namespace")
        self._inside("ip", "link", "set", "lo", "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holder.kill()
        self._holder.wait(LIMIT)

    def command(self, *command: str) -> list[str]:
        """The command, to be run in this network."""
        return ["nsenter", "--net", "--target", str(self._holder.pid), f"--wd={ROOT}", *command]

    def drop(self, ports: Collection[int]) -> None:
        """Whatever goes to these ports or comes from them, TCP and UDP, without a word."""
        self._stop(ports, "drop")

    def refuse(self, ports: Collection[int]) -> None:
        """The same, and who sent it is told so at once: what some firewalls do with all that wants to go out."""
        self._stop(ports, "reject")

    def _stop(self, ports: Collection[int], how: str) -> None:
        listed = ", ".join(map(str, sorted(ports)))
        self._inside("nft", f"add table {TABLE}")
        # As they come in: whose packet is dropped on its way out is told so.
        self._inside("nft", f"add chain {TABLE} within {{ type filter hook input priority 0; }}")
        for side in ("dport", "sport"):
            self._inside("nft", f"add rule {TABLE} within meta l4proto {{ tcp, udp }} th {side} {{ {listed} }} {how}")

    def pass_all(self) -> None:
        self._inside("nft", f"delete table {TABLE}")

    def _inside(self, *command: str) -> None:
        done = subprocess.run(self.command(*command), capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
