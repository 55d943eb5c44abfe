"""The portal's settings for tests: servers of this test session's own, so that nothing disturbs a running portal.

Only what cannot be had from the environment is overridden after the import.
"""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / ".local" / "test"
# Inherited by pytest-xdist's workers and by the processes that tests start.
os.environ.setdefault("EMBEDDED_HOME", str(HERE / str(os.getpid())))
os.environ.setdefault("ALIVE_FILE", str(Path(os.environ["EMBEDDED_HOME"]) / "alive"))
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "0")

from portal.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

LAB = True
REQUIRE_MFA = True
LAB_STATE = HERE / f"lab-{os.getpid()}" / "state.json"
EXTRA_SUFFIXES = frozenset({"test"})
RESPONDER_KEY = "a-key-of-the-tests-alone-of-40-characters"

# Each test's client is a portal of its own: static files are looked for when asked for, not all of them at each start.
WHITENOISE_AUTOREFRESH = True
