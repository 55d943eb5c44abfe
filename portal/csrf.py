"""Django's CSRF tokens, made with one question to the system's random source instead of sixty-four.

At each such question a thread lets others in, and on a busy server that costs more than all else of a small page.
"""

from __future__ import annotations

import os

from django.http import HttpRequest
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH

_SIGNS = len(CSRF_ALLOWED_CHARS)
_FAIR = 256 - 256 % _SIGNS
"""Bytes from here on would make some signs more likely than others, and are left out."""
_TO_SIGN = bytes(ord(CSRF_ALLOWED_CHARS[byte % _SIGNS]) for byte in range(256))
_UNFAIR = bytes(range(_FAIR, 256))
_INDEX = {sign: index for index, sign in enumerate(CSRF_ALLOWED_CHARS)}


def get_token(request: HttpRequest) -> str:
    """What `django.middleware.csrf.get_token` returns, with the same effect on the answer: its cookie is (re)newed."""
    if "CSRF_COOKIE" not in request.META:
        request.META["CSRF_COOKIE"] = random_signs(CSRF_SECRET_LENGTH)
    request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True
    return _masked(request.META["CSRF_COOKIE"])


def random_signs(count: int) -> str:
    """So many letters and digits, each as likely as any other."""
    signs = b""
    while len(signs) < count:
        signs += os.urandom(count + count // 4).translate(_TO_SIGN, _UNFAIR)
    return signs[:count].decode("ascii")


def _masked(secret: str) -> str:
    """As Django unmasks it: a mask, and the secret's signs moved on by those of the mask."""
    mask = random_signs(CSRF_SECRET_LENGTH)
    moved = (_INDEX[sign] + _INDEX[by] for sign, by in zip(secret, mask, strict=True))
    return mask + "".join(CSRF_ALLOWED_CHARS[index % _SIGNS] for index in moved)
