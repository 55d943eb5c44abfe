"""A small OpenID provider on loopback: discovery, authorization code with PKCE, signed ID tokens, userinfo, keys.

It signs everybody in at once as `claims` say, and keeps to the protocol; `spoil` changes an ID token's claims or makes
the provider misbehave in one named way.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "portal", "a-secret-of-the-tests-alone"


@dataclass
class OpenIdProvider:
    """`claims` of whoever comes by; `fault` is how it misbehaves; `visits` counts the requests by path."""

    url: str
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "subject-1", "preferred_username": "anna"})
    spoil: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """What the discovery document says instead, by name."""
    moved: dict[str, str] = field(default_factory=dict)
    """Where a path leads to instead."""
    visits: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    strange_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def discovery(self) -> dict[str, Any]:
        known = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        if self.fault == "other issuer":
            known["issuer"] = "https://login.example.net"
        if self.fault == "no endpoints":
            del known["token_endpoint"]
        return known | self.elsewhere

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [] if self.fault == "no keys" else [public | {"kid": "key-1", "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes next."""
        if self.fault == "cancelled":
            said = {"error": "access_denied", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe()
            self.codes[code] = asked
            said = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def exchange(self, asked: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code: once, for the client that asked, with its PKCE verifier."""
        code = self.codes.pop(asked.get("code", ""), None)
        client = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            code is None
            or authorization != f"Basic {client}"
            or code.get("code_challenge_method") != "S256"
            or code["code_challenge"] != proof
            or code["redirect_uri"] != asked.get("redirect_uri")
        ):
            return None
        token = secrets.token_urlsafe()
        self.tokens.add(token)
        tokens = {"access_token": token, "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token()}
        if self.fault == "no ID token":
            del tokens["id_token"]
        return tokens

    def id_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **self.claims, **self.spoil}
        headers = {"kid": "key-9" if self.fault == "unknown key" else "key-1"}
        if self.fault == "unsigned":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if self.fault == "signed with the secret":
            return jwt.encode(claims, CLIENT_SECRET * 2, algorithm="HS256", headers=headers)
        key = self.strange_key if self.fault == "strange key" else self.key
        return jwt.encode(claims, key, algorithm="RS256", headers=headers)

    def userinfo(self) -> dict[str, Any]:
        return self.claims | ({"sub": "somebody-else"} if self.fault == "other userinfo" else {})


class _Handler(BaseHTTPRequestHandler):
    provider: OpenIdProvider

    def do_GET(self) -> None:
        path, asked = self._asked(urlsplit(self.path).query)
        if self.provider.fault == "down":
            self._say(503, "down for maintenance")
        elif path in self.provider.moved:
            self._lead_to(self.provider.moved[path])
        elif path == "/.well-known/openid-configuration":
            self._say(200, "<html>" if self.provider.fault == "no JSON" else self.provider.discovery())
        elif path == "/keys":
            self._say(200, self.provider.keys())
        elif path == "/authorize":
            self._lead_to(self.provider.authorize(asked))
        elif path == "/userinfo":
            known = self.headers.get("Authorization", "").removeprefix("Bearer ") in self.provider.tokens
            self._say(200 if known else 401, self.provider.userinfo() if known else {})
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        path, asked = self._asked(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        if path in self.provider.moved:
            self._lead_to(self.provider.moved[path])
            return
        tokens = self.provider.exchange(asked, self.headers.get("Authorization", ""))
        self._say(200 if tokens else 400, tokens or {"error": "invalid_grant"})

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read `visits`."""

    def _asked(self, query: str) -> tuple[str, dict[str, str]]:
        path = urlsplit(self.path).path
        self.provider.visits.append(path)
        return path, {name: values[0] for name, values in parse_qs(query).items()}

    def _lead_to(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _say(self, status: int, said: object) -> None:
        body = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if not isinstance(said, str) else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def open_id_provider() -> Iterator[OpenIdProvider]:
    """It listens on a port of its own until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        provider = OpenIdProvider(f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = type("Handler", (_Handler,), {"provider": provider})
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()


def settings_for(provider: OpenIdProvider, *, roles: dict[str, str] | None = None) -> dict[str, Any]:
    """What the portal's settings are with this provider in OIDC_ISSUER_URL."""
    app = {
        "provider_id": "sso",
        "name": "Example SSO",
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "settings": {"server_url": provider.url},
    }
    return {
        "OIDC_ISSUER_URL": provider.url,
        "OIDC_NAME": "Example SSO",
        "OIDC_ROLES_CLAIM": "groups" if roles else "",
        "OIDC_ROLES": roles or {},
        "LOCAL_SIGN_IN": False,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}},
    }
