"""`python -m tests.chaos.endpoint <url>`: has the portal tell that address what happens to one vendor's cases."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from diagnostics.models import CaseEventKind  # noqa: E402
from diagnostics.services import webhook_endpoints  # noqa: E402
from diagnostics.services.audit import Actor  # noqa: E402
from tests.chaos.neighbours import VENDOR  # noqa: E402

if __name__ == "__main__":
    webhook_endpoints.add(
        Actor("agent", "chaos"), name="chaos", url=sys.argv[1], kinds=CaseEventKind.values, vendor=VENDOR
    )
