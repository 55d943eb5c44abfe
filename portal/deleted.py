"""A case whose details were deleted by age or at somebody's wish: whatever is tried with it is answered with that."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from diagnostics.services.cases import DetailsDeleted


class DetailsDeletedMiddleware:
    """410 Gone (RFC 9110 section 15.5.11) wherever a service raised `DetailsDeleted`; nothing was changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DetailsDeleted):
            return None
        title = _("The details of this case have been deleted.")
        if request.path.startswith("/api/"):
            problem = {"type": "about:blank", "title": title, "status": HTTPStatus.GONE}
            return JsonResponse(problem, status=HTTPStatus.GONE, content_type="application/problem+json")
        return render(request, "410.html", status=HTTPStatus.GONE)
