from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from diagnostics.models import DeepLink

pytestmark = pytest.mark.django_db
GOOD = {"article": "timeclock", "company": "ACME-1", "address": "anna@example.org"}


def deeplink(**options: str) -> str:
    out = StringIO()
    call_command("deeplink", *(f"--{name}={value}" for name, value in options.items()), stdout=out)
    return out.getvalue().strip()


def test_it_prints_a_link_that_works(client: Client) -> None:
    url = deeplink(**GOOD, helpdesk="zendesk", ticket="123")
    assert url.startswith(f"{settings.PORTAL_URL}/l/")
    assert "ACME-1" in client.get(urlsplit(url).path).content.decode()
    link = DeepLink.objects.get()
    assert (link.helpdesk, link.ticket) == ("zendesk", "123")


def test_the_token_is_kept_as_a_hash_only() -> None:
    token = urlsplit(deeplink(**GOOD)).path.split("/")[2]
    assert token not in str(DeepLink.objects.values().get())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"article": "nothing"}, "timeclock"),
        ({"company": ""}, "--company"),
        ({"company": "A" * 65}, "--company"),
        ({"company": "A\nB"}, "--company"),
        ({"address": "anna"}, "--address"),
        ({"address": "anna@localhost"}, "--address"),
        ({"address": "anna@[192.0.2.1]"}, "--address"),
        ({"helpdesk": "Zen Desk", "ticket": "1"}, "--helpdesk"),
        ({"helpdesk": "zendesk", "ticket": "a b"}, "--ticket"),
        ({"helpdesk": "zendesk"}, "--ticket"),
        ({"ticket": "123"}, "--helpdesk"),
    ],
    ids=str,
)
def test_bad_input_is_named_and_makes_no_link(changed: dict[str, str], named: str) -> None:
    with pytest.raises(CommandError, match=named) as refused:
        deeplink(**{**GOOD, **changed})
    assert refused.value.returncode == 64
    assert not DeepLink.objects.exists()
