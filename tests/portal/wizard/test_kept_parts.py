"""Parts of pages that are kept for everybody name nobody."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.models import Case
from diagnostics.probes.domain_status import DomainStatus
from portal.moulds import Moulds
from portal.templatetags import kept
from portal.wizard import questions
from tests.portal.wizard.conftest import finish

pytestmark = pytest.mark.django_db


def test_no_kept_part_names_a_customer(owner: Client, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [questions._unanswered]

    def fresh(name: str, *gaps: str) -> Moulds:
        every.append(Moulds(*gaps))
        return every[-1]

    monkeypatch.setattr(kept, "_moulds", fresh)
    finish(case, DomainStatus(case.domain, exists=False, confirmed_by=2))
    page = owner.get(reverse("wizard:case", args=[case.reference])).content.decode()
    # Fine to be shown, also in the list of steps.
    assert page.count(case.domain) > 3
    texts = [repr(moulds._kept) for moulds in every]
    assert sum(map(len, texts)) > 1000
    for secret in (case.domain, case.reference, case.company_id, case.address):
        assert not any(secret in text for text in texts)
