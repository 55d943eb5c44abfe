"""What happens to cases, told to whoever wants to know: the API's list, webhooks, tickets' notes."""

from __future__ import annotations

from diagnostics.models import Case, CaseEvent, CaseEventKind


def announce(case: Case, kind: CaseEventKind, **data: str | int) -> CaseEvent:
    """Write the event down in the caller's transaction; `data` holds codes only, never an address."""
    return CaseEvent.objects.create(case=case, kind=kind, data=data)
