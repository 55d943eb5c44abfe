"""Secrets of second factors lie encrypted in the database, under a key made from SECRET_KEY."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def decrypt(sealed: str) -> str:
    """Raises ValidationError where neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS is the key it was made with."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as unreadable:
        raise ValidationError(
            _("What is stored of your second factor cannot be read any more. Ask an administrator to reset it."),
            code="unreadable",
        ) from unreadable


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(Fernet(_key(key)) for key in keys)


def _key(secret: str) -> bytes:
    return urlsafe_b64encode(salted_hmac("portal.second-factor", "key", secret=secret, algorithm="sha256").digest())
