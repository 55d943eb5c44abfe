from typing import Any

import pytest
from django.core.checks import run_checks

from diagnostics import registry
from diagnostics.system_checks import content_is_complete, sender_address_is_known, way_of_sending_exists


def test_the_shipped_content_is_complete() -> None:
    assert [message for message in content_is_complete(None) if message.is_serious()] == []


def test_a_tag_without_a_remedy_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.checks()
    monkeypatch.setattr(registry, "_checks", dict(registry._checks))
    registry.check(answers="new", emits={"new.cause"})(lambda: ())
    assert "diagnostics.E002" in [message.id for message in content_is_complete(None)]


def test_an_unknown_way_of_sending_is_found(settings: Any) -> None:
    assert way_of_sending_exists(None) == []
    settings.TEST_MESSAGE_SENDER = "pigeon"
    assert [message.id for message in way_of_sending_exists(None)] == ["diagnostics.E005"]


def test_a_deployment_without_an_address_to_send_from_is_warned(settings: Any) -> None:
    settings.TEST_MESSAGE_FROM = ""
    assert [message.id for message in sender_address_is_known(None)] == ["diagnostics.W001"]
    settings.TEST_MESSAGE_FROM = "codes@example.org"
    assert sender_address_is_known(None) == []
    assert [message for message in run_checks() if message.is_serious()] == []
