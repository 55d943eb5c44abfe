"""A small disk for PostgreSQL, which can be made to run full: in a mount namespace, which ends with the test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.chaos.stack import ROOT, START_LIMIT, Stack
from tests.customer import eventually

PROGRAMS = ("cp", "mount", "nsenter", "setpriv", "unshare")
ROOMY = "1g"
LIMIT = 20.0
HOLDER = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "sleep", "infinity")


def why_not() -> str:
    """Why there can be none on this machine; empty where there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a disk of its own for PostgreSQL needs Linux and root"
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"not installed: {', '.join(missing)}"
    tried = subprocess.run(
        [*HOLDER[3:-2], "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, timeout=LIMIT
    )
    return f"no mounts in a namespace: {tried.stderr.strip()}" if tried.returncode else ""


class SmallDisk:
    """While the `with` block runs, the stack's PostgreSQL stands on a copy of its data that lies on this disk."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._data = stack.home / "postgres"

    def __enter__(self) -> SmallDisk:
        self._stack.servers._pg_ctl("stop", "-m", "fast")
        self._holder = subprocess.Popen(HOLDER)
        program = Path(f"/proc/{self._holder.pid}/comm")
        eventually(lambda: program.read_text().strip() == "sleep", LIMIT, "the mount namespace")
        # Beside the data first, then in its place, so that PostgreSQL finds it where it always was.
        copy = self._stack.home / "small"
        copy.mkdir()
        self._inside("mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", str(copy))
        self._inside("cp", "--archive", "--sparse=never", f"{self._data}/.", str(copy))
        self._inside("chown", "--reference", str(self._data), str(copy))
        self._inside("chmod", "700", str(copy))
        self._inside("mount", "--move", str(copy), str(self._data))
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if pid := self._postmaster():
            os.kill(pid, signal.SIGINT)
            eventually(lambda: not self._postmaster(), LIMIT, "PostgreSQL's end")
        self._holder.kill()
        self._holder.wait(LIMIT)
        (self._stack.home / "small").rmdir()
        self._stack.servers.start(valkey=False)

    def fill(self) -> None:
        """Not a page more, from now on."""
        used = self._inside("df", "--block-size=1K", "--output=used", str(self._data)).split()[-1]
        self._inside("mount", "-o", f"remount,size={used}k", str(self._data))

    def make_room(self) -> None:
        """And start PostgreSQL again, should it have given up."""
        self._inside("mount", "-o", f"remount,size={ROOMY}", str(self._data))
        self._start()

    def _start(self) -> None:
        """Nothing where it runs."""
        self._inside(sys.executable, "-m", "portal.embedded", "start")

    def _postmaster(self) -> int:
        try:
            pid = int(Path(f"/proc/{self._holder.pid}/root{self._data}/postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return 0
        return pid if Path(f"/proc/{pid}/exe").exists() else 0

    def _inside(self, *command: str) -> str:
        done = subprocess.run(
            ["nsenter", "--mount", "--target", str(self._holder.pid), f"--wd={ROOT}", *command],
            capture_output=True,
            text=True,
            env=os.environ | {"EMBEDDED_HOME": str(self._stack.home)},
            timeout=2 * START_LIMIT,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}{done.stdout}"
        return done.stdout
