"""What holds for every answer under /api/: errors are problem documents, whoever made them; HEAD works as GET."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from portal.api.problems import MEDIA_TYPE, Problem, for_status

PREFIX = "/api/"


class ApiMiddleware:
    """Stands outside of everything that may answer with a page of its own: host check, size limits, failures."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        # Nothing under here hangs on cookies, so none is looked at and none is set.
        request.META.pop("HTTP_COOKIE", None)
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = _as_problem(self.get_response(request))
        if is_head and isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
            response.content = b""
        return response


def _as_problem(response: HttpResponseBase) -> HttpResponseBase:
    if response.status_code < 400 or response.headers.get("Content-Type") == MEDIA_TYPE:
        return response
    kind = for_status(response.status_code)
    problem = Problem(kind).response
    if kind.status == response.status_code == 405:
        problem.headers["Allow"] = response.headers["Allow"]
    for name, value in response.headers.items():
        if name not in ("Content-Type", "Content-Length", "Cache-Control", "Content-Language"):
            problem.headers.setdefault(name, value)
    return problem
