"""Through the worker's own tasks: what the records say becomes a diagnosis, and an agent's release is done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from diagnostics import dispatch, tasks
from diagnostics.articles import article
from diagnostics.domain import Address, ProbeGroup, SendEvent, SendEventKind, SuppressionReason
from diagnostics.lab import scenarios
from diagnostics.lab.serve import Lab
from diagnostics.models import Case, SuppressionRelease
from diagnostics.services import suppressions
from diagnostics.services.cases import Report, open_case
from diagnostics.services.events import Told, take_in
from diagnostics.services.runs import diagnosis_of
from tests.diagnostics.taking import sweep

BOUNCED = next(one for one in scenarios() if one.slug == "suppressed-after-bounce")

pytestmark = pytest.mark.serial


def opened() -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    address = Address("anna", BOUNCED.domain)
    return open_case(Report(article=timeclock, company_id="100200", address=address, source="192.0.2.9", tier=1))


def worked(case: Case) -> set[str]:
    """Does what a worker does with the records group; the causes that tier 1 sees."""
    tasks.run_groups([case.runs.get().groups.get(name=ProbeGroup.RECORDS).pk])
    full, public = diagnosis_of(case.runs.get(), 1), diagnosis_of(case.runs.get(), 0)
    assert full
    assert public is None or not public.causes
    return {cause.cause for cause in full.causes}


@pytest.mark.django_db(transaction=True)
def test_from_the_lists_and_events_to_a_release(tmp_path: Path, settings: LazySettings) -> None:
    settings.LAB_STATE = tmp_path / "state.json"
    reply = f"552 5.2.2 <{BOUNCED.address}>: mailbox full"
    bounced = SendEvent(SendEventKind.BOUNCED, timezone.now() - timedelta(minutes=1), "postmark", "m-1", reply)
    take_in([Told(BOUNCED.address, bounced)])

    async def story() -> tuple[set[str], SuppressionRelease]:
        async with Lab(tmp_path, acts=[BOUNCED]):
            return await asyncio.to_thread(in_the_worker)

    def in_the_worker() -> tuple[set[str], SuppressionRelease]:
        try:
            case = opened()
            causes = worked(case)
            release = suppressions.request_release(
                case, service="postmark", reason=SuppressionReason.BOUNCE, asked_by="agent-one"
            )
            tasks.release_suppression(release.pk)
            release.refresh_from_db()
            return causes, release
        finally:
            connection.close()

    causes, release = asyncio.run(story())
    assert causes == {"suppressed.bounce", "mailbox.full"}
    assert release.outcome == "released"


@pytest.mark.django_db
def test_a_release_is_published_until_somebody_has_claimed_it() -> None:
    release = SuppressionRelease.objects.create(
        case=opened(), service="postmark", reason=SuppressionReason.BOUNCE, asked_by="agent-one"
    )
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        channel.queue_purge(dispatch.HOOK_QUEUE)
        sweep()
        assert channel.queue_declare(queue=dispatch.HOOK_QUEUE).message_count == 1
        assert suppressions.claim_release(release.pk)
        sweep()
        assert channel.queue_purge(dispatch.HOOK_QUEUE) == 1
