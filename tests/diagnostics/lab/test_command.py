import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from diagnostics.domain import Verdict
from diagnostics.lab import scenarios

ROOT = Path(__file__).parents[3]


def output(*arguments: str) -> str:
    out = StringIO()
    call_command("lab", *arguments, stdout=out)
    return out.getvalue()


def test_lists_every_address_with_what_must_come_out() -> None:
    lines = output().splitlines()
    assert [line.split()[:2] for line in lines] == [
        [scenario.address, scenario.expects or scenario.verdict.value] for scenario in scenarios()
    ]


def test_lists_as_json() -> None:
    rows = {row["address"]: row for row in json.loads(output("--json"))}
    assert rows["anna@mailbox-full.test"]["expects"] == "mailbox.full"
    assert rows["anna@mailbox-full.test"]["verdict"] == Verdict.CAUSE_FOUND
    assert len(rows) == len(scenarios())


def test_serving_without_a_state_file_is_refused(settings: object) -> None:
    settings.LAB_STATE = None  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="--state"):
        call_command("lab", "--serve")


def test_listing_loads_none_of_the_servers_libraries() -> None:
    program = """
import sys
from diagnostics.lab import scenarios
scenarios()
print(*sorted({"aiosmtpd", "asyncio", "cryptography", "dns", "ssl", "trustme"} & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout.split() == []
