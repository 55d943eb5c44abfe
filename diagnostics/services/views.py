"""That somebody looked at a case: kept once an hour and kind of viewer, so that reloads do not flood the history."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from diagnostics.models import Case, Viewer


def seen(case: Case, viewer: Viewer, name: str = "") -> bool:
    """Keep that the case is looked at; `name` is the agent's. Whether it is the first look of this hour.

    One statement, and no failure where the case has just been deleted. Polls are no looks: do not count them.
    """
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [viewer.value, name[:150], now, hour, case.pk])
        return bool(cursor.rowcount)


_INSERT = """
    INSERT INTO diagnostics_caseview (case_id, viewer, name, at, hour)
    SELECT id, %s, %s, %s, %s FROM diagnostics_case WHERE id = %s
    ON CONFLICT (case_id, viewer, name, hour) DO NOTHING
"""
