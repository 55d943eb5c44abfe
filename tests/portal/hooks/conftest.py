import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case
from diagnostics.services.cases import Report, open_case

SECRET = "service:a pass phrase of four words"

Tell = Callable[..., Any]


@pytest.fixture
def tell(client: Client, settings: LazySettings) -> Tell:
    """Posts to a hook as a sending service would; `secret` is what it shows."""
    settings.HOOK_SECRET = SECRET

    def tell(service: str, payload: Any, *, secret: str = SECRET, way: str = "tracking", **headers: str) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        shown = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
        return client.post(
            f"/hooks/{service}/{way}/", body, content_type="application/json", headers={**shown, **headers}
        )

    return tell


@pytest.fixture
def case(db: None) -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    return open_case(
        Report(article=timeclock, company_id="ACME-1", address=Address("anna", "example.org"), source="192.0.2.9")
    )
