from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from diagnostics import registry, vendors
from diagnostics.system_checks import (
    content_is_complete,
    responders_can_be_believed,
    sender_address_is_known,
    way_of_sending_exists,
)


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


def test_responders_without_a_key_or_with_ports_that_browsers_refuse_are_found(settings: Any, tmp_path: Path) -> None:
    profile = 'name = "Clocks"\n[[responders]]\nname = "check.example.net"\nports = [443, 59777]\n'
    (tmp_path / "clocks.toml").write_text(profile)
    before = vendors.use(tmp_path)
    try:
        settings.RESPONDER_KEY = "k" * 32
        assert responders_can_be_believed(None) == []
        (tmp_path / "clocks.toml").write_text(profile.replace("443", "443, 6000"))
        vendors.use(tmp_path)
        assert [one.id for one in responders_can_be_believed(None)] == ["diagnostics.W002"]
        (tmp_path / "clocks.toml").write_text(profile)
        vendors.use(tmp_path)
        settings.RESPONDER_KEY = ""
        assert [one.id for one in responders_can_be_believed(None)] == ["diagnostics.E006"]
    finally:
        vendors.use(*before)


@pytest.mark.parametrize(
    "name", ["Check.example.net", "check.example.net:443", "a b", "x;y", "-a.example", "a" * 64, ""]
)
def test_a_responder_that_is_no_host_name_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "clocks.toml").write_text(f'name = "Clocks"\n[[responders]]\nname = "{name}"\nports = [443]\n')
    before = vendors.use(tmp_path)
    try:
        assert any("is no host name" in problem for problem in vendors.problems())
    finally:
        vendors.use(*before)
