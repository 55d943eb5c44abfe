"""Systems that may use the API, and their keys: shown once, kept as a hash, two live ones at most for a rotation."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from diagnostics.models import ApiClient, ApiKey
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.cases import token_hash

LIVE, TEST = "wmc_live_", "wmc_test_"
KEY = re.compile(rf"(?:{LIVE}|{TEST})[A-Za-z0-9_-]{{43}}")
SHOWN = 6
"""Characters of the random part by which people tell keys apart."""
MOST_LIVE = 2
USE_NOTED = timedelta(minutes=1)
"""So often at most it is written down that a key was used."""


class Scope(StrEnum):
    """What a key may do."""

    CASE_WRITE = "case:write"
    """Open cases and run them again."""
    CASE_READ = "case:read"
    DIAGNOSIS_READ = "diagnosis:read"
    LINK_WRITE = "link:write"
    """Make and revoke links. As whoever makes a signed link vouches for its ticket, this raises cases to tier 1."""
    EVENT_READ = "event:read"


class NameTaken(Exception):
    """There is a client of that name."""


class TooManyKeys(Exception):
    """The client has two live keys: one of them must be revoked first."""


def make_client(*, name: str, vendor: str, is_test: bool, actor: Actor) -> ApiClient:
    """Raises NameTaken."""
    try:
        with transaction.atomic():
            client = ApiClient.objects.create(name=name, vendor=vendor, is_test=is_test, created_by=actor.name)
            write(actor, Action.API_CLIENT_CHANGED, did="client-made", client=client.pk, is_test=is_test)
    except IntegrityError as taken:
        raise NameTaken(name) from taken
    return client


def make_key(
    client: ApiClient, *, scopes: Iterable[Scope], actor: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key, and its text (32 random bytes), which nobody can show again. Raises TooManyKeys."""
    text = (TEST if client.is_test else LIVE) + secrets.token_urlsafe(32)
    with transaction.atomic():
        ApiClient.objects.select_for_update().get(pk=client.pk)
        if live_keys(client).count() >= MOST_LIVE:
            raise TooManyKeys
        key = ApiKey.objects.create(
            client=client,
            prefix=text[: len(LIVE) + SHOWN],
            key_hash=token_hash(text),
            scopes=sorted({scope.value for scope in scopes}),
            expires_at=expires_at,
            created_by=actor.name,
        )
        write(actor, Action.API_CLIENT_CHANGED, did="key-made", client=client.pk, key=key.pk, scopes=len(key.scopes))
    return key, text


def revoke_key(key: ApiKey, *, actor: Actor) -> bool:
    """From now on it opens nothing; False where it had been revoked before."""
    with transaction.atomic():
        revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
        if revoked:
            write(actor, Action.API_CLIENT_CHANGED, did="key-revoked", client=key.client_id, key=key.pk)
    return bool(revoked)


def live_keys(client: ApiClient) -> QuerySet[ApiKey]:
    """Neither revoked nor expired."""
    return client.keys.filter(_live())


def key_of(text: str) -> ApiKey | None:
    """The live key with its client, and a note that it was used; None for everything else."""
    if not KEY.fullmatch(text):
        return None
    hashed = token_hash(text)
    key = ApiKey.objects.select_related("client").filter(_live(), key_hash=hashed).first()
    if key is None or not constant_time_compare(key.key_hash, hashed):
        return None
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)
    return key


def _live() -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
