"""What a named cause tells an agent about itself."""

from django.test import Client

from diagnostics.models import Case
from diagnostics.remedies import remedies


def test_a_named_cause_says_what_proves_it_and_what_only_hints_at_it(console: Client, worked: Case) -> None:
    page = console.get(f"/console/cases/{worked.reference}/").content.decode().replace("&#x27;", "'")
    full = remedies()["mailbox.full"]
    assert f"<p>Proved by: {full.proof}</p>" in page
    assert f"<p>Hints: {full.hint}</p>" in page
