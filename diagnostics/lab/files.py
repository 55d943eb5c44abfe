"""Files that a reader sees whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

RESPONDER_CERTIFICATE = "responder.pem"
"""In the lab's folder: certificate and key of the test point, for the port responder."""


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the path, then rename onto it; makes the folder where it is missing. Nobody else may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as unfinished:
        unfinished.write(content)
    os.replace(unfinished.name, path)
