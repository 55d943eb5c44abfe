import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, LinkKind
from diagnostics.services.cases import Report, mint_link, open_case
from diagnostics.services.limits import OPEN_BY_SITE, OPEN_BY_SOURCE, take
from portal import access
from tests.agents import make_agent


def opened() -> Case:
    verification = article("verification")
    assert verification is not None
    return open_case(Report(verification, "ACME-1", Address("anna", "example.org"), "192.0.2.1"))


@pytest.mark.parametrize(
    ("hops", "forwarded", "source"),
    [
        pytest.param(0, "203.0.113.9", "192.0.2.1", id="no proxy: the header is not believed"),
        pytest.param(1, "203.0.113.9", "203.0.113.9", id="one proxy"),
        pytest.param(1, "198.51.100.66, 203.0.113.9", "203.0.113.9", id="one proxy and a forged entry"),
        pytest.param(1, "a, , ;,203.0.113.9", "203.0.113.9", id="one proxy and forged rubbish"),
        pytest.param(2, "198.51.100.66, 203.0.113.9, 203.0.113.1", "203.0.113.9", id="two proxies and a forged entry"),
        pytest.param(2, "203.0.113.9", "192.0.2.1", id="fewer entries than proxies"),
        pytest.param(1, "", "192.0.2.1", id="no header"),
        pytest.param(1, "nonsense", "192.0.2.1", id="no address"),
        pytest.param(1, "203.0.113.9,", "192.0.2.1", id="nothing where the address belongs"),
        pytest.param(1, "unknown", "192.0.2.1", id="a proxy that does not tell"),
        pytest.param(1, "010.0.0.1", "192.0.2.1", id="octal"),
        pytest.param(1, "3405803781", "192.0.2.1", id="one number"),
        pytest.param(1, "2001:db8:1:2:3::4", "2001:db8:1:2::/64", id="an IPv6 network counts as one"),
        pytest.param(1, "2001:DB8:1:2:ffff::4%eth0", "2001:db8:1:2::/64", id="with a zone"),
        pytest.param(1, "::ffff:203.0.113.9", "203.0.113.9", id="IPv4 within IPv6"),
        pytest.param(1, "::FFFF:cb00:7109", "203.0.113.9", id="the same, as numbers"),
        pytest.param(1, " 203.0.113.9:4711 ", "203.0.113.9", id="with a port"),
        pytest.param(1, "[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64", id="IPv6 with a port"),
        pytest.param(1, "[::ffff:203.0.113.9]", "203.0.113.9", id="in brackets"),
        pytest.param(1, "[203.0.113.9", "192.0.2.1", id="half in brackets"),
    ],
)
def test_the_source_is_counted_from_the_right(settings, hops: int, forwarded: str, source: str) -> None:
    settings.TRUSTED_PROXY_HOPS = hops
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert access.source_of(RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=headers)) == source


@pytest.mark.parametrize("direct", ["", "unix", "nonsense"])
def test_without_any_address_all_share_one_source(direct: str) -> None:
    assert access.source_of(RequestFactory(REMOTE_ADDR=direct).get("/")) == "unknown"


def forged(number: int) -> dict[str, str]:
    """What a client can make up itself, and what our proxy then adds."""
    return {
        "X-Forwarded-For": f"198.51.100.{number}, 2001:db8:{number}::1, 203.0.113.9",
        "Forwarded": f"for=198.51.100.{number}",
        "X-Real-IP": f"198.51.100.{number}",
        "True-Client-IP": f"198.51.100.{number}",
        "Client-IP": f"198.51.100.{number}",
    }


@pytest.mark.django_db
def test_no_forged_header_moves_the_bucket(client: Client, settings) -> None:
    settings.TRUSTED_PROXY_HOPS = 1
    take([(OPEN_BY_SOURCE, "203.0.113.9")] * (OPEN_BY_SOURCE.count - 1))
    statuses = []
    for number in range(3):
        report = {"company_id": f"ACME-{number}", "address": f"anna{number}@example.org"}
        statuses.append(client.post("/verification/", report, headers=forged(number)).status_code)
    assert statuses == [200, 200, 200]  # beyond what is free: all are asked for a proof
    take([(OPEN_BY_SOURCE, "203.0.113.9")])
    assert client.post("/verification/", report, headers=forged(9)).status_code == 429
    assert client.post("/verification/", report, headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 303


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("used", "network", "status"),
    [
        pytest.param(OPEN_BY_SITE.soft, "2001:db8:7:ffff::1", 200, id="a network that asked for nothing yet: a proof"),
        pytest.param(OPEN_BY_SITE.count, "2001:db8:7:ffff::1", 429, id="no more, whichever network"),
        pytest.param(OPEN_BY_SITE.count, "2001:db8:8:7::1", 303, id="another site"),
    ],
)
def test_the_ipv6_networks_of_a_site_have_a_limit_together(
    client: Client, settings, used: int, network: str, status: int
) -> None:
    settings.TRUSTED_PROXY_HOPS = 1
    take([(OPEN_BY_SITE, "2001:db8:7::/48")] * used)
    report = {"company_id": "ACME-1", "address": "anna@example.org"}
    answer = client.post("/verification/", report, headers={"X-Forwarded-For": network})
    assert answer.status_code == status


@pytest.mark.django_db
class TestACase:
    def test_is_open_to_who_holds_its_link(self, client: Client) -> None:
        case = opened()
        response = client.get(reverse("wizard:open_link", args=[mint_link(case)]))
        assert response.status_code == 302
        assert client.get(response["Location"]).status_code == 200

    def test_does_not_exist_for_anybody_else(self, client: Client) -> None:
        mine, theirs = opened(), opened()
        client.get(reverse("wizard:open_link", args=[mint_link(mine)]))
        assert client.get(reverse("wizard:case", args=[theirs.reference])).status_code == 404

    def test_does_not_open_with_the_token_of_another_case(self) -> None:
        mine, theirs = opened(), opened()
        with pytest.raises(Http404):
            access.case_for(request_with(theirs, mint_link(mine)), theirs.reference)

    def test_does_not_open_with_the_link_for_it(self) -> None:
        case = opened()
        with pytest.raises(Http404):
            access.case_for(request_with(case, mint_link(case, LinkKind.IT)), case.reference)

    def test_does_not_open_with_an_expired_link(self) -> None:
        case = opened()
        token = mint_link(case)
        case.links.update(expires_at="2020-01-01T00:00Z")
        with pytest.raises(Http404):
            access.case_for(request_with(case, token), case.reference)

    def test_is_open_to_a_signed_in_agent(self, client: Client) -> None:
        client.force_login(make_agent())
        assert client.get(reverse("wizard:case", args=[opened().reference])).status_code == 200


def test_cookies_are_bound_to_the_host_under_https(settings) -> None:
    settings.HTTPS = True
    response = HttpResponse()
    access.remember(response, Case(reference="ABCD2345"), "token")
    cookie = response.cookies["__Host-case_ABCD2345"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True,
        True,
        "Lax",
        "/",
        "",
    )


def request_with(case: Case, token: str) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.COOKIES[f"case_{case.reference}"] = token
    return request
