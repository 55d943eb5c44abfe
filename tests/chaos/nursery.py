"""`python -m tests.chaos.nursery`: starts workers and dispatchers that have everything imported, by forking itself.

A line of JSON on standard input is a part to start, {"arguments", "environment", "log"}, whose arguments are those of
`python -m`; a line with its process ID is the answer. Else every part that a test killed would cost seconds of reading
modules when it is started again. Dispatchers that come from here also look for lost work more often than every 5
seconds, and clocks for what they could not start, for the same end.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from pathlib import Path

import dj_database_url
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

import celery.__main__  # noqa: E402, F401
import celery.apps.beat  # noqa: E402, F401
import celery.apps.worker  # noqa: E402, F401
import celery.bin.beat  # noqa: E402, F401
import celery.bin.worker  # noqa: E402, F401
import celery.concurrency.thread  # noqa: E402, F401
import kombu.transport.redis  # noqa: E402, F401
import time_machine  # noqa: E402, F401
from django.conf import settings  # noqa: E402
from django.core import checks  # noqa: E402
from django.db import connections  # noqa: E402

import portal.beat  # noqa: E402, F401
import portal.broker  # noqa: E402, F401
from diagnostics import clock, dispatch, tasks  # noqa: E402
from portal.celery import app  # noqa: E402

LOOK_EVERY = 1.0


def become(arguments: list[str], environment: dict[str, str], log: str) -> None:
    """The part; does not return."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    words = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (words, 1), (words, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(environment)
    settings.ALIVE_FILE = Path(environment["ALIVE_FILE"])
    dispatch.SWEEP_EVERY = clock.TICK_SECONDS = LOOK_EVERY
    if "DATABASE_URL" in environment:
        go_another_way(environment["DATABASE_URL"], environment["REDIS_URL"])
    _python, _m, module, *options = arguments
    sys.argv = [module, *options]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.stderr.flush()
        os._exit(1)


def go_another_way(database: str, broker: str) -> None:
    """To the same servers: the settings were read before."""
    there = connections.settings["default"]
    there.update({name: value for name, value in dj_database_url.parse(database).items() if name.isupper() and value})
    app.conf.update(broker_url=broker)


if __name__ == "__main__":
    tasks.warm_up()
    checks.run_checks()  # every command begins with them, and they read all that the portal consists of
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the parts: they go when they end
    print(os.getpid(), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(wanted["arguments"], wanted["environment"], wanted["log"])
        print(pid, flush=True)
