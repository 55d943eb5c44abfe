"""The allowlist for firewalls and scripts to subscribe to: its version changes whenever its content does."""

from __future__ import annotations

import hashlib
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from diagnostics.domain import Vendor
from diagnostics.vendors import vendor
from portal.wizard.views.start import article_or_404

FIVE_MINUTES = 300


def _etag(request: HttpRequest, article: str) -> str:
    content = json.dumps([_vendor(article).allowlist_version, _lists(_vendor(article))])
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


@require_safe
@cache_control(public=True, max_age=FIVE_MINUTES)
@condition(etag_func=_etag)
def as_text(request: HttpRequest, article: str) -> HttpResponse:
    """One value a line; lines that begin with # are comments."""
    sender = _vendor(article)
    lines = [f"# {sender.name}, version {sender.allowlist_version}"]
    for name, values in _lists(sender).items():
        lines += ["", f"# {name}", *values]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=FIVE_MINUTES)
@condition(etag_func=_etag)
def as_json(request: HttpRequest, article: str) -> HttpResponse:
    """The same lists by name, ports as numbers."""
    sender = _vendor(article)
    lists = {**_lists(sender), "ports": list(sender.ports)}
    return JsonResponse({"vendor": sender.name, "version": sender.allowlist_version, **lists})


def _vendor(article: str) -> Vendor:
    return vendor(article_or_404(article).vendor)


def _lists(sender: Vendor) -> dict[str, list[str]]:
    return {
        "senders": list(sender.senders),
        "domains": list(sender.domains),
        "addresses": list(sender.addresses),
        "hosts": [host.name for host in sender.hosts],
        "ports": [str(port) for port in sender.ports],
    }
