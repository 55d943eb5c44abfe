"""An identity provider that has fallen into the wrong hands leads us nowhere but to itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from portal.accounts.provider import ENDPOINTS
from tests.attacks.inside import Inside
from tests.openid import OpenIdProvider, open_id_provider, settings_for
from tests.portal.console.test_provider import START, come_by

pytestmark = pytest.mark.django_db
ASKED_BY_US = [name for name in ENDPOINTS if name != "authorization_endpoint"]
PATHS = ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"]


@pytest.fixture
def provider(settings) -> Iterator[OpenIdProvider]:
    with open_id_provider() as running:
        for name, value in settings_for(running).items():
            setattr(settings, name, value)
        yield running


@pytest.mark.parametrize("name", ASKED_BY_US)
def test_an_endpoint_inside_is_not_asked(client: Client, provider: OpenIdProvider, inner: Inside, name: str) -> None:
    provider.elsewhere[name] = f"http://{inner.address}:59777/"
    assert client.post(START).status_code == 502
    assert {path for path in provider.visits if path != "/.well-known/openid-configuration"} == set()
    assert_nobody_but(provider, inner)


@pytest.mark.parametrize("path", PATHS)
def test_a_redirect_inside_is_not_followed(client: Client, provider: OpenIdProvider, inner: Inside, path: str) -> None:
    provider.moved[path] = f"http://{inner.address}:59777/"
    if path == PATHS[0]:
        assert client.post(START).status_code == 502
    else:
        assert come_by(client).status_code == 403
    assert path in provider.visits
    assert not User.objects.exists()
    assert_nobody_but(provider, inner)


def assert_nobody_but(provider: OpenIdProvider, inner: Inside) -> None:
    port = int(provider.url.rpartition(":")[2])
    assert set(inner.reached) == {("127.0.0.1", port)}
    assert inner.connections == 0
