"""The vendor's own records, as far as this portal is connected to them."""

from __future__ import annotations

from diagnostics.domain import Records
from diagnostics.net.live import NoRecords


def configured_records() -> Records:
    """What the settings name; where they name nothing, every question says so."""
    return NoRecords()
