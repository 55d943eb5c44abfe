"""A case as JSON: whole, without what opens anything, in a format that is written down."""

import json
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from diagnostics.models import Case, LinkKind, SenderEvent
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.cases import mint_link
from diagnostics.services.exports import FORMAT, SECRETS, VERSION, export_of, tables_of
from diagnostics.services.notes import write_note
from tests.portal.wizard.conftest import finish, opened, sent

ROOT = Path(__file__).parent.parent.parent.parent
AGENT = Actor("agent", "agent-one")

pytestmark = pytest.mark.django_db


def belonging() -> set[type[models.Model]]:
    """Every table whose rows go with a case."""
    found: set[type[models.Model]] = {Case}
    while True:
        more = {
            model
            for model in apps.get_app_config("diagnostics").get_models()
            for field in model._meta.concrete_fields
            if field.related_model in found and field.name != "deep_link"
        }
        if more <= found:
            return found - {Case}
        found |= more


def test_every_table_that_goes_with_a_case_is_exported() -> None:
    assert belonging() <= {rows.model for rows in tables_of(Case(pk=0)).values()}


def test_the_document_is_whole_and_says_what_it_is() -> None:
    case = opened()
    finish(case)
    message = sent(case)
    token = mint_link(case, LinkKind.OWNER)
    write_note(case, "naïve “quotes” </script> and a line\nend", AGENT)
    write(AGENT, Action.CASE_READ, reference=case.reference)
    SenderEvent.objects.create(
        service="postmark", event_id="1", kind="delivered", address="a", test_message=message, at=message.created_at
    )
    text = "".join(export_of(case))
    document = json.loads(text)
    assert (document["format"], document["version"]) == (FORMAT, VERSION)
    assert document["case"]["reference"] == case.reference
    assert set(tables_of(case)) <= set(document)
    assert document["notes"][0]["text"] == "naïve “quotes” </script> and a line\nend"
    assert document["runs"][0]["diagnosis"]["verdict"]
    assert len(document["observations"]) == case.records.count() > 5
    assert document["audit"][-1]["action"] == "case.read"
    assert document["sender_events"][0]["kind"] == "delivered"
    assert not SECRETS & {name for rows in document.values() if isinstance(rows, list) for row in rows for name in row}
    assert token not in text
    assert f'"{message.code}"' not in text


def test_another_case_is_not_in_it() -> None:
    case, other = opened(), opened("bert@example.net")
    write_note(other, "of the other", AGENT)
    text = "".join(export_of(case))
    assert "bert" not in text
    assert "of the other" not in text


def test_each_part_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "case-export.md").read_text()))
    assert {"format", "version", "made_at", "case", *tables_of(Case(pk=0))} <= documented
