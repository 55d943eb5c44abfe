"""What the crawl asks about: two cases, and a value for each part of an address."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import LinkKind
from diagnostics.services import embeds
from diagnostics.services.cases import Report, mint_link, open_case
from diagnostics.services.deep_links import make_link
from diagnostics.services.messages import stop_token
from tests.portal.authorisation.addresses import Place
from tests.portal.authorisation.visitors import Cases

NOWHERE = "999999"
"""Of things that are not there: whoever may enter is told so (404), the others are not let in first."""
VALUES = {
    "app_label": "auth",
    "article": "timeclock",
    "client_pk": NOWHERE,
    "content_type_id": NOWHERE,
    "helpdesk": "zendesk",
    "key_pk": NOWHERE,
    "link": NOWHERE,
    "name": "check-1.sh",
    "object_id": NOWHERE,
    "pk": NOWHERE,
    "provider_id": "company",
    "section": "mail-server",
    "service": "mailgun",
    "slug": "timeclock",
    "ticket": "4711",
    "uidb64": "MQ",
}
"""By the parameter's name, where it means the same at every address."""
UNNAMED = {
    "admin/(?P<url>.*)": "/admin/nowhere/",
    "admin/auth/group/<path:object_id>/": f"/admin/auth/group/{NOWHERE}/",
    "admin/auth/user/<path:object_id>/": f"/admin/auth/user/{NOWHERE}/",
    "api/": "/api/nowhere",
}
"""By the route, where an address has no name."""


def make_cases() -> Cases:
    return Cases(*(_open(name) for name in ("anna", "anna.two")))


def filled(place: Place, cases: Cases) -> str:
    """The place's path, about our case. KeyError for a parameter that has no value here yet."""
    if not place.name:
        return UNNAMED[place.route]
    values = {name: _value(place, name, cases) for name in place.parameters}
    return reverse(place.name, kwargs=values)


def _value(place: Place, name: str, cases: Cases) -> str:
    if name == "reference":
        return cases.ours.reference
    if name == "token":
        return TOKENS[place.name](cases)
    return VALUES[name]


TOKENS = {
    "account_set_password": lambda cases: "set-password",
    "helpdesk:embed": lambda cases: embeds.mint(cases.ours, "https://acme.zendesk.example"),
    "helpdesk:link": lambda cases: make_link(
        article=_timeclock(), company_id="ACME-1", address=Address("anna", "example.org")
    ),
    "wizard:it": lambda cases: mint_link(cases.ours, LinkKind.IT),
    "wizard:it_script": lambda cases: mint_link(cases.ours, LinkKind.IT),
    "wizard:open_link": lambda cases: mint_link(cases.ours),
    "wizard:open_section": lambda cases: mint_link(cases.ours),
    "wizard:stop": lambda cases: stop_token(cases.ours.address),
}
"""Addresses that are keys: whoever has one gets in, so every visitor asks with a good one."""


def _open(local_part: str) -> Any:
    address = Address(local_part, "example.org")
    return open_case(Report(article=_timeclock(), company_id="ACME-1", address=address, source=local_part))


def _timeclock() -> Any:
    found = article("timeclock")
    assert found is not None
    return found
