"""Two people whom a stranger asks about: one is on file in every way that there is, the other in none.

`ask` is everything that a stranger, and a system without the right to vouch, can be told about one of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from diagnostics.articles import article
from diagnostics.domain import Address, SendEvent, SendEventKind
from diagnostics.models import DirectoryEntry
from diagnostics.services.api_keys import Scope, make_client, make_key
from diagnostics.services.audit import Actor
from diagnostics.services.cases import Report, open_case
from diagnostics.services.events import Told, take_in
from tests.agents import make_agent

TESTS = Actor("command", "tests")
_sources = count(1)
_keys = count(1)


@dataclass(frozen=True)
class Person:
    """`name` is as long as everybody's, so that the length of an answer is told by nothing else."""

    name: str

    @property
    def address(self) -> str:
        return f"{self.name}@example.org"

    @property
    def company(self) -> str:
        return f"C-{self.name}"


def put_on_file(person: Person) -> None:
    """An administrator in the directory, with an account here, mail before, a bounce, and cases of their own."""
    DirectoryEntry.objects.create(
        vendor="timeclock", company_id=person.company, address=person.address, administrator=True
    )
    make_agent(person.name)
    for kind in (SendEventKind.DELIVERED, SendEventKind.BOUNCED):
        event = SendEvent(
            kind, timezone.now(), "postmark", message_id=f"{person.name}-{kind}", reply="552 mailbox full"
        )
        take_in([Told(person.address, event, f"{person.name}-{kind}")])
    found = article("timeclock")
    assert found is not None
    for number in range(3):
        address = Address(person.name, "example.org")
        open_case(Report(found, company_id=person.company, address=address, source=f"long ago {number}", tier=1))


Answer = tuple[int, tuple[tuple[str, str], ...], str]


def bare_key() -> str:
    """Of a system that may open and read cases, and vouches for nobody."""
    system = make_client(name=f"a system {next(_keys)}", vendor="", is_test=False, actor=TESTS)
    return make_key(system, scopes=(Scope.CASE_WRITE, Scope.CASE_READ, Scope.DIAGNOSIS_READ), actor=TESTS)[1]


def start_form(person: Person) -> tuple[Client, Any]:
    client = Client(REMOTE_ADDR=f"198.51.{next(_sources) >> 8 & 255}.{next(_sources) & 255}")
    typed = {"company_id": person.company, "address": person.address, "submission": "s" * 22 + f"{next(_sources)}"}
    return client, client.post("/timeclock/", typed)


def sign_in(person: Person, password: str = "a wrong pass phrase") -> Any:
    return Client(REMOTE_ADDR=f"203.0.113.{next(_sources) % 250}").post(
        "/console/sign-in/", {"username": person.name, "password": password}
    )


def open_by_api(person: Person, key: str) -> Any:
    said = {"company": person.company, "address": person.address, "article": "timeclock"}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"key-{next(_sources)}"}
    return Client(headers=headers).post("/api/v1/cases", json.dumps(said), content_type="application/json")


def told(response: Any, person: Person, *, secrets: tuple[str, ...] = ()) -> Answer:
    """All that one can tell two answers apart by, less what differs between any two of them."""
    text = response.content.decode()
    headers = {name: value for name, value in response.items() if name not in ("Content-Length", "ETag")}
    cookies = [(name, "") for name in sorted(re.sub(r"_[A-Z0-9]{8}$", "", name) for name in response.cookies)]

    def level(said: str) -> str:
        for secret in (*secrets, *(cookie.value for cookie in response.cookies.values() if len(cookie.value) > 8)):
            said = said.replace(secret, "SECRET")
        said = said.replace(person.name, "NAME").replace(spelled(person.name), "SPELLED")
        for pattern, name in VARYING:
            said = re.sub(pattern, name, said)
        return said

    return (
        response.status_code,
        (*sorted((name, level(value)) for name, value in headers.items()), *cookies),
        level(text),
    )


def spelled(name: str) -> str:
    """As the page spells an address out, letter by letter."""
    return "".join(f"<li>{one}</li>" if one.isalnum() else f'<li class="sign">{one}</li>' for one in name)


VARYING = (
    (r'name="csrfmiddlewaretoken" value="[^"]+"', "CSRF"),
    (r'name="submission" value="[^"]+"', "SUBMISSION"),
    (r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|\+00:00)?", "MOMENT"),
    (r"(?<=/c/)[\w-]{22}|(?<=/it/)[\w-]{22}", "TOKEN"),
    (r"\d+-\d+-\w+-[\w.-]*", "VERSION"),
    (r"RateLimit-\w+: \d+", "LIMIT"),
)
