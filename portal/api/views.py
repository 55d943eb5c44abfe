"""What stands beside the operations: their description, and the answer for every other address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from portal.api import problems
from portal.api.answers import JSON
from portal.api.docs import chapters
from portal.api.openapi import as_text
from portal.api.problems import KINDS, Problem


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """For people who write the other side; made from the OpenAPI document."""
    context = {"docs": chapters(), "problems": KINDS, "test_domains_url": reverse("api:v1:test-domains")}
    return render(request, "api/docs.html", context)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(as_text(), content_type=JSON)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    return Problem(problems.NOT_FOUND).response
