"""One long word costs what reading it costs. Each of these once took its length squared, with everybody waiting."""

import logging
from datetime import UTC, datetime

import pytest
from django.test import Client

from diagnostics.domain import SendEvent, SendEventKind
from diagnostics.replies.stops import stopped_by
from portal.log import HideKeys, Line, without_keys
from portal.masking import without_mailboxes

pytestmark = pytest.mark.timeout(20)
LENGTH = 400_000
"""Characters: squared, they are an hour of work."""
WORDS = [
    "a" * LENGTH,
    "/" + "a" * LENGTH + "/",
    "a%40" * (LENGTH // 4),
    "a@" * (LENGTH // 2),
    "@" + "a." * (LENGTH // 2),
    "c" + "/" * LENGTH,
    "set-password/" + "/" * LENGTH,
    '"' * LENGTH,
    '"a' * (LENGTH // 2),
]


@pytest.mark.parametrize("word", WORDS, ids=[word[:14] for word in WORDS])
@pytest.mark.parametrize("behind", ["", " anna@example.org"], ids=["alone", "with an address"])
def test_neither_the_log_nor_a_masked_page_is_kept_busy(word: str, behind: str) -> None:
    assert "anna" not in without_keys(word + behind)
    assert "anna" not in without_mailboxes(word + behind, ["bert@example.org"])


@pytest.mark.parametrize("word", WORDS, ids=[word[:14] for word in WORDS])
def test_nor_is_whoever_reads_what_a_sending_service_was_told(word: str) -> None:
    told = SendEvent(SendEventKind.BOUNCED, datetime(2026, 3, 1, tzinfo=UTC), "example", reply=f"550 5.1.1 {word}")
    assert stopped_by(told) is None


def test_a_page_that_does_not_exist_is_logged_at_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(HideKeys())
    caplog.handler.setFormatter(Line())
    with caplog.at_level(logging.WARNING, "django.request"):
        assert client.get(f"/{'a' * LENGTH}/").status_code == 404
    assert "Not Found" in caplog.text
