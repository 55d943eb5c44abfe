"""Tokens for the card that a helpdesk shows beside a ticket: one case, one origin, ten minutes, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

from diagnostics.models import Case

SALT = "diagnostics.embed"
LIFETIME = timedelta(minutes=10)


class BadToken(Exception):
    """It is not ours, or was made for something else."""


class Expired(Exception):
    """It was ours, and its time is over. `origin` may still be told so."""

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.origin = origin


@dataclass(frozen=True, slots=True)
class Embed:
    """What a token allows: to show that case inside pages of that origin."""

    reference: str
    origin: str


def mint(case: Case, origin: str) -> str:
    """A token for `/embed/<token>`. `origin` is the configured helpdesk's, whole: nobody else can frame the card.

    Raises ValueError for an origin that no page has.
    """
    scheme, _, host = origin.partition("://")
    if scheme not in ("https", "http") or not host or set(host) & set("/?#@* ;,'\""):
        raise ValueError(f"{origin!r} is no origin")
    return signing.TimestampSigner(salt=SALT).sign_object([case.reference, origin])


def read(token: str) -> Embed:
    """What the token allows. Raises BadToken, Expired."""
    signer = signing.TimestampSigner(salt=SALT)
    try:
        return Embed(*signer.unsign_object(token, max_age=LIFETIME))
    except signing.SignatureExpired:
        raise Expired(Embed(*signer.unsign_object(token)).origin) from None
    except (signing.BadSignature, ValueError):  # ValueError: signed by us, though without a time
        raise BadToken from None
