"""What an OpenID provider says, believed only as far as OpenID Connect Core 1.0 section 3.1.3.7 goes.

allauth leaves the ID token's signature to TLS, and does not compare the token with the userinfo; here both are checked.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Public-key signatures only: neither `none` nor one made with the client's secret."""
LEEWAY = 60
"""Seconds that the provider's clock may be off."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class NotTrusted(OAuth2Error):
    """The provider's answer is none; its words are fixed and may be logged."""


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):
    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """The provider's discovery document; raises NotTrusted, or RequestException where it does not answer."""
        config: Any = self._discovered()
        if not isinstance(config, dict) or any(not isinstance(config.get(name), str) for name in ENDPOINTS):
            raise NotTrusted("the discovery document lacks an endpoint")
        if str(config.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER_URL:
            raise NotTrusted("the discovery document names another issuer than OIDC_ISSUER_URL")
        if not all(_is_safe(config[name]) for name in ENDPOINTS):
            raise NotTrusted("the discovery document names an endpoint that is not https")
        return config

    def _discovered(self) -> object:
        return super().openid_config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        id_token: object = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise NotTrusted("there is no ID token")
        claims = self._decode_id_token(app, id_token)
        userinfo: Any = self._fetch_user_info(token.token)
        if not isinstance(userinfo, dict) or userinfo.get("sub") != claims["sub"]:
            raise NotTrusted("the userinfo is of somebody else than the ID token")
        said = {"userinfo": userinfo, "id_token": claims}
        provider: OpenIDConnectProvider = get_adapter().get_provider(request, self.provider_id)
        login: SocialLogin = provider.sociallogin_from_response(request, said)
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            key = self._key_of(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=list(ALGORITHMS),
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as unfit:
            raise NotTrusted(f"the ID token does not hold ({type(unfit).__name__})") from unfit
        return claims

    def _key_of(self, id_token: str) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as http:
            answer = http.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            said = answer.json()
        if not isinstance(said, dict):
            raise NotTrusted("there are no keys")
        keys = [key for key in jwt.PyJWKSet.from_dict(said).keys if key.public_key_use in (None, "sig")]
        name = jwt.get_unverified_header(id_token).get("kid")
        named = [key for key in keys if key.key_id == name] if name else keys
        if len(named) != 1:
            raise NotTrusted("the ID token names no key of the provider")
        return named[0]


def _is_safe(endpoint: str) -> bool:
    """Encrypted; or, for a provider on this very machine, of that provider."""
    return endpoint.startswith("https://") or (
        settings.OIDC_ISSUER_URL.startswith("http://") and endpoint.startswith(f"{settings.OIDC_ISSUER_URL}/")
    )
