"""The way over the identity provider, and back."""

from __future__ import annotations

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.provider import VerifyingAdapter


@require_POST
@never_cache
def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """A page that goes on to the provider by itself. Not a redirect: a form may only lead to our own site
    (`form-action 'self'`), and browsers hold redirects after it to that.
    """
    try:
        provider = get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    try:
        response: HttpResponse = provider.redirect_from_request(request)
    except ImmediateHttpResponse as answered:
        return answered.response
    except (OAuth2Error, requests.RequestException) as failed:
        return _failed(request, provider, failed)
    if not isinstance(response, HttpResponseRedirect):
        return response
    return render(request, "console/account/to_provider.html", {"url": response.url, "name": provider.name})


@require_GET
@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to; the state that it brings proves that we sent it there."""
    try:
        view = OAuth2CallbackView.adapter_view(VerifyingAdapter(request, provider_id))
        response: HttpResponse = view(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return response


def _failed(request: HttpRequest, provider: object, why: Exception) -> HttpResponse:
    try:
        get_adapter().on_authentication_error(request, provider, error=AuthError.UNKNOWN, exception=why)
    except ImmediateHttpResponse as answered:
        response: HttpResponse = answered.response
        response.status_code = 502
        return response
    raise why
