"""A DKIM public key record (RFC 6376 section 3.6.1), read as tolerantly as receivers do."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

SHORTEST_RSA = 1024
"""Bits; verifiers take no shorter key for valid (RFC 8301 section 3.2)."""
ED25519_OCTETS = 32
MOST_TAGS = 50


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`fault` says why no receiver can verify a signature with it, empty where one can; `bits` of an RSA key."""

    kind: str = "rsa"
    bits: int = 0
    fault: str = ""
    testing: bool = False
    """The domain says that it only tests DKIM (`t=y`)."""


def read_key(text: str) -> SigningKey:
    """Takes any text and never raises."""
    tags = tags_of(text)
    kind = tags.get("k", "rsa").lower()
    testing = "y" in tags.get("t", "").lower().split(":")
    if tags.get("v", "DKIM1") != "DKIM1":
        return SigningKey(kind, fault="not a DKIM record")
    if "p" not in tags:
        return SigningKey(kind, fault="no key in the record")
    data = re.sub(r"\s", "", tags["p"])
    if not data:
        return SigningKey(kind, fault="the key was revoked", testing=testing)
    hashes = tags.get("h", "sha256").lower().replace(" ", "").split(":")
    if "sha256" not in hashes:
        return SigningKey(kind, fault="the key is not for SHA-256", testing=testing)
    bits, fault = _key(kind, data)
    return SigningKey(kind, bits, fault, testing)


def tags_of(text: str) -> dict[str, str]:
    """A list of `tag=value;` (RFC 6376 section 3.2); of a tag that is there twice the first counts."""
    tags: dict[str, str] = {}
    for part in text.split(";")[:MOST_TAGS]:
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def _key(kind: str, data: str) -> tuple[int, str]:
    try:
        octets = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return 0, "the key is not readable"
    if kind == "ed25519":  # RFC 8463 section 4: the bare key
        return 0, "" if len(octets) == ED25519_OCTETS else "the key is not readable"
    if kind != "rsa":
        return 0, "the kind of key is not known"
    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return 0, "the key is not readable"
    if not isinstance(key, RSAPublicKey):
        return 0, "the key is not readable"
    return key.key_size, "" if key.key_size >= SHORTEST_RSA else f"the key is too short: {key.key_size} bits"
