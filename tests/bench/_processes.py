"""Processes of a benchmark: started, ended, and what they cost (proc(5))."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parents[2]
STOP_LIMIT = 15


@dataclass
class Part:
    """One process, with whatever it starts, in a session of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        assert self.popen
        if self.popen.poll() is not None:
            raise RuntimeError(f"{self.name} has ended:\n{self.log.read_text(errors='replace')[-3000:]}")
        return self.popen.pid

    def stop(self) -> None:
        """What it holds, it may let go of; but not for long."""
        if not self.popen or self.popen.poll() is not None:
            return
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait(STOP_LIMIT)


def cpu_seconds(*roots: int, alone: bool = False) -> float:
    """Processor time of these processes and of all that came of them, those included that have ended.

    What has ended counts with whoever waited for it, as PostgreSQL's first process does for its backends. `alone`: of
    these processes themselves only.
    """
    stats = _stats()
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[1]), []).append(pid)
    ticks, left = 0, list(roots)
    while left:
        pid = left.pop()
        if pid not in stats:
            continue
        ticks += sum(map(int, stats[pid][11 : 13 if alone else 15]))
        left += [] if alone else children.get(pid, [])
    return ticks / TICK


def resident(pid: int) -> float:
    """Megabytes of memory that are the process's own or shared, its children not counted."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


def family(pid: int) -> list[int]:
    """The process and all that came of it and live."""
    stats = _stats()
    found = [pid]
    for one in found:
        found += [child for child, fields in stats.items() if int(fields[1]) == one]
    return found


def _stats() -> dict[int, list[str]]:
    """By process: what /proc/<pid>/stat says behind the command's name, which may contain anything."""
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended in the meantime
    return stats


def run(command: list[str], environment: dict[str, str], seconds: float) -> None:
    """To its end; raises RuntimeError with its last words where that is a bad one."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{(done.stdout + done.stderr)[-3000:]}")
