"""The stop link of a test message."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from diagnostics.services.messages import stop_mail
from portal.wizard.views.case import private


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """A GET changes nothing (mail scanners follow links); the button on it stops our test messages to that mailbox."""
    if request.method != "POST":
        return private(render(request, "wizard/stop.html", {"state": "asked"}))
    done = stop_mail(token)
    context = {"state": "done" if done else "unknown"}
    return private(render(request, "wizard/stop.html", context, status=200 if done else 404))
