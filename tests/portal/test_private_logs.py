"""Whole flows, good and bad, at the most talkative level: the log names no address, company, token or code."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as configured
from django.test import Client

from diagnostics import registry, tasks
from diagnostics.addresses import parse_address
from diagnostics.domain import Evidence, Network, Target
from diagnostics.models import LinkKind
from diagnostics.net.loop import run_on_loop
from diagnostics.runner import observe
from diagnostics.services.cases import mint_link
from diagnostics.vendors import vendor
from portal.log import HideKeys, without_keys
from portal.wizard.views import links
from tests.diagnostics.services.evidence import ANNA, COMPANY, NETWORK, SPELLED, person_in_everything
from tests.portal.hooks.conftest import SECRET

OURS = ("diagnostics", "portal", "django.request", "django.security")
LOGGING: dict[str, Any] = configured.LOGGING
FORMAT: str = LOGGING["formatters"]["line"]["format"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is said from DEBUG on, through the handler of the settings."""
    stream, untouched = io.StringIO(), _Messages()
    handler = logging.StreamHandler(stream)
    handler.addFilter(HideKeys())
    handler.setFormatter(logging.Formatter(FORMAT))
    root, named = logging.getLogger(), [logging.getLogger(name) for name in OURS]
    before = [(one, one.level) for one in (root, *named)]
    root.addHandler(untouched)  # before the other, whose filter changes what it lets pass
    root.addHandler(handler)
    for one in named:
        one.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.removeHandler(untouched)
    for one, level in before:
        one.setLevel(level)
    assert not [said for said in untouched.said if "anna" in said.lower()], "a logger of ours needs the second net"


class _Messages(logging.Handler):
    """What our own loggers say, as they say it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(OURS):
            self.said.append(record.getMessage())


def told(log: io.StringIO, *secrets: str) -> list[str]:
    """What of the person, or of the secrets, is in the log."""
    text = log.getvalue().lower()
    return [one for one in ("anna.k", COMPANY, NETWORK, "mailbox full", *secrets) if one.lower() in text]


@pytest.mark.django_db
def test_a_case_from_its_opening_to_its_erasure(log: io.StringIO, client: Client) -> None:
    case = person_in_everything()
    message = case.test_messages.get()
    token = mint_link(case, LinkKind.IT)
    client.get(f"/it/{token}/")
    client.get(f"/it/{token}x/")
    client.get("/console/", {"q": SPELLED})
    for task in (tasks.purge, tasks.verify_audit, tasks.tidy):
        task()
    assert "audit trail is unbroken" in log.getvalue()
    assert told(log, token, message.code) == []


@pytest.mark.django_db
def test_a_form_with_nonsense(log: io.StringIO, client: Client) -> None:
    client.post("/verification/", {"address": ANNA + "\0", "company_id": COMPANY})
    Client(enforce_csrf_checks=True).post("/verification/", {"address": ANNA, "company_id": COMPANY})
    assert "Forbidden (CSRF" in log.getvalue()
    assert told(log) == []


@pytest.mark.django_db
def test_reports_of_sending_services(log: io.StringIO, client: Client, settings: LazySettings) -> None:
    settings.HOOK_SECRET = SECRET
    event = {"RecordType": "Bounce", "Email": ANNA, "Details": f"552 {SPELLED}: mailbox full"}
    for body in (json.dumps(event), json.dumps([event])[:-5], "\0"):
        for headers in ({}, {"Authorization": "Basic c2VydmljZTphIHBhc3MgcGhyYXNlIG9mIGZvdXIgd29yZHM="}):
            client.post("/hooks/postmark/tracking/", body, content_type="application/json", headers=headers)
    assert "could not be read" in log.getvalue()
    assert told(log, SECRET) == []


@pytest.mark.django_db
def test_a_fault_in_a_probe(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    async def collect(target: Target, evidence: Evidence, net: Network) -> object:
        raise RuntimeError(f"no such mailbox: {target.address}")

    case = person_in_everything()
    probe = next(one for one in registry.probes() if not one.needs)
    target = Target(parse_address(ANNA), vendor(case.vendor), case.company_id)
    run_on_loop(observe([replace(probe, collect=collect)], target, None), 10)  # type: ignore[arg-type]
    assert "failed" in log.getvalue()
    assert "…@example.org" in log.getvalue()
    assert told(log) == []


@pytest.mark.django_db
def test_a_fault_in_a_view(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(f"nothing for {SPELLED} and {ANNA.replace('@', '%40')}")

    case = person_in_everything()
    token = mint_link(case, LinkKind.IT)
    monkeypatch.setattr(links, "read", fail)
    assert Client(raise_request_exception=False).get(f"/it/{token}/").status_code == 500
    assert "RuntimeError: nothing for …@Example.org and …%40example.org" in log.getvalue()
    assert told(log, token) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to <anna@example.org>: full", "to <…@example.org>: full"),
        ("Anna.K+x@Example.org", "…@Example.org"),
        ("?address=anna%40example.org&x=1", "?address=…%40example.org&x=1"),
        ("imaps://user:secret@mail.example.org/INBOX", "imaps://user:…@mail.example.org/INBOX"),
        ("celery@localhost ready", "celery@localhost ready"),
        ("'joséé@exämple.org'", "'…@exämple.org'"),
        ("3 of 4 @ noon", "3 of 4 @ noon"),
    ],
)
def test_the_second_net(text: str, shown: str) -> None:
    assert without_keys(text) == shown


def test_arguments_are_caught_as_well(log: io.StringIO) -> None:
    logging.getLogger("somebody.else").error("%s of %d: %r", ANNA, 3, {"to": ANNA})
    logging.getLogger("somebody.else").error("%(who)s", {"who": ANNA})
    assert "…@example.org of 3" in log.getvalue()
    assert told(log) == []
