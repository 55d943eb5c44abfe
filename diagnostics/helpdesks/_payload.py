"""What every helpdesk's call says, in the same few names: docs/helpdesks.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from diagnostics.helpdesks import BadPayload, Referral

LONGEST = {"ticket": 64, "address": 254, "company_id": 64, "article": 60, "language": 12}
NEEDED = ("ticket", "address", "company_id", "article")


def referral(payload: Mapping[str, Any], ticket: re.Pattern[str]) -> Referral:
    """The call's fields, those we do not know left out. A number stands for its digits. Raises BadPayload."""
    said = {name: _text(name, payload.get(name, "")) for name in LONGEST}
    if missing := [name for name in NEEDED if not said[name]]:
        raise BadPayload(f"{missing[0]} is missing")
    if not ticket.fullmatch(said["ticket"]):
        raise BadPayload("ticket is none of this helpdesk’s")
    return Referral(**said)


def _text(name: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST[name] or not value.isprintable():
        raise BadPayload(f"{name} must be a text of at most {LONGEST[name]} printable characters")
    if set(value) & set("{}"):
        raise BadPayload(f"{name} is a placeholder that the helpdesk did not fill in")
    return value.strip()
