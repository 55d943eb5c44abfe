"""Where cases stand, in one query: what pages that poll ask before anything else is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from django.utils import timezone

from diagnostics.models import Case, Incident, LinkKind, Run, TestMessage
from diagnostics.services.cases import token_hash
from diagnostics.services.fleet import OURS, SHOWN_FROM
from diagnostics.services.prepared import Columns, M, rows
from diagnostics.services.shared_look import SharedLook

Key = tuple[str, str]
"""The hash of a link's token, and the reference of the case that it is shown for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A case's newest run and its test messages, both with the few fields that polling needs.

    `tier` is the case's; `incident` the number of the one that its customer is told of, else 0.
    """

    run: Run
    messages: tuple[TestMessage, ...]
    tier: int
    incident: int


def standing(token: str, reference: str) -> Standing | None:
    """For whoever holds a live owner link of the case; None for anybody else, and once its details are deleted."""
    key = token_hash(token), reference
    return _read([key]).get(key)


def recent_standing(token: str, reference: str) -> Standing | None:
    """The same as it was a moment ago (`shared_look.HELD`), for many who ask again and again."""
    return _shared.of((token_hash(token), reference))


def _read(keys: Collection[Key]) -> Mapping[Key, Standing]:
    hashes, references = ([key[part] for key in keys] for part in (0, 1))
    values = [hashes, references, SHOWN_FROM, list(OURS), LinkKind.OWNER.value, timezone.now()]
    found: dict[Key, Standing] = {}
    for hashed, reference, tier, incident, *more in rows(_SQL, values):
        key = hashed, reference
        if key not in found:
            found[key] = Standing(_RUN.made_of(more[: len(_RUN)]), (), tier, incident or 0)
        if message := _MESSAGE.made_of_any(more[len(_RUN) :]):
            found[key] = replace(found[key], messages=(*found[key].messages, message))
    return found


_shared = SharedLook(_read)


@dataclass(frozen=True, slots=True)
class Newest:
    """A case's newest run with its test messages, and the incident that its customer is told of: by public facts of the
    domain alone.
    """

    run: Run
    messages: tuple[TestMessage, ...]
    incident: Incident | None


def newest(case: Case, tier: int) -> Newest | None:
    """With the diagnosis for that tier; None where the case is no longer there."""
    run_columns, sql = _PUBLIC if tier == 0 else _FULL
    found = rows(sql, [SHOWN_FROM, list(OURS), case.pk])
    if not found:
        return None
    end = len(run_columns), len(run_columns) + len(_WHOLE_MESSAGE)
    run = run_columns.made_of(found[0][: end[0]])
    run.case = case
    messages = [one for row in found if (one := _WHOLE_MESSAGE.made_of_any(row[end[0] : end[1]]))]
    for message in messages:
        message.run = run
    return Newest(run, tuple(messages), _INCIDENT.made_of_any(found[0][end[1] :]))


def _only(model: type[M], *wanted: str) -> Columns[M]:
    return Columns(model, without={field.attname for field in model._meta.concrete_fields} - set(wanted))


_RUN = _only(Run, "id", "case_id", "version", "full_version", "created_at", "finished_at")
_MESSAGE = _only(
    TestMessage, "id", "run_id", "purpose", "state", "tries", "next_try_at", "typed_at", "sent_at", "created_at"
)
_WHOLE_MESSAGE, _INCIDENT = Columns(TestMessage), Columns(Incident)
_NEWEST_RUN = "CROSS JOIN LATERAL (SELECT * FROM diagnostics_run WHERE case_id = c.id ORDER BY number DESC LIMIT 1) r"
_FELT = """
    LEFT JOIN LATERAL (
      SELECT * FROM diagnostics_incident
      WHERE ended_at IS NULL AND part_of_id IS NULL AND cases >= %s
        AND (dimension = ANY(%s)
          OR dimension = 'article' AND value = c.article
          OR dimension = 'provider' AND value = c.provider AND c.provider <> ''
          OR dimension = 'gateway' AND value = c.gateway AND c.gateway <> '')
      ORDER BY began_at, id LIMIT 1) i ON true
"""
_SQL = f"""
    SELECT asked.token_hash, asked.reference, c.tier, i.id, {_RUN.of("r")}, {_MESSAGE.of("m")}
    FROM unnest(%s::text[], %s::text[]) AS asked (token_hash, reference)
    JOIN diagnostics_caselink l ON l.token_hash = asked.token_hash
    JOIN diagnostics_case c ON c.id = l.case_id
    {_NEWEST_RUN}
    LEFT JOIN diagnostics_testmessage m ON m.run_id = r.id
    {_FELT}
    WHERE l.kind = %s AND l.expires_at > %s AND c.reference = asked.reference AND c.details_deleted_at IS NULL
"""  # noqa: S608 - names of columns, ours


def _with_run(run: Columns[Run]) -> tuple[Columns[Run], str]:
    sql = f"""
        SELECT {run.of("r")}, {_WHOLE_MESSAGE.of("m")}, {_INCIDENT.of("i")}
        FROM diagnostics_case c {_NEWEST_RUN}
        LEFT JOIN diagnostics_testmessage m ON m.run_id = r.id
        {_FELT}
        WHERE c.id = %s
    """  # noqa: S608 - names of columns, ours
    return run, sql


_PUBLIC = _with_run(Columns(Run, without={"full_diagnosis"}))
_FULL = _with_run(Columns(Run, without={"diagnosis"}))
