"""Schemathesis: what the OpenAPI document promises holds for requests that nobody thought of.

Every check is on, and every one must pass. Requests go through WSGI into the real views and PostgreSQL. What only we
know (which addresses exist, what a cursor looks like) comes in as strategies for the document's formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from diagnostics.canned import canned
from diagnostics.dispatch import publish_events
from portal.api.cursors import cursor
from portal.wsgi import application
from tests.portal.api.conftest import CANNED, Api, MakeApi, finish, opened

EXAMPLES = 8
"""For each operation, beside those that its edges call for."""
PRINTABLE = st.characters(exclude_categories=["C"])
_keys = count(1)

schemathesis.openapi.format("email", st.sampled_from([one.address for one in canned().values()]))
schemathesis.openapi.format("printable", st.text(PRINTABLE, min_size=1, max_size=64).filter(str.strip))
schemathesis.openapi.format("case-cursor", st.builds(cursor, st.just("c"), st.integers(0, 10**15), st.integers(0, 99)))
schemathesis.openapi.format("event-cursor", st.builds(cursor, st.just("e"), st.integers(0, 10**9)))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A usable Idempotency-Key is made a new one; that it is refused with another body is tested elsewhere."""
    key = case.headers.get("Idempotency-Key")
    if isinstance(key, str) and key.isascii() and key.isprintable() and 0 < len(key) <= 255 and " " not in key:
        case.headers["Idempotency-Key"] = f"schema-{next(_keys)}"


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture
def known(make_api: MakeApi, settings: Any) -> Iterator[Api]:
    """A test client with cases of its own; a limit is tested elsewhere."""
    settings.API_PER_MINUTE = 100_000
    api = make_api(is_test=True)
    finish(opened(api, CANNED))
    opened(api, CANNED)
    publish_events()
    # The transaction that each test is wrapped in outlives the requests, as with Django's own test client.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield api
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_keeps_what_its_document_promises(case: schemathesis.Case, known: Api) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {known.key}"})
