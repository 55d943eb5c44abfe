"""Asks about two people in turns and prints the middle of what the answers took, in milliseconds, as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import django

REQUESTS = 200


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction

    # Passwords are checked as in production; every request is the first of its kind as far as limits are concerned.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    settings.ALLOWED_HOSTS, settings.QUEUE_MOST_SECONDS = ["*"], 10**9
    call_command("migrate", verbosity=0)

    from tests.attacks import asking
    from tests.attacks.asking import Person

    known, unknown = Person("anna-one"), Person("anja-two")
    asking.put_on_file(known)
    key = asking.bare_key()
    cases = {person: asking.start_form(person)[0] for person in (known, unknown)}
    pages = {person: _case_page(client) for person, client in cases.items()}
    ways: dict[str, Callable[[Person], Any]] = {
        "start page, sent": lambda person: asking.start_form(person)[1],
        "case page": lambda person: pages[person](),
        "API, case opened": lambda person: asking.open_by_api(person, key),
        "sign-in with a wrong password": asking.sign_in,
    }
    middles = {}
    for kind, ask in ways.items():
        took: dict[Person, list[float]] = {known: [], unknown: []}
        for turn in range(2 * REQUESTS + 4):
            person = (known, unknown)[turn % 2 ^ turn // 2 % 2]  # neither is always the first of a pair
            started = time.perf_counter()
            with transaction.atomic():
                response = ask(person)
                elapsed = (time.perf_counter() - started) * 1000
                transaction.set_rollback(True)
            if response.status_code not in (200, 201, 303):
                raise RuntimeError(f"{kind}: {response.status_code}")
            if turn >= 4:
                took[person].append(elapsed)
        middles[kind] = (median(took[known]), median(took[unknown]), REQUESTS)
    print(json.dumps(middles))


def _case_page(client: Any) -> Callable[[], Any]:
    (name,) = (name for name in client.cookies if "case_" in name)
    path = f"/cases/{name.rpartition('_')[2]}/"
    return lambda: client.get(path)


if __name__ == "__main__":
    main()
