"""`python -m portal.drain COMMAND…`: runs a web server, and when told to stop lets it end without cutting anybody off.

Told by SIGTERM, it first leaves a mark that makes `/readyz/` and `/readyz/intake/` answer 503; the server goes on for
DRAIN_SECONDS (5), in which load balancers turn to others. Then the server is told, finishes what it has begun, and its
exit status becomes ours. SIGINT, or SIGTERM once more, leaves the pause out.

It also gives the server's processes a directory in which they count together (`portal.watching`), and removes it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAUSE_SECONDS = 5.0
MARK = "PORTAL_STOPPING_FILE"
"""Names the mark in the environment of the server's processes."""
COUNTED_IN = "PROMETHEUS_MULTIPROC_DIR"
"""The directory's name in that environment, as prometheus_client reads it."""
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
AGAIN_SECONDS = 60.0
"""The server has its own time limit for what it has begun; so long after it was told, it is told again."""
NEVER = 10 * 365 * 24 * 3600.0
BAD_USAGE = 64


def is_stopping() -> bool:
    """Whether this process is to end soon, and should get no more work."""
    return bool(_mark) and os.path.exists(_mark)


_mark = os.environ.get(MARK, "")


def main(command: list[str]) -> int:
    """The server's exit status; as shells say it (128 + number) where a signal ended it."""
    try:
        pause = float(os.environ.get("DRAIN_SECONDS") or PAUSE_SECONDS)
    except ValueError:
        pause = -1.0
    if not command or not 0 <= pause <= 300:
        print(f"{__doc__}\nDRAIN_SECONDS must be a number of seconds up to 300.", file=sys.stderr)
        return BAD_USAGE
    directory = Path(tempfile.mkdtemp(prefix="portal-web-"))
    try:
        return _run(command, pause, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _run(command: list[str], pause: float, directory: Path) -> int:
    counted = directory / "counted"
    counted.mkdir()
    environment = os.environ | {MARK: str(directory / "stopping"), COUNTED_IN: str(counted)}
    # Waited for instead of handled, so that nothing happens in between.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    server = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        start_new_session=True,  # so that Ctrl-C in a terminal reaches the server through us alone
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS),
    )
    told = _signal(server)
    if told:
        (directory / "stopping").touch()
    if told == signal.SIGTERM:
        _signal(server, pause)
    while server.poll() is None:
        server.terminate()
        _signal(server, AGAIN_SECONDS)
    status = server.wait()
    return status if status >= 0 else 128 - status


def _signal(server: "subprocess.Popen[bytes]", seconds: float | None = None) -> int:
    """What we are told within that time, or without an end; 0 for nothing, and where the server has ended."""
    deadline = time.monotonic() + (NEVER if seconds is None else seconds)
    while server.poll() is None and (left := deadline - time.monotonic()) > 0:
        told = signal.sigtimedwait(SIGNALS, left)
        if told and told.si_signo != signal.SIGCHLD:
            return told.si_signo
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
