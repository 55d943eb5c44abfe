"""The rows of a run as workers read and write them, in SQL.

Every case comes this way a dozen times, and Django's query builder takes ten times as long as PostgreSQL's answer. What
is written here means what `services.runs` says it means: nobody else calls it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from diagnostics.domain import ProbeGroup, Seen
from diagnostics.models import CaseEventKind, CaseState, GroupState, Run
from diagnostics.services import case_events, health
from diagnostics.services.prepared import answers


class ClaimedRow(NamedTuple):
    """A group that was taken just now, and what its probes must know of the case."""

    group_id: int
    run_id: int
    case_id: int
    name: str
    attempt: int
    reference: str
    address: str
    vendor: str
    company_id: str


class Held(NamedTuple):
    """A group that somebody claims to hold, by the attempt it was claimed with, and whether it ends now."""

    id: int
    attempt: int
    ends: bool


class ObservationRow(NamedTuple):
    """A stored observation; `data` is JSON text."""

    kind: str
    vantage: str
    data: str | None
    gap: str
    applies: bool
    detail: str
    elapsed_ms: int
    at: datetime


class Known(NamedTuple):
    """What a run is judged by: what was seen, oldest first, how far its groups are, and our own side by its end."""

    seen: list[ObservationRow]
    groups: dict[ProbeGroup, GroupState]
    health: Seen | None


def claim(group_ids: Iterable[int], *, lease: timedelta, now: datetime) -> list[ClaimedRow]:
    """Take those of the groups that are queued, or were taken at that very moment: by whoever asks, who did not hear
    the answer. The lease runs by the database's clock.
    """
    values: dict[str, Any] = {
        **{"queued": GroupState.QUEUED, "running": GroupState.RUNNING, "now": now},
        **{"lease": lease.total_seconds(), "groups": list(group_ids)},
    }
    return [ClaimedRow(*row) for row in answers(_CLAIM, values)[0]]


def locked_run(run_id: int, *, skip_locked: bool = False) -> Run | None:
    """The run, held until the transaction's end.

    Not its key: new records refer to it, and FOR UPDATE against two of those at once is a deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_RUN + (" SKIP LOCKED" if skip_locked else ""), {"run": run_id})
        row = cursor.fetchone()
    return None if row is None else Run.from_db(connection.alias, _RUN_FIELDS, row)


def touch(run_id: int, *, public: bool) -> None:
    """Grow the run's version, and the public one where pages at tier 0 show what changed."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [int(public), run_id])


def save_groups(
    groups: Iterable[Held], rows: Iterable[Mapping[str, Any]], *, case_id: int, run_id: int, vendor: str
) -> tuple[Run, Known | None, frozenset[ProbeGroup]] | None:
    """Hold the run, save what was seen in groups of it, mark those done that end, and return which were still held.

    Each row says in `group_id` whose it is; one of the same kind of an earlier attempt gives way. A group that is not
    running in its attempt is left alone, its rows too; None where that leaves none. With a `vendor` what the run is to
    be judged by is read as well.
    """
    now = timezone.now()
    values: dict[str, Any] = {
        **{"case": case_id, "run": run_id, "vendor": vendor, "now": now},
        **{"groups": json.dumps([one._asdict() for one in groups]), "rows": _as_json(rows)},
        **{"running": GroupState.RUNNING, "done": GroupState.DONE},
    }
    script = (_LOCK_RUN, _SAVE_GROUPS, _KNOWN) if vendor else (_LOCK_RUN, _SAVE_GROUPS)
    held, ours, *rest = answers(";".join(script), values)
    if not held or not ours:
        return None
    run = Run.from_db(connection.alias, _RUN_FIELDS, held[0])
    known = _known(rest, run.finished_at or now) if rest else None
    return run, known, frozenset(ProbeGroup(name) for (name,) in ours)


def known(run: Run, vendor: str) -> Known:
    """What a run is, or would be, judged by now."""
    now = timezone.now()
    return _known(answers(_KNOWN, {"run": run.pk, "vendor": vendor, "now": now}), run.finished_at or now)


def group_states(run_id: int) -> dict[ProbeGroup, GroupState]:
    return _states(answers(_STATES, {"run": run_id})[0])


def save_diagnosis(run: Run, *, public: bool, ends: bool, gateway: str, provider: str) -> None:
    """Keep what judging has set, grow the versions, and set those of `run` to what they are now.

    The case repeats it if this is its newest run; where the run `ends` with it, that is announced.
    """
    values: dict[str, Any] = {
        **{"run": run.pk, "case": run.case_id, "number": run.number, "finished_at": run.finished_at},
        **{"verdict": run.verdict, "cause": run.cause, "gateway": gateway, "provider": provider},
        **{"full": json.dumps(run.full_diagnosis), "public": json.dumps(run.diagnosis) if public else None},
        **{"finished": run.finished, "checking": CaseState.CHECKING, "open": CaseState.OPEN},
    }
    script = [_SAVE_DIAGNOSIS if public else _SAVE_FULL_DIAGNOSIS, _REPEAT_IN_CASE]
    if ends:
        script.append(case_events.ANNOUNCE)
        told: dict[str, str | int] = {"run": run.number, "verdict": run.verdict, "cause": run.cause}
        values |= case_events.values_of(run.case_id, CaseEventKind.RUN_FINISHED, told)
    versions, *_ = answers(";".join(script), values)
    run.version, run.full_version = versions[0]


def _known(rows: Sequence[list[tuple[Any, ...]]], until: datetime) -> Known:
    seen, groups, looks = rows
    newest = health.as_evidence(*looks[0], until=until) if looks else None
    return Known([ObservationRow(*row) for row in seen], _states(groups), newest)


def _states(rows: Iterable[tuple[str, str]]) -> dict[ProbeGroup, GroupState]:
    return {ProbeGroup(name): GroupState(state) for name, state in rows}


def _as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps(list(rows), default=datetime.isoformat)


_CLAIM = """
UPDATE diagnostics_group g SET state = %(running)s, attempt = attempt + (g.state = %(queued)s)::int,
    lease_until = statement_timestamp() + make_interval(secs => %(lease)s), started_at = %(now)s
FROM diagnostics_run r JOIN diagnostics_case c ON c.id = r.case_id
WHERE g.id = ANY(%(groups)s) AND r.id = g.run_id
    AND (g.state = %(queued)s OR (g.state = %(running)s AND g.started_at = %(now)s))
RETURNING g.id, g.run_id, r.case_id, g.name, g.attempt, c.reference, c.address, c.vendor, c.company_id
"""
_RUN_FIELDS = ("id", "case_id", "number", "finished_at", "data_deleted_at")
_LOCK_RUN = """
SELECT id, case_id, number, finished_at, data_deleted_at FROM diagnostics_run WHERE id = %(run)s FOR NO KEY UPDATE"""
_SEEN_COLUMNS = "kind, vantage, data, gap, applies, detail, elapsed_ms, at"
_COLUMNS = f"{_SEEN_COLUMNS}, case_id, run_id, group_id, attempt"
_SEEN = """
jsonb_to_recordset(%(rows)s::jsonb) AS seen(
    group_id bigint, kind text, vantage text, data jsonb, gap text, applies boolean, detail text, elapsed_ms int,
    at timestamptz)
"""
_SAVE_GROUPS = f"""
WITH mine AS (
    SELECT id, attempt, ends FROM jsonb_to_recordset(%(groups)s::jsonb) AS mine(id bigint, attempt int, ends boolean)
), ended AS (
    UPDATE diagnostics_group g SET state = %(done)s, lease_until = NULL, finished_at = %(now)s
    FROM mine WHERE mine.ends AND g.id = mine.id AND g.attempt = mine.attempt AND g.state = %(running)s
    RETURNING g.id, g.name, g.attempt
), on_their_way AS (
    SELECT g.id, g.name, g.attempt FROM diagnostics_group g JOIN mine USING (id, attempt)
    WHERE NOT mine.ends AND g.state = %(running)s FOR UPDATE OF g
), ours AS (
    SELECT * FROM ended UNION ALL SELECT * FROM on_their_way
), saved AS (
    INSERT INTO diagnostics_observationrecord ({_COLUMNS})
    SELECT {_SEEN_COLUMNS}, %(case)s, %(run)s, ours.id, ours.attempt
    FROM {_SEEN} JOIN ours ON ours.id = seen.group_id
    ON CONFLICT (group_id, kind) DO UPDATE SET
        vantage = EXCLUDED.vantage, attempt = EXCLUDED.attempt, data = EXCLUDED.data, gap = EXCLUDED.gap,
        applies = EXCLUDED.applies, detail = EXCLUDED.detail, elapsed_ms = EXCLUDED.elapsed_ms, at = EXCLUDED.at
)
SELECT name FROM ours
"""  # noqa: S608 - put together from the texts above alone
_TOUCH = "UPDATE diagnostics_run SET version = version + %s, full_version = full_version + 1 WHERE id = %s"
_STATES = "SELECT name, state FROM diagnostics_group WHERE run_id = %(run)s"
_KNOWN = f"""
SELECT kind, vantage, data, gap, applies, detail, elapsed_ms, at FROM diagnostics_observationrecord
WHERE run_id = %(run)s ORDER BY at, id;
{_STATES};
SELECT id, at FROM diagnostics_vendorhealthrecord
WHERE vendor = %(vendor)s AND at <= COALESCE((SELECT finished_at FROM diagnostics_run WHERE id = %(run)s), %(now)s)
ORDER BY at DESC LIMIT 1
"""  # noqa: S608 - the same
_SAVE_FULL_DIAGNOSIS = """
UPDATE diagnostics_run SET verdict = %(verdict)s, cause = %(cause)s, full_diagnosis = %(full)s::jsonb,
    full_version = full_version + 1
WHERE id = %(run)s RETURNING version, full_version
"""
_SAVE_DIAGNOSIS = """
UPDATE diagnostics_run SET verdict = %(verdict)s, cause = %(cause)s, full_diagnosis = %(full)s::jsonb,
    diagnosis = %(public)s::jsonb, finished_at = COALESCE(finished_at, %(finished_at)s),
    version = version + 1, full_version = full_version + 1
WHERE id = %(run)s RETURNING version, full_version
"""
_REPEAT_IN_CASE = """
UPDATE diagnostics_case SET verdict = %(verdict)s, cause = %(cause)s, gateway = %(gateway)s, provider = %(provider)s,
    state = CASE WHEN %(finished)s AND state = %(checking)s THEN %(open)s ELSE state END
WHERE id = %(case)s
    AND ((verdict, cause, gateway, provider) IS DISTINCT FROM (%(verdict)s, %(cause)s, %(gateway)s, %(provider)s)
         OR (%(finished)s AND state = %(checking)s))
    AND NOT EXISTS (SELECT FROM diagnostics_run WHERE case_id = %(case)s AND number > %(number)s)
RETURNING id
"""
