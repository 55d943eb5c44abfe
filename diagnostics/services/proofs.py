"""What somebody beyond a soft limit pays with: a proof of work (ALTCHA), or where no script runs, thirty seconds.

A challenge names the network that it was made for and its end, signed; the browser finds the number that leads to the
wanted key, which takes it a second or a few. A ticket names the same and when it was made, and is good once it is
thirty seconds old; of all tickets of one network one every thirty seconds is taken, so that a heap of them is worth no
more than a single one. What was accepted is kept until its end and is good for nothing more.

Neither is a wall: it is a price. What may be had at all is said by `services.limits`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from diagnostics.models import UsedProof
from diagnostics.services import limits, refusals
from diagnostics.services.limits import Rule

LIFETIME = timedelta(minutes=20)
"""How long a challenge may be solved, and a ticket used; nobody takes longer over a form of two fields."""
PATIENCE = timedelta(seconds=30)
WAITED_BY_SOURCE = Rule("waited-by-source", 1, PATIENCE)
ASKED, REFUSED = "proof-asked", "proof-refused"
"""What refusals count of this: somebody had to prove something first; or came with a proof that is not good."""

ALGORITHM = "PBKDF2/SHA-256"
COST = 5_000
"""Iterations a try: some milliseconds for a phone, and for this server, which tries once a challenge."""
TRIES = range(120, 360)
"""How many tries it may take. Known beforehand, so that nobody is so unlucky as to wait for minutes."""
LONGEST = 4_000
"""Characters; a solution has about a thousand."""

_SALT = "diagnostics.proofs"


class Reason(StrEnum):
    """Why somebody must prove something (again)."""

    MISSING = "missing"
    WRONG = "wrong"
    """Not one of ours, not solved, or made for another network."""
    EXPIRED = "expired"
    USED = "used"
    EARLY = "early"
    """A ticket before its time."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came with a form: the solved challenge, a ticket, or neither."""

    solution: str = ""
    ticket: str = ""


class ProofRefused(Exception):
    """What was sent proves nothing, and why. `wait`: seconds until the ticket among it is good."""

    def __init__(self, reason: Reason, wait: int = 0) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.wait = wait


def challenge(source: str) -> Mapping[str, Any]:
    """A challenge for whoever comes from there, as ALTCHA's workers take it."""
    made = create_challenge(
        ALGORITHM,
        COST,
        counter=TRIES.start + secrets.randbelow(len(TRIES)),
        expires_at=timezone.now() + LIFETIME,
        data={"for": _mark(source)},
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("key"),
    )
    return made.to_dict()


def ticket(source: str) -> str:
    """What is good for as much, once it is thirty seconds old."""
    return signing.dumps([_mark(source), _milliseconds(timezone.now()), secrets.token_urlsafe(9)], salt=_SALT)


def accept(proof: Proof, source: str) -> None:
    """Use the proof up: in the transaction of what it pays for, so that nothing is paid for what is not had. The ticket
    is looked at only where the solution is not good.

    Raises ProofRefused, and LimitReached where another ticket of the same network was taken a moment ago.
    """
    refused: ProofRefused | None = None
    for sent, use in ((proof.solution, _worked), (proof.ticket, _waited)):
        if sent:
            try:
                return use(sent, source)
            except ProofRefused as problem:
                refused = refused or problem
    refusals.note(REFUSED if refused else ASKED)
    raise refused or ProofRefused(Reason.MISSING)


def still_good(sent: str, source: str) -> str:
    """The ticket that was sent, where it is good or will be; else a new one."""
    try:
        _look(sent, source)
    except ProofRefused as refused:
        return sent if refused.reason is Reason.EARLY else ticket(source)
    return ticket(source) if UsedProof.objects.filter(digest=_digest(sent)).exists() else sent


def wait_for(sent: str) -> int:
    """Seconds until the time of a ticket of ours has come."""
    made_at: int = signing.loads(sent, salt=_SALT)[1]
    return max(0, -(-(made_at + _milliseconds(PATIENCE) - _milliseconds(timezone.now())) // 1000))


def forget_ended() -> int:
    """Delete what could not be used again anyway; how many."""
    return UsedProof.objects.filter(until__lt=timezone.now()).delete()[0]


def _worked(solution: str, source: str) -> None:
    """Use a solution up. Raises ProofRefused."""
    if len(solution) > LONGEST:
        raise ProofRefused(Reason.WRONG)
    found = verify_solution(solution, _secret("challenge"), hmac_key_secret=_secret("key"))
    if found.expired:
        raise ProofRefused(Reason.EXPIRED)
    if not found.verified:
        raise ProofRefused(Reason.WRONG)
    solved = Payload.from_base64(solution).challenge
    until = solved.parameters.expires_at
    if until is None or not solved.signature or not _is_of((solved.parameters.data or {}).get("for"), source):
        raise ProofRefused(Reason.WRONG)
    # The signature names the challenge; the text around it can be written in many ways.
    _use_up(solved.signature, datetime.fromtimestamp(until, UTC))


def _waited(sent: str, source: str) -> None:
    """Use a ticket up. Raises ProofRefused, LimitReached."""
    _use_up(sent, _look(sent, source))
    limits.take([(WAITED_BY_SOURCE, source)])


def _look(sent: str, source: str) -> datetime:
    """When the ticket ends, if its time has come. Raises ProofRefused."""
    try:
        made_for, made_at, _nonce = signing.loads(sent, salt=_SALT) if len(sent) <= LONGEST else (None, 0, "")
    except signing.BadSignature:
        raise ProofRefused(Reason.WRONG) from None
    if not _is_of(made_for, source):
        raise ProofRefused(Reason.WRONG)
    age = _milliseconds(timezone.now()) - made_at
    if age > _milliseconds(LIFETIME):
        raise ProofRefused(Reason.EXPIRED)
    if age < _milliseconds(PATIENCE):
        raise ProofRefused(Reason.EARLY, wait=-(-(_milliseconds(PATIENCE) - age) // 1000))
    return _EPOCH + timedelta(milliseconds=made_at) + LIFETIME


def _use_up(what: str, until: datetime) -> None:
    """Raises ProofRefused where it was used before. Whoever uses it elsewhere at this moment is waited for."""
    try:
        with transaction.atomic():
            UsedProof.objects.create(digest=_digest(what), until=until)
    except IntegrityError:
        raise ProofRefused(Reason.USED) from None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _milliseconds(what: datetime | timedelta) -> int:
    return (what - _EPOCH if isinstance(what, datetime) else what) // timedelta(milliseconds=1)


def _digest(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()


def _mark(source: str) -> str:
    """Stands for a network in what is handed out."""
    return salted_hmac(_SALT, source, algorithm="sha256").hexdigest()[:32]


def _is_of(mark: object, source: str) -> bool:
    return isinstance(mark, str) and constant_time_compare(mark, _mark(source))


def _secret(purpose: str) -> str:
    return salted_hmac(_SALT, f"secret {purpose}", algorithm="sha256").hexdigest()
