from collections.abc import Callable

import pytest
from django.apps import apps

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.services.deep_links import make_link


@pytest.fixture
def token(db: None) -> str:
    """The token of a live link for a ticket."""
    timeclock = article("timeclock")
    assert timeclock is not None
    return make_link(
        article=timeclock,
        company_id="ACME-1",
        address=Address("anna", "example.org"),
        helpdesk="zendesk",
        ticket="4711",
    )


@pytest.fixture
def row_counts(db: None) -> Callable[[], dict[str, int]]:
    """How many rows every table holds, sessions included."""
    return lambda: {model._meta.label: model._default_manager.count() for model in apps.get_models()}
