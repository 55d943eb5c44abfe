"""Whoever is erased is not in what clients of the API may ask for again."""

from __future__ import annotations

import pytest

from diagnostics.models import ApiRequest
from diagnostics.services.audit import Actor
from diagnostics.services.persons import Person, erase
from tests.portal.api.conftest import CASE, Api, opened

pytestmark = pytest.mark.django_db


def test_what_a_client_was_told_is_forgotten_with_the_person(api: Api) -> None:
    """It is sealed, so nobody finds it by its words."""
    first = api.post("/cases", CASE, idempotency_key="one")
    assert api.post(f"/cases/{first.json()['reference']}/runs", idempotency_key="two").status_code == 202
    other = opened(api, CASE | {"address": "joanna@example.org"})
    assert api.post("/cases", CASE, idempotency_key="one").json()["address"] == "anna@example.org"
    erase(Person.of("anna@example.org"), Actor("agent", "lead-one"))
    kept = ApiRequest.objects.values_list("headers__Location", flat=True)
    assert [location.rpartition("/")[2] for location in kept] == [other.reference]
