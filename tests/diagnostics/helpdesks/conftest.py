from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.conf import LazySettings

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, CaseEvent, CaseEventKind
from diagnostics.services.cases import Report, open_case
from tests.diagnostics.helpdesks.desk import KEY, SECRET, USER, Desk

OpenCase = Callable[..., Case]


@pytest.fixture
def desk(settings: LazySettings) -> Iterator[Desk]:
    """A Zendesk that the settings name."""
    with Desk() as running:
        settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = running.url, USER, KEY
        settings.ZENDESK_WEBHOOK_SECRET = SECRET
        yield running


@pytest.fixture
def open_one() -> OpenCase:
    timeclock = article("timeclock")
    assert timeclock is not None
    report = Report(article=timeclock, company_id="ACME-1", address=Address("anna", "example.org"), source="")
    opened = iter(range(1000))

    def open_one(helpdesk: str = "zendesk", ticket: str = "4711") -> Case:
        return open_case(replace(report, source=f"source {next(opened)}", helpdesk=helpdesk, ticket=ticket))

    return open_one


def happen(case: Case, kind: CaseEventKind, **data: str | int) -> CaseEvent:
    return CaseEvent.objects.create(case=case, kind=kind, data=data)
