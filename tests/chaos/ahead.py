"""`python -m tests.chaos.ahead <seconds> <command> ...`: `manage.py` on a machine whose clock is wrong by so much."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

import time_machine
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    seconds, *command = sys.argv[1:]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(seconds)), tick=True):
        execute_from_command_line(["manage.py", *command])
