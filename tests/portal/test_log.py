"""Links that open cases are keys: real records of Django's, through the handler that the settings make."""

import io
import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import LinkKind
from diagnostics.services.cases import mint_link
from diagnostics.services.deep_links import make_link
from diagnostics.services.limits import OPEN_BY_SOURCE, take
from portal.log import HideKeys, without_keys
from portal.wizard.views import links
from tests.portal.wizard.conftest import opened

LOGGING: dict[str, Any] = settings.LOGGING
KEY = "Zq3-kept_secret9"


@pytest.fixture
def log():
    """What the handler `stderr` of the settings writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(HideKeys())
    handler.setFormatter(logging.Formatter(LOGGING["formatters"]["line"]["format"]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def test_the_handler_of_the_root_hides_keys() -> None:
    assert LOGGING["filters"]["hide_keys"] == {"()": "portal.log.HideKeys"}
    assert [LOGGING["handlers"][name]["filters"] for name in LOGGING["root"]["handlers"]] == [["hide_keys"]]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/c/{}/", "/it/{}/", "/l/{}/", "/c//{}/", "/c/{}/more/"])
def test_a_page_that_is_not_there(log: io.StringIO, client: Client, path: str) -> None:
    assert client.get(path.format(KEY)).status_code == 404
    assert "Not Found" in log.getvalue()
    assert KEY not in log.getvalue()


@pytest.mark.parametrize(
    "path", ["/embed/{}", "/console/account/set-password/MQ/{}/", "/console/account/set-password//MQ//{}/"]
)
def test_a_key_of_another_kind_of_link(path: str) -> None:
    assert KEY not in without_keys(f"Internal Server Error: {path.format(KEY)}")


@pytest.mark.parametrize("key", ["wmc_live_" + "aB3_-" * 8 + "aB3", "whsec_" + "aB3+" * 10 + "aB3="])
def test_a_key_of_a_system(key: str) -> None:
    hidden = without_keys(f"ValueError: '{key}' was sent to x")
    assert hidden == f"ValueError: '{key[: key.index('aB3')]}…' was sent to x"


@pytest.mark.django_db
def test_a_post_without_its_csrf_token(log: io.StringIO) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/stop/{KEY}/").status_code == 403
    assert "Forbidden (CSRF" in log.getvalue()
    assert KEY not in log.getvalue()


@pytest.mark.django_db
def test_a_reached_limit(log: io.StringIO, client: Client) -> None:
    found = article("verification")
    assert found is not None
    token = make_link(article=found, company_id="ACME-1", address=Address("anna", "example.org"))
    for _ in range(OPEN_BY_SOURCE.count):
        take([(OPEN_BY_SOURCE, "127.0.0.1")])
    assert client.post(f"/l/{token}/").status_code == 429
    assert "/l/…/" in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.django_db
def test_a_fault_of_ours_with_its_traceback(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(f"nothing for /it/{token}/")

    token = mint_link(opened(), LinkKind.IT)
    monkeypatch.setattr(links, "read", fail)
    quiet = Client(raise_request_exception=False)
    assert quiet.get(reverse("wizard:it", args=[token])).status_code == 500
    assert "RuntimeError: nothing for /it/…/" in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.parametrize("text", ["/cases/ABCD2345/", "/verification/", "1 of 2 checks", "lib/unit/x.py"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_keys(text) == text
