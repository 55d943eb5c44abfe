"""Where a case stands, in one query: what a page that polls asks before anything else is read."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model
from django.utils import timezone

from diagnostics.models import LinkKind, Run, TestMessage
from diagnostics.services.cases import token_hash
from diagnostics.services.fleet import OURS, SHOWN_FROM
from diagnostics.services.prepared import rows


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
    found = rows(_SQL, [SHOWN_FROM, list(OURS), token_hash(token), LinkKind.OWNER.value, timezone.now(), reference])
    if not found:
        return None
    tier, incident = found[0][:2]
    messages = (row[2 + len(_RUN) :] for row in found)
    return Standing(
        run=Run.from_db("default", _RUN, found[0][2 : 2 + len(_RUN)]),
        messages=tuple(TestMessage.from_db("default", _MESSAGE, one) for one in messages if one[0] is not None),
        tier=tier,
        incident=incident or 0,
    )


def _columns(model: type[Model], *wanted: str) -> tuple[str, ...]:
    """In the order in which `from_db` takes their values."""
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname in wanted)


_RUN = _columns(Run, "id", "case_id", "version", "full_version", "created_at", "finished_at")
_MESSAGE = _columns(
    TestMessage, "id", "run_id", "purpose", "state", "tries", "next_try_at", "typed_at", "sent_at", "created_at"
)
_SQL = f"""
    SELECT c.tier,
      (SELECT i.id FROM diagnostics_incident i
        WHERE i.ended_at IS NULL AND i.part_of_id IS NULL AND i.cases >= %s
          AND (i.dimension = ANY(%s)
            OR i.dimension = 'article' AND i.value = c.article
            OR i.dimension = 'provider' AND i.value = c.provider AND c.provider <> ''
            OR i.dimension = 'gateway' AND i.value = c.gateway AND c.gateway <> '')
        ORDER BY i.began_at, i.id LIMIT 1),
      {", ".join(f"r.{name}" for name in _RUN)}, {", ".join(f"m.{name}" for name in _MESSAGE)}
    FROM diagnostics_caselink l
    JOIN diagnostics_case c ON c.id = l.case_id
    CROSS JOIN LATERAL (SELECT * FROM diagnostics_run WHERE case_id = c.id ORDER BY number DESC LIMIT 1) r
    LEFT JOIN diagnostics_testmessage m ON m.run_id = r.id
    WHERE l.token_hash = %s AND l.kind = %s AND l.expires_at > %s AND c.reference = %s
      AND c.details_deleted_at IS NULL
"""  # noqa: S608 - names of columns, ours
