"""An agent's roles from what the identity provider says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.roles import Role


def roles_in(said: Mapping[str, Any], claim: str, meanings: Mapping[str, str]) -> frozenset[Role]:
    """`said` is allauth's pair of documents, `userinfo` and `id_token`; what either names counts. `claim` may lead
    into a claim by dots (`realm_access.roles`). Values that `meanings` does not know give nothing.
    """
    documents = (said.get("userinfo"), said.get("id_token"))
    values = {value for document in documents for value in _values(document, claim)}
    return frozenset(Role(meanings[value]) for value in values if value in meanings)


def _values(document: object, claim: str) -> list[str]:
    if not isinstance(document, Mapping):
        return []
    found: object = document.get(claim)
    if found is None and "." in claim:
        found = document
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    words = found if isinstance(found, list) else [found]
    return [word for word in words if isinstance(word, str)]
