"""What others' servers say, and what people type, reaches every place that shows a case as words and nothing else."""

from __future__ import annotations

import csv
import email
import io
import json
import logging
from email.policy import SMTP
from html.parser import HTMLParser

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Gap
from diagnostics.management.commands import diagnose as command
from diagnostics.models import ApiClient, Case, CaseEvent, LinkKind, TestMessage
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.services import note_text, runs
from diagnostics.services.api_keys import Scope, make_client, make_key
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.cases import mint_link, start_run
from diagnostics.services.webhook_messages import body_of
from portal.console.audit import COLUMNS
from portal.roles import Role
from tests.agents import make_agent
from tests.attacks.hostile import (
    ADDRESS,
    DOMAIN,
    HEADERS,
    HOSTILE,
    MARK,
    MARKUP,
    HostileCase,
    hostile_case,
    unsafe_signs,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def hostile(db: None) -> HostileCase:
    return hostile_case()


@pytest.fixture
def agent(hostile: HostileCase) -> Client:
    client = Client()
    client.force_login(make_agent("lead-one", Role.ADMIN))
    return client


def test_everywhere(hostile: HostileCase, agent: Client, settings, caplog: pytest.LogCaptureFixture) -> None:
    """One case, which is costly to make, and then every place that shows it."""
    with caplog.at_level(logging.DEBUG):
        assert_that_it_was_told(hostile)
        paste(hostile)
        assert_pages_show_words(hostile, agent)
        assert_data_is_data(hostile, agent)
        assert_notes_are_words(hostile.case)
        assert_mail_holds_nothing(hostile)
    said = "\n".join(
        logging.Formatter().format(record)
        for record in caplog.records
        if record.name.startswith(("diagnostics", "portal"))
    )
    assert unsafe_signs(said) == set()
    assert MARK not in said


def assert_that_it_was_told(hostile: HostileCase) -> None:
    """The attack really came in: nothing was lost on the way, and no probe fell over it."""
    assert Gap.FAULT not in {seen.gap for seen in hostile.evidence}
    conversations = hostile.evidence[MxConversations].conversations
    assert len(conversations) == 3
    assert all(MARK in str(one.replies) for one in conversations)
    assert any(MARK in one.tls_issuer or MARKUP[:20] in one.tls_issuer for one in conversations)
    message = TestMessage.objects.get()
    assert message.state == "refused"
    assert message.events.filter(reply__contains=MARK).count() == 4
    assert MARK in hostile.case.company_id


def paste(hostile: HostileCase) -> None:
    answer = hostile.owner.post(f"/cases/{hostile.case.reference}/do/headers/", {"headers": HEADERS})
    assert answer.status_code == 303, answer.content.decode()


def assert_pages_show_words(hostile: HostileCase, agent: Client) -> None:
    case = hostile.case
    found = article(case.article)
    assert found is not None
    names = [None, *(section.slug for section in found.sections)]
    public = [
        reverse("wizard:section", args=[case.reference, one]) if one else reverse("wizard:case", args=[case.reference])
        for one in names
    ]
    public += [reverse("wizard:it", args=[mint_link(case, LinkKind.IT)])]
    start_run(case, asked_by="agent-one")
    console = [
        reverse(f"console:{name}", args=[case.reference]) for name in ("case", "print", "reply", "diff", "case_links")
    ]
    console += ["/console/", f"/console/?q={DOMAIN}", "/console/audit/", "/console/fleet/", "/console/accuracy/"]
    marked = 0
    for client, paths in ((hostile.owner, public), (agent, public[:-1] + console)):
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)
            text = answer.content.decode()
            marked += MARK in text
            assert unsafe_signs(text) == set(), path
            assert active_parts(text) == set(), path
            for name, value in answer.items():
                assert MARK not in value, (path, name)
    assert marked >= 4, "pages show what was said"


ADDRESSES = ("action", "data", "formaction", "href", "hx-get", "hx-post", "src", "srcdoc", "style", "xlink:href")


def active_parts(page: str) -> set[str]:
    """What of the attack a browser would take for more than words."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            for name, value in attributes:
                leads_somewhere = name in ADDRESSES and (value or "").strip().lower().startswith(
                    ("javascript:", "data:text")
                )
                if name.startswith("on") or leads_somewhere:
                    self.found.add(f"{tag} {name}={value}")
                leads_away = name in ("href", "action", "hx-get") and not (value or "").startswith(("/", "?", "#"))
                if (leads_away or name in ("src", "style", "srcdoc")) and MARK in (value or ""):
                    self.found.add(f"{tag} {name}={value}")
            self.inside = tag

        def handle_data(self, data: str) -> None:
            if getattr(self, "inside", "") in ("script", "style") and MARK in data:
                self.found.add(f"in {self.inside}: {data[:80]}")

        def handle_endtag(self, tag: str) -> None:
            self.inside = ""

    reader = Reader()
    reader.feed(page)
    return reader.found


def assert_data_is_data(hostile: HostileCase, agent: Client) -> None:
    case = hostile.case
    exported = b"".join(agent.get(reverse("console:export", args=[case.reference])).streaming_content).decode()  # type: ignore[attr-defined]
    assert json.loads(exported)["case"]["reference"] == case.reference
    assert MARK in exported
    system = make_client(name="a system", vendor="", is_test=False, actor=Actor("command", "tests"))
    _kept, key = make_key(system, scopes=Scope, actor=Actor("command", "tests"))
    Case.objects.update(api_client=ApiClient.objects.get())
    client = Client(headers={"Authorization": f"Bearer {key}"})
    for path in ("", "/diagnosis", "/events"):
        answer = client.get(f"/api/v1/cases/{case.reference}{path}")
        assert answer.status_code == 200, answer.content
        assert answer.json()
        assert unsafe_signs(answer.content.decode()) == set()
        assert answer["Content-Type"] == "application/json"
        assert answer["X-Content-Type-Options"] == "nosniff"
    for event in CaseEvent.objects.filter(case=case):
        body = body_of(event)
        assert json.loads(body)
        assert MARK not in body
        assert ADDRESS not in body
    write(
        Actor("agent", HOSTILE.replace("\x00", "")),
        Action.CASE_READ,
        reference=case.reference,
        detail=HOSTILE.replace("\x00", ""),
    )
    for name in ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝1", " =1"):
        write(Actor("agent", name), Action.CASE_READ, reference=case.reference)
    rows = b"".join(agent.post("/console/audit.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert_no_formula(rows)


def assert_no_formula(text: str) -> None:
    """No cell begins with what a spreadsheet calculates, also after blanks; and each row has as many as the first."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert not [
        cell for row in rows for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    ]
    assert unsafe_signs(text) == set()


def assert_notes_are_words(case: Case) -> None:
    """What stands on a ticket is plain text there, so it needs no escaping; it names nobody and turns nothing round."""
    for event in CaseEvent.objects.filter(case=case, kind="run.finished"):
        text = note_text.about_run(case, event)
        assert unsafe_signs(text) == set()
        assert ADDRESS not in text


def assert_mail_holds_nothing(hostile: HostileCase) -> None:
    """Nothing that anybody typed or said goes to a third party."""
    assert MARK.encode() not in hostile.content
    mail = email.message_from_bytes(hostile.content, policy=SMTP)
    assert mail.keys() == list(dict.fromkeys(mail.keys()))
    assert "Bcc" not in mail


def test_the_terminal(hostile: HostileCase, monkeypatch: pytest.MonkeyPatch) -> None:
    """`manage.py diagnose` and the commands that print what is kept: no sequence that a terminal obeys."""

    told = runs.evidence_of(hostile.case.runs.get())

    async def gather(*args: object, **options: object):
        return told

    monkeypatch.setattr(command.Command, "_gather", gather)
    for options in ({"json": True}, {"json": False}):
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit):
            call_command("diagnose", ADDRESS, "--article", "verification", stdout=out, stderr=err, **options)
        assert MARK.lower() in out.getvalue().lower()
        assert unsafe_signs(out.getvalue() + err.getvalue()) == set()
    out = io.StringIO()
    call_command("export_person", ADDRESS, stdout=out)
    assert MARK in out.getvalue()
    assert unsafe_signs(out.getvalue()) == set()


def test_the_looks_at_pages_would_notice() -> None:
    assert active_parts(MARKUP)
    assert active_parts(f"<a href='javascript:{MARK}'>") == {f"a href=javascript:{MARK}"}
    assert unsafe_signs("a\x1b[2Jb\x9bc\u202e") == {"\x1b", "\x9b", "\u202e"}
    with pytest.raises(AssertionError):
        assert_no_formula(",".join(["=1", *COLUMNS[1:]]))
