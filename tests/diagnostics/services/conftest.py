import pytest

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case
from diagnostics.services.cases import Report, open_case


@pytest.fixture
def report() -> Report:
    timeclock = article("timeclock")
    assert timeclock is not None
    return Report(article=timeclock, company_id="ACME-1", address=Address("anna", "example.org"), source="192.0.2.9")


@pytest.fixture
def case(db: None, report: Report) -> Case:
    return open_case(report)
