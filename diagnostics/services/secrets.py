"""Secrets that we must be able to read again (webhooks' keys, helpdesks' tokens), sealed before they are kept.

Sealed with a key made from SECRET_KEY, one for each purpose; what was sealed under one of SECRET_KEY_FALLBACKS can
still be opened. A stolen table alone is worth nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SALT = b"diagnostics.secrets"


class Unopenable(Exception):
    """It was sealed for another purpose, under a key that is no longer set, or is no sealed secret at all."""


def seal(secret: str, *, purpose: str) -> str:
    """The secret as it may be kept; only `unseal` with the same purpose reads it. ASCII, about twice as long."""
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """The secret. Raises Unopenable."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unopenable from None


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(key, purpose)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret_key: str, purpose: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=SALT, info=purpose.encode()).derive(secret_key.encode())
    return urlsafe_b64encode(derived)
