"""`manage.py worker`: what it holds for as long as it lives, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]
LOADED = """
import sys, django
django.setup()
import portal.management.commands.worker, celery.apps.worker, celery.concurrency.thread, celery.worker.consumer
from diagnostics import tasks
tasks.warm_up()
print(*sys.modules)
"""
NOT_FOR_WORKERS = {
    *("portal.urls", "portal.console", "portal.wizard", "portal.api", "allauth.account.views", "ninja", "boto3"),
    *("requests", "prompt_toolkit"),
}


def test_a_worker_loads_neither_pages_nor_shells() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "CELERY_SKIP_CHECKS": "true"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "diagnostics.tasks" in loaded
    assert loaded & NOT_FOR_WORKERS == set()


def test_a_queue_that_is_none_ends_the_worker_at_once() -> None:
    with pytest.raises(CommandError, match="no such queue: letters; there are probes, mail, hook"):
        call_command("worker", queues="probes,letters")
