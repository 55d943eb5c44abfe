"""The kinds of people and systems that ask, each as a client that is signed in their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client

from diagnostics.models import Case, LinkKind
from diagnostics.services.cases import mint_link
from portal.access import remember
from portal.roles import Role
from tests.agents import make_agent


@dataclass(frozen=True, slots=True)
class Cases:
    """Two cases of the same vendor; addresses are asked for about `ours`."""

    ours: Case
    others: Case


Visitor = Callable[[Cases], Client]


def _nobody(cases: Cases) -> Client:
    return Client()


def _holder(case: Callable[[Cases], Case], kind: LinkKind) -> Visitor:
    def visitor(cases: Cases) -> Client:
        client, response = Client(), HttpResponse()
        remember(response, case(cases), mint_link(case(cases), kind), kind)
        client.cookies.update(response.cookies)
        return client

    return visitor


def _account(role: Role) -> Visitor:
    def visitor(cases: Cases) -> Client:
        client = Client()
        client.force_login(make_agent(f"the-{role}", role))
        return client

    return visitor


VISITORS: dict[str, Visitor] = {
    "nobody": _nobody,
    "owner": _holder(lambda cases: cases.ours, LinkKind.OWNER),
    "IT": _holder(lambda cases: cases.ours, LinkKind.IT),
    "other owner": _holder(lambda cases: cases.others, LinkKind.OWNER),
    **{str(role): _account(role) for role in Role},
}
