"""An interpreter with the packages that are deployed, and no others.

What only development needs is loaded where it is found, by packages that could make use of it, and would count as ours.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import venv

from tests.bench._portal import LOCAL
from tests.bench._processes import ROOT, run

REQUIREMENTS = ROOT / "requirements" / "production.txt"
LIMIT = 600


def python() -> str:
    """Made the first time, and again after a change of the requirements."""
    home = LOCAL / f"deployed-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    complete, interpreter = home / "complete", str(home / "bin" / "python")
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        run([interpreter, "-m", "pip", "install", "--quiet", f"--requirement={REQUIREMENTS}"], dict(os.environ), LIMIT)
        complete.touch()
    return interpreter
