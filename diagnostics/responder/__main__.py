"""What `manage.py responder` becomes: the same process without Django, in less than half the memory.

Its configuration comes on standard input, so that the key stands in no list of processes.
"""

from __future__ import annotations

import logging
import os
import sys

from diagnostics.responder.certificate import CertificateUnusable
from diagnostics.responder.config import loaded
from diagnostics.responder.server import CannotListen
from diagnostics.responder.service import run

BAD_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h, as in manage.py."""


def main() -> int | str:
    """The exit status."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    logging.getLogger("diagnostics").setLevel(os.environ.get("LOG_LEVEL") or logging.INFO)
    try:
        run(loaded(sys.stdin.read()), _ready)
    except CertificateUnusable as problem:
        print(f"RESPONDER_CERTIFICATE: {problem}", file=sys.stderr)
        return BAD_CONFIGURATION
    except CannotListen as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _ready(ports: dict[int, int]) -> None:
    told = (f"{port}" if port == listening else f"{port} on {listening}" for port, listening in ports.items())
    print(f"ready: {', '.join(told)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
