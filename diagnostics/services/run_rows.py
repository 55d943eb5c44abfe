"""The rows of a run as workers read and write them, in SQL.

Every case comes this way a dozen times, and Django's query builder takes ten times as long as PostgreSQL's answer. What
is written here means what `services.runs` says it means: nobody else calls it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable, ProgramLimitExceeded, QueryCanceled

from diagnostics.codec import Json
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
    run_id: int
    case_id: int


class ObservationRow(NamedTuple):
    """A stored observation; `data` is what its JSON says."""

    kind: str
    vantage: str
    data: Json | None
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


class Saved(NamedTuple):
    """A run, the names of its groups that were still held, and what was known of it before, where that was wanted."""

    run: Run
    names: frozenset[ProbeGroup]
    before: Known | None


class Judged(NamedTuple):
    """What judging has set. `full` and `public` are the diagnoses as JSON, `public` None where it stays as it is;
    `ends` where the run ends with it.
    """

    run: Run
    full: bytes
    public: bytes | None
    gateway: str
    provider: str
    ends: bool


class NotTogether(Exception):
    """What was asked for many runs in one go cannot be done so, and nothing was changed: somebody else holds a row of
    one for longer than a moment, or it takes too long. Each of them alone has its own fate.
    """


MOMENT = timedelta(milliseconds=250)


def claim(group_ids: Iterable[int], *, lease: timedelta, now: datetime, in_a_hurry: bool) -> list[ClaimedRow]:
    """Take those of the groups that are queued, or were taken at that very moment: by whoever asks, who did not hear
    the answer. The lease runs by the database's clock.

    Raises NotTogether where that is `in_a_hurry`.
    """
    values: dict[str, Any] = {
        **{"queued": GroupState.QUEUED, "running": GroupState.RUNNING, "now": now},
        **{"lease": lease.total_seconds(), "groups": _array(group_ids)},
    }
    return [ClaimedRow(*row) for row in _answers_soon(_CLAIM, values, in_a_hurry)[0]]


def locked_run(run_id: int, *, skip_locked: bool = False) -> Run | None:
    """The run, held until the transaction's end.

    Not its key: new records refer to it, and FOR UPDATE against two of those at once is a deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_RUN + (" SKIP LOCKED" if skip_locked else ""), {"run": run_id})
        row = cursor.fetchone()
    return None if row is None else Run.from_db(connection.alias, _RUN_FIELDS, row)


def touch(run_ids: Collection[int], *, public: Collection[int]) -> None:
    """Grow the runs' versions, and the public ones where pages at tier 0 show what changed."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"runs": _array(run_ids), "public": _array(public)})


def save_groups(groups: Iterable[Held], rows: bytes, *, to_be_judged: Collection[int], in_a_hurry: bool) -> list[Saved]:
    """Hold the runs, save what was seen in groups of them, mark those done that end, and return which were still held.

    `rows` are a JSON list; each says in `group_id` whose it is; one of the same kind of an earlier attempt gives way. A
    group that is not running in its attempt is left alone, its rows too; a run of which that leaves none is not
    returned. What those `to_be_judged` are judged by is read as well, without the rows that were just saved.

    `in_a_hurry` no statement of the transaction waits for others longer than a moment. Raises NotTogether then.
    """
    now = timezone.now()
    groups = list(groups)
    values: dict[str, Any] = {
        **{"runs": _array({one.run_id for one in groups}), "judged": _array(to_be_judged), "now": now},
        **{"groups": json.dumps([one._asdict() for one in groups]), "rows": rows.decode()},
        **{"running": GroupState.RUNNING, "done": GroupState.DONE},
    }
    script = (_LOCK_RUNS, _SAVE_GROUPS, _STATES, _LOOKS) if to_be_judged else (_LOCK_RUNS, _SAVE_GROUPS)
    held, ours, *rest = _answers_soon(";".join(script), values, in_a_hurry)
    names = {run_id: (frozenset(map(ProbeGroup, names)), seen) for run_id, names, seen in ours}
    states, looks = _by_run(rest[0]) if rest else {}, {}
    if rest:
        looks = {run_id: look for run_id, *look in rest[1]}
    saved = []
    for row in held:
        run = Run.from_db(connection.alias, _RUN_FIELDS, row)
        if run.pk not in names:
            continue
        mine, seen = names[run.pk]
        before = None
        if run.pk in to_be_judged:
            before = _known(seen, states[run.pk], looks.get(run.pk), run.finished_at or now)
        saved.append(Saved(run, mine, before))
    return saved


def known(run: Run) -> Known:
    """What a run is, or would be, judged by now."""
    now = timezone.now()
    values = {"judged": _array([run.pk]), "now": now}
    seen, states, looks = answers(";".join((_SEEN_OF_RUN, _STATES, _LOOKS)), {**values, "run": run.pk})
    look = looks[0][1:] if looks else None
    return _known(seen[0][0], _by_run(states)[run.pk], look, run.finished_at or now)


def group_states(run_id: int) -> dict[ProbeGroup, GroupState]:
    return _by_run(answers(_STATES, {"judged": _array([run_id])})[0])[run_id]


def save_diagnoses(judged: Sequence[Judged]) -> None:
    """Keep what judging has set, grow the versions, and set those of the runs to what they are now.

    A case repeats it if this is its newest run; where the run ends with it, that is announced.
    """
    values: dict[str, Any] = {
        "diagnoses": orjson.dumps([_diagnosis_row(one) for one in judged]).decode(),
        "cases": json.dumps([_case_row(one) for one in judged]),
        **{"case_ids": _array({one.run.case_id for one in judged})},
        **{"checking": CaseState.CHECKING, "open": CaseState.OPEN},
    }
    script = [_SAVE_DIAGNOSES, case_events.HOLD, _REPEAT_IN_CASES]
    if ended := [one.run for one in judged if one.ends]:
        script.append(case_events.ANNOUNCE)
        values |= case_events.values_of([(run.case_id, CaseEventKind.RUN_FINISHED, _told(run)) for run in ended])
    versions, *_ = answers(";".join(script), values)
    now = {run_id: both for run_id, *both in versions}
    for one in judged:
        one.run.version, one.run.full_version = now[one.run.pk]


def _told(run: Run) -> dict[str, str | int]:
    return {"run": run.number, "verdict": run.verdict, "cause": run.cause}


def _diagnosis_row(one: Judged) -> dict[str, Any]:
    return {
        **{"run": one.run.pk, "verdict": one.run.verdict, "cause": one.run.cause, "finished_at": one.run.finished_at},
        **{"full": orjson.Fragment(one.full), "public": one.public and orjson.Fragment(one.public)},
    }


def _case_row(one: Judged) -> dict[str, Any]:
    return {
        **{"id": one.run.case_id, "number": one.run.number, "verdict": one.run.verdict, "cause": one.run.cause},
        **{"gateway": one.gateway, "provider": one.provider, "finished": one.run.finished},
    }


def _known(
    seen: str | None, states: dict[ProbeGroup, GroupState], look: Sequence[Any] | None, until: datetime
) -> Known:
    newest = health.as_evidence(*look, until=until) if look else None
    rows = [
        ObservationRow(*values, at=datetime.fromisoformat(at))  # type: ignore[misc]  # a list has no length
        for *values, at in json.loads(seen or "[]")
    ]
    return Known(rows, states, newest)


def _by_run(rows: Iterable[tuple[int, str, str]]) -> defaultdict[int, dict[ProbeGroup, GroupState]]:
    states: defaultdict[int, dict[ProbeGroup, GroupState]] = defaultdict(dict)
    for run_id, name, state in rows:
        states[run_id][ProbeGroup(name)] = GroupState(state)
    return states


def _answers_soon(script: str, values: Mapping[str, Any], in_a_hurry: bool) -> list[list[tuple[Any, ...]]]:
    if not in_a_hurry:
        return answers(script, values)
    with hurried():
        return answers(f"{_HURRY};{script}", {**values, "moment": f"{MOMENT.total_seconds():.3f}s"})[1:]


@contextmanager
def hurried() -> Iterator[None]:
    """Around what else is said in a transaction that is in a hurry."""
    try:
        yield
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable | DeadlockDetected | QueryCanceled | ProgramLimitExceeded):
            raise NotTogether from problem
        raise


def _array(ids: Iterable[int]) -> str:
    """As PostgreSQL spells it: psycopg takes twenty times as long to find out what a list is made of."""
    return "{" + ",".join(map(str, ids)) + "}"


_HURRY = "SELECT set_config('lock_timeout', %(moment)s, true)"
"""Until the transaction ends."""
_CLAIM = """
UPDATE diagnostics_group g SET state = %(running)s, attempt = attempt + (g.state = %(queued)s)::int,
    lease_until = statement_timestamp() + make_interval(secs => %(lease)s), started_at = %(now)s
FROM diagnostics_run r JOIN diagnostics_case c ON c.id = r.case_id
WHERE g.id = ANY(%(groups)s::bigint[]) AND r.id = g.run_id
    AND (g.state = %(queued)s OR (g.state = %(running)s AND g.started_at = %(now)s))
RETURNING g.id, g.run_id, r.case_id, g.name, g.attempt, c.reference, c.address, c.vendor, c.company_id
"""
_RUN_FIELDS = ("id", "case_id", "number", "finished_at", "data_deleted_at")
_RUN = "SELECT id, case_id, number, finished_at, data_deleted_at FROM diagnostics_run"
_LOCK_RUN = f"{_RUN} WHERE id = %(run)s FOR NO KEY UPDATE"
_LOCK_RUNS = f"{_RUN} WHERE id = ANY(%(runs)s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
_SEEN_COLUMNS = "kind, vantage, data, gap, applies, detail, elapsed_ms, at"
_COLUMNS = f"{_SEEN_COLUMNS}, case_id, run_id, group_id, attempt"
_SEEN = """
jsonb_to_recordset(%(rows)s::jsonb) AS seen(
    group_id bigint, kind text, vantage text, data jsonb, gap text, applies boolean, detail text, elapsed_ms int,
    at timestamptz)
"""
_ROWS = f"""
SELECT json_agg(json_build_array({_SEEN_COLUMNS}) ORDER BY at, id)::text
FROM diagnostics_observationrecord earlier
"""  # noqa: S608 - the same
_SEEN_OF_RUN = f"{_ROWS} WHERE run_id = %(run)s"
_SAVE_GROUPS = f"""
WITH mine AS (
    SELECT id, attempt, ends, case_id
    FROM jsonb_to_recordset(%(groups)s::jsonb) AS mine(id bigint, attempt int, ends boolean, case_id bigint)
), ended AS (
    UPDATE diagnostics_group g SET state = %(done)s, lease_until = NULL, finished_at = %(now)s
    FROM mine WHERE mine.ends AND g.id = mine.id AND g.attempt = mine.attempt AND g.state = %(running)s
    RETURNING g.id, g.name, g.attempt, g.run_id, mine.case_id
), on_their_way AS (
    SELECT g.id, g.name, g.attempt, g.run_id, mine.case_id FROM diagnostics_group g JOIN mine USING (id, attempt)
    WHERE NOT mine.ends AND g.state = %(running)s FOR UPDATE OF g
), ours AS (
    SELECT * FROM ended UNION ALL SELECT * FROM on_their_way
), saved AS (
    INSERT INTO diagnostics_observationrecord ({_COLUMNS})
    SELECT {_SEEN_COLUMNS}, ours.case_id, ours.run_id, ours.id, ours.attempt
    FROM {_SEEN} JOIN ours ON ours.id = seen.group_id
    ON CONFLICT (group_id, kind) DO UPDATE SET
        vantage = EXCLUDED.vantage, attempt = EXCLUDED.attempt, data = EXCLUDED.data, gap = EXCLUDED.gap,
        applies = EXCLUDED.applies, detail = EXCLUDED.detail, elapsed_ms = EXCLUDED.elapsed_ms, at = EXCLUDED.at
    RETURNING group_id, kind
)
SELECT ours.run_id, array_agg(ours.name), CASE WHEN ours.run_id = ANY(%(judged)s::bigint[]) THEN (
    {_ROWS} WHERE earlier.run_id = ours.run_id
    AND NOT EXISTS (SELECT FROM saved WHERE saved.group_id = earlier.group_id AND saved.kind = earlier.kind)
) END
FROM ours GROUP BY ours.run_id
"""  # noqa: S608 - put together from the texts above alone
_TOUCH = """
UPDATE diagnostics_run SET version = version + (id = ANY(%(public)s::bigint[]))::int, full_version = full_version + 1
WHERE id = ANY(%(runs)s::bigint[])
"""
_STATES = "SELECT run_id, name, state FROM diagnostics_group WHERE run_id = ANY(%(judged)s::bigint[])"
_LOOKS = """
SELECT r.id, look.id, look.at FROM diagnostics_run r JOIN diagnostics_case c ON c.id = r.case_id
CROSS JOIN LATERAL (
    SELECT id, at FROM diagnostics_vendorhealthrecord
    WHERE vendor = c.vendor AND at <= COALESCE(r.finished_at, %(now)s) ORDER BY at DESC LIMIT 1
) look
WHERE r.id = ANY(%(judged)s::bigint[])
"""
_SAVE_DIAGNOSES = """
UPDATE diagnostics_run r SET verdict = judged.verdict, cause = judged.cause, full_diagnosis = judged.full,
    diagnosis = COALESCE(judged.public, r.diagnosis), finished_at = COALESCE(r.finished_at, judged.finished_at),
    version = version + (judged.public IS NOT NULL)::int, full_version = full_version + 1
FROM jsonb_to_recordset(%(diagnoses)s::jsonb) AS judged(
    run bigint, verdict text, cause text, finished_at timestamptz, "full" jsonb, public jsonb)
WHERE r.id = judged.run RETURNING r.id, version, full_version
"""
_REPEAT_IN_CASES = """
UPDATE diagnostics_case c SET verdict = judged.verdict, cause = judged.cause, gateway = judged.gateway,
    provider = judged.provider,
    state = CASE WHEN judged.finished AND state = %(checking)s THEN %(open)s ELSE state END
FROM jsonb_to_recordset(%(cases)s::jsonb) AS judged(
    id bigint, number int, verdict text, cause text, gateway text, provider text, finished boolean)
WHERE c.id = judged.id
    AND ((c.verdict, c.cause, c.gateway, c.provider)
            IS DISTINCT FROM (judged.verdict, judged.cause, judged.gateway, judged.provider)
         OR (judged.finished AND state = %(checking)s))
    AND NOT EXISTS (SELECT FROM diagnostics_run r WHERE r.case_id = c.id AND r.number > judged.number)
RETURNING c.id
"""
