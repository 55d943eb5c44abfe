"""From which address of ours a service sent, as far as its events tell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from portal.hooks.reading import told


@pytest.mark.parametrize(
    ("service", "esp_event", "address"),
    [
        ("mailgun", {"event-data": {"envelope": {"sending-ip": "192.0.2.10"}}}, "192.0.2.10"),
        ("sendgrid", {"ip": "192.0.2.10"}, "192.0.2.10"),
        ("amazon_ses", {"mail": {"tags": {"ses:outgoing-ip": ["192.0.2.10"]}}}, "192.0.2.10"),
        ("amazon_ses", {"mail": {"tags": {"ses:outgoing-ip": []}}}, ""),
        ("amazon_ses", {"mail": ["odd"]}, ""),
        ("postmark", {"ip": "192.0.2.10"}, ""),
        ("mailgun", "odd", ""),
    ],
)
def test_the_address_that_sent(service: str, esp_event: Any, address: str) -> None:
    event = SimpleNamespace(
        event_type="delivered",
        recipient="anna@example.org",
        timestamp=None,
        message_id="m-1",
        mta_response="",
        description="",
        reject_reason=None,
        user_agent=None,
        event_id="e-1",
        esp_event=esp_event,
    )
    found = told(event, service)
    assert found is not None
    assert found.event.sent_from == address
