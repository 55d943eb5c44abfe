"""Response headers that Django does not set itself, or that would be put together anew for each response."""

from collections.abc import Callable

from csp.constants import HEADER, HEADER_REPORT_ONLY
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase


class PermissionsPolicyMiddleware:
    """Switches off the browser features of `settings.PERMISSIONS_POLICY`, for this page and all it embeds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        allowed = settings.PERMISSIONS_POLICY.items()
        self.value = ", ".join(f"{feature}=({' '.join(origins)})" for feature, origins in allowed)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.value)
        return response


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's, which puts the policy together for each response; where nothing asks for another, it is always the
    same one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        usual = super().process_response(HttpRequest(), HttpResponse())
        self.usual = [(name, usual.headers[name]) for name in (HEADER, HEADER_REPORT_ONLY) if name in usual.headers]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        asks_for_another = hasattr(request, "_csp_nonce") or any(name.startswith("_csp_") for name in vars(response))
        if asks_for_another or settings.DEBUG:
            return super().process_response(request, response)
        for name, policy in self.usual:
            response.headers.setdefault(name, policy)
        return response
