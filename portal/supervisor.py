"""Runs a few processes side by side: their output prefixed with their names, all stopped when one ends.

Used by `manage.py up` instead of honcho, which cannot say when everything is ready, takes a process that ends with
status 0 for success, and leaves its processes behind when it is killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

STOP_SECONDS = 8
"""For all of them together. Who tries the portal and presses Ctrl-C does not wait for a test message that takes a
minute: nobody knows what became of it then.
"""


class ProcessEnded(Exception):
    """A process ended although nobody asked it to; the message names it."""


class Supervisor:
    def __init__(self, out: IO[str] = sys.stdout) -> None:
        self.out = out
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        self._printing = threading.Lock()

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start a process in a session of its own, so that Ctrl-C reaches it through `stop` alone, once."""
        process = subprocess.Popen(  # noqa: S603
            [*_dies_with_us(), *command],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._processes[name] = process
        reader = threading.Thread(target=self._pass_on, args=(name, process.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)

    def say(self, line: str) -> None:
        """Print a line of our own, never in the middle of another."""
        with self._printing:
            print(line, file=self.out, flush=True)

    def wait_until(self, condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
        """Whether the condition came true in time. Raises ProcessEnded as soon as one of the processes ends."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._raise_if_one_ended()
            if time.monotonic() > deadline:
                return False
            time.sleep(pause)
        return True

    def wait(self) -> None:
        """Until a process ends, which raises ProcessEnded."""
        while True:
            self._raise_if_one_ended()
            time.sleep(0.2)

    def stop(self) -> None:
        """End every process: asked first, and after 8 s made to, with all that it started."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill_group(process)
                process.wait(STOP_SECONDS)
            _kill_group(process)
        for reader in self._readers:
            reader.join(1)

    def _raise_if_one_ended(self) -> None:
        for name, process in self._processes.items():
            if (status := process.poll()) is not None:
                for reader in self._readers:
                    reader.join(0.2)
                raise ProcessEnded(f"{name} ended by itself (status {status}); its last words are above.")

    def _pass_on(self, name: str, output: IO[str]) -> None:
        for line in output:
            self.say(f"{name:<10} | {line.rstrip()}")


def _dies_with_us() -> list[str]:
    # The kernel tells the process when we die without a chance to stop it (kill -9).
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _kill_group(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nothing is left of the group
        os.killpg(process.pid, signal.SIGKILL)
