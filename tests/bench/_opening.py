"""Opens many cases at once through the portal's own services, for benchmarks of what comes after the form.

In a process of its own, `python -m tests.bench._opening`.
"""

from __future__ import annotations

import argparse

from tests.bench import _names
from tests.bench._portal import Portal
from tests.bench._processes import run
from tests.bench._world import ARTICLE

LIMIT = 170


def open_cases(portal: Portal, first: int, count: int, *, slow: bool = False, only: str = "") -> None:
    """Of so many domains. `only`: their other groups count as done already."""
    command = [portal.python, "-m", "tests.bench._opening", str(first), str(count), "--only", only]
    run([*command, *["--slow"] * slow], portal.environment("opening"), LIMIT)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("first", type=int)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--slow", action="store_true")
    arguments.add_argument("--only", default="")
    told = arguments.parse_args()

    import django

    django.setup()
    from django.db import transaction

    from diagnostics.articles import articles
    from diagnostics.domain import Address
    from diagnostics.models import Group, GroupState
    from diagnostics.services.cases import Report, open_case

    for number in range(told.first, told.first + told.count):
        domain = _names.domain(number, slow=told.slow)
        source = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        with transaction.atomic():
            case = open_case(Report(articles()[ARTICLE], "ACME-1", Address("anna", domain), source))
            if told.only:
                Group.objects.filter(run__case=case).exclude(name=told.only).update(state=GroupState.DONE)


if __name__ == "__main__":
    main()
