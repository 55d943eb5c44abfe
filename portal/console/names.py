"""What people call the things that cases are about; whatever this version does not know keeps its code."""

from __future__ import annotations

import re

from django.conf import settings
from django.utils.translation import get_language

from diagnostics.articles import article
from diagnostics.providers import provider
from diagnostics.remedies import PLACEHOLDER, remedy

_TWICE = re.compile(r"…(?:[ :(]*…)+")


def article_name(slug: str) -> str:
    found = article(slug, _language())
    return found.title if found else slug


def provider_name(slug: str) -> str:
    """Of gateways, too."""
    found = provider(slug)
    return found.name if found else slug


def cause_name(tag: str, **facts: str) -> str:
    """The sentence that customers read; "…" stands for what differs from case to case and is not among the facts."""
    found = remedy(tag, _language())
    return _TWICE.sub("…", PLACEHOLDER.sub(lambda name: facts.get(name[1]) or "…", found.headline)) if found else tag


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
