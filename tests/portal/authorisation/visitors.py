"""The kinds of people and systems that ask, each as a client that is signed in their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client

from diagnostics.models import Case, LinkKind
from diagnostics.services.api_keys import Scope, make_client, make_key
from diagnostics.services.audit import Actor
from diagnostics.services.cases import mint_link
from portal.access import remember
from portal.roles import Role
from tests.agents import make_agent


@dataclass(frozen=True, slots=True)
class Cases:
    """Two cases of the same vendor; addresses are asked for about `ours`."""

    ours: Case
    others: Case


TESTS = Actor("command", "tests")

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


def _account(role: Role | None, *, second_factor: bool = True) -> Visitor:
    def visitor(cases: Cases) -> Client:
        client = Client()
        client.force_login(make_agent("somebody", role, second_factor=second_factor))
        return client

    return visitor


def _key(vendor: str, scopes: Iterable[Scope]) -> Visitor:
    def visitor(cases: Cases) -> Client:
        system = make_client(name="a system", vendor=vendor, is_test=False, actor=TESTS)
        _kept, key = make_key(system, scopes=scopes, actor=TESTS)
        return Client(headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "one"})

    return visitor


VISITORS: dict[str, Visitor] = {
    "nobody": _nobody,
    "owner": _holder(lambda cases: cases.ours, LinkKind.OWNER),
    "IT": _holder(lambda cases: cases.ours, LinkKind.IT),
    "other owner": _holder(lambda cases: cases.others, LinkKind.OWNER),
    "no role": _account(None),
    "no 2nd factor": _account(Role.ADMIN, second_factor=False),
    **{str(role): _account(role) for role in Role},
    "key": _key("timeclock", Scope),
    "other key": _key("clockify", Scope),
    "bare key": _key("timeclock", ()),
}
