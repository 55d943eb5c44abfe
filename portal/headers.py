"""Response headers that Django does not set itself."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


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
