"""Idempotency-Key: the same POST again is answered as the first time and changes nothing (IETF draft 07).

What a request does and what it was answered are committed together, so that it is done once, wherever a process is
lost. Only success is kept: after an error the same key may be tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from diagnostics.models import ApiClient, ApiRequest
from diagnostics.services.secrets import Unopenable, seal, unseal

KEPT_FOR = timedelta(hours=24)
STALE_AFTER = timedelta(seconds=30)
"""Longer than any request takes: whoever is still at it then was lost, and the next one takes over."""
PURPOSE = "api-request"


class KeyReused(Exception):
    """The key came before with another request."""


class StillRunning(Exception):
    """The same request is being worked on at this moment."""


class TakenOver(Exception):
    """Somebody else answers this request now; nothing of what was done here is kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered. `replayed`: before, and now again."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False


def once(client: ApiClient, key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """Do the work, unless it was done before under this key. Raises KeyReused, StillRunning, TakenOver and what `work`
    raises, which then has changed nothing.
    """
    known = _take(client, key, fingerprint)
    if isinstance(known, Answer):
        return known
    try:
        with transaction.atomic():
            answer = work()
            _finish(known, answer)
    except BaseException:
        # Ours alone: another attempt has a number of its own.
        ApiRequest.objects.filter(pk=known.pk, attempt=known.attempt, status=None).delete()
        raise
    return answer


def forget_old() -> int:
    """Delete requests whose key may be used anew; how many."""
    return ApiRequest.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _take(client: ApiClient, key: str, fingerprint: str) -> Answer | ApiRequest:
    now = timezone.now()
    with transaction.atomic():
        ours = ApiRequest.objects.filter(client=client, idempotency_key=key)
        ours.filter(created_at__lt=now - KEPT_FOR).delete()
        ApiRequest.objects.bulk_create(
            [ApiRequest(client=client, idempotency_key=key, fingerprint=fingerprint, attempt=0, taken_at=now)],
            ignore_conflicts=True,
        )
        found = ours.select_for_update().get()
        if found.fingerprint != fingerprint:
            raise KeyReused
        if found.status is not None:
            return _replay(found)
        if found.attempt and now - found.taken_at < STALE_AFTER:
            raise StillRunning
        found.attempt, found.taken_at = found.attempt + 1, now
        found.save(update_fields=("attempt", "taken_at"))
    return found


def _finish(request: ApiRequest, answer: Answer) -> None:
    ours = ApiRequest.objects.filter(pk=request.pk, attempt=request.attempt, status=None)
    body = seal(answer.body, purpose=PURPOSE)
    if not ours.update(status=answer.status, headers=dict(answer.headers), body=body):
        raise TakenOver


def _replay(found: ApiRequest) -> Answer:
    assert found.status is not None  # noqa: S101 - for the type checker; the caller has looked
    try:
        body = unseal(found.body, purpose=PURPOSE)
    except Unopenable as lost:
        # The secret key was changed within the day: what was answered cannot be read, and must not be done again.
        raise KeyReused from lost
    return Answer(found.status, body, found.headers, replayed=True)
