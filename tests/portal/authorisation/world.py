"""What the crawl asks about: two cases, and a value for each part of an address."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import LinkKind
from diagnostics.services.cases import Report, mint_link, open_case
from diagnostics.services.deep_links import make_link
from diagnostics.services.messages import stop_token
from tests.portal.authorisation.addresses import Place
from tests.portal.authorisation.visitors import Cases

VALUES = {
    "article": "timeclock",
    "slug": "timeclock",
    "section": "mail-server",
    "name": "check-1.sh",
    "helpdesk": "zendesk",
    "ticket": "4711",
    "service": "mailgun",
}
"""By the parameter's name, where it means the same at every address."""


def make_cases() -> Cases:
    return Cases(*(_open(name) for name in ("anna", "anna.two")))


def filled(place: Place, cases: Cases) -> str:
    """The place's path, about our case. KeyError for a parameter that has no value here yet."""
    values = {name: _value(place, name, cases) for name in place.parameters}
    return reverse(place.name, kwargs=values)


def _value(place: Place, name: str, cases: Cases) -> str:
    if name == "reference":
        return cases.ours.reference
    if name == "token":
        return TOKENS[place.name](cases)
    return VALUES[name]


TOKENS = {
    "wizard:open_link": lambda cases: mint_link(cases.ours),
    "wizard:open_section": lambda cases: mint_link(cases.ours),
    "wizard:it": lambda cases: mint_link(cases.ours, LinkKind.IT),
    "wizard:it_script": lambda cases: mint_link(cases.ours, LinkKind.IT),
    "wizard:stop": lambda cases: stop_token(cases.ours.address),
    "helpdesk:link": lambda cases: make_link(
        article=_timeclock(), company_id="ACME-1", address=Address("anna", "example.org")
    ),
}
"""Addresses that are keys: whoever has one gets in, so every visitor asks with a good one."""


def _open(local_part: str) -> Any:
    report = Report(
        article=_timeclock(), company_id="ACME-1", address=Address(local_part, "example.org"), source=local_part
    )
    return open_case(report)


def _timeclock() -> Any:
    found = article("timeclock")
    assert found is not None
    return found
