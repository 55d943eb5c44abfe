"""`manage.py up`: the whole portal on this machine, to try it out and to develop it (`make run`)."""

import fcntl
import secrets
import signal
import socket
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from portal import embedded
from portal.roles import Role
from portal.stack import running
from portal.supervisor import ProcessEnded, Supervisor

AGENT = "agent"


class Command(BaseCommand):
    help = "Runs everything on this machine: PostgreSQL, Valkey, lab, web, worker, dispatcher. Ctrl-C stops it all."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=urlsplit(settings.PORTAL_URL).port or 8000)

    def handle(self, *, port: int, **options: Any) -> None:
        if not settings.ON_LOOPBACK:
            raise CommandError("`up` is for this machine only; PORTAL_URL names another", returncode=2)
        for signum in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: shells start background jobs with it ignored
            signal.signal(signum, _interrupt)
        with _only_one_here():
            _refuse_taken(port)
            try:
                _run(port)
            except KeyboardInterrupt:
                self.stdout.write("Stopped.")
            except (ProcessEnded, embedded.EmbeddedError) as failed:
                raise CommandError(str(failed)) from None


def _run(port: int) -> None:
    with running(port) as supervisor:
        _announce(supervisor, port, _demo_agents_password())
        supervisor.wait()


def _announce(supervisor: Supervisor, port: int, password: str) -> None:
    site = f"http://127.0.0.1:{port}"
    supervisor.say(f"ready: {site}/")
    if settings.LAB:
        from diagnostics import lab

        supervisor.say("\nAddresses to try:")
        for scenario in lab.tour():
            supervisor.say(f"  {scenario.address:<34} {scenario.title} ({site}/{scenario.article}/)")
        more = len(lab.scenarios()) - len(lab.TOUR)
        supervisor.say(f"  … and {more} more: .venv/bin/python manage.py lab")
    supervisor.say(f"\nSupport console: {site}{settings.LOGIN_URL}  user: {AGENT}  password: {password}")
    supervisor.say("Ctrl-C stops everything.\n")


def _demo_agents_password() -> str:
    kept = settings.LOCAL_DIR / "agent-password"
    users = get_user_model().objects
    if kept.exists() and users.filter(username=AGENT).exists():
        return kept.read_text()
    password = secrets.token_urlsafe(12)
    agent, _ = users.get_or_create(username=AGENT)
    agent.groups.add(Group.objects.get_or_create(name=Role.ADMIN)[0])
    agent.set_password(password)
    agent.save()
    kept.touch(mode=0o600)
    kept.write_text(password)
    return password


def _refuse_taken(port: int) -> None:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OverflowError:
            raise CommandError(f"{port} is no port number.", returncode=2) from None
        except OSError as refused:
            hint = "choose another: make run PORT=8001"
            raise CommandError(f"Port {port} cannot be used ({refused.strerror}); {hint}", returncode=2) from None


@contextmanager
def _only_one_here() -> Iterator[None]:
    """Two of them would share one database, and the first to end would take it from the other."""
    settings.LOCAL_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.LOCAL_DIR / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("This checkout's portal is running already.", returncode=2) from None
        yield


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
