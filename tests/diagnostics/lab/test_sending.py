"""The lab's sending service leads to the causes of its scenarios, over the portal's own hooks and its own client."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.test import Client

from diagnostics.addresses import parse_address
from diagnostics.domain import (
    Address,
    Diagnosis,
    Evidence,
    Seen,
    SendHistory,
    SuppressionAnswer,
    SuppressionReason,
    Vantage,
)
from diagnostics.lab import scenarios
from diagnostics.lab.scenario import Scenario
from diagnostics.lab.sending import TOKEN, serving, webhook_payloads
from diagnostics.lab.serve import Lab
from diagnostics.lab.trial import SOMEBODY_ELSE
from diagnostics.models import SenderEvent
from diagnostics.remedies import remedies
from diagnostics.sending import Release, Silent, configured_services, look_up_everywhere
from diagnostics.sending.postmark import Postmark
from diagnostics.services.events import history_of
from diagnostics.verdicts import diagnose

SECRET = "lab:lab"
OURS = [one for one in scenarios() if one.suppressed or one.events or not one.code_asked_for]


def reported(scenario: Scenario, client: Client, settings: LazySettings) -> None:
    settings.HOOK_SECRET = SECRET
    shown = {"Authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}"}
    for hook in webhook_payloads(scenario, datetime.now(UTC)):
        response = client.post(hook.path, hook.body, content_type="application/json", headers=shown)
        assert response.status_code == 200


async def listed(scenario: Scenario) -> SuppressionAnswer:
    address = parse_address(scenario.address, extra_suffixes=frozenset({"test"}))
    async with serving([scenario]) as url:
        return await look_up_everywhere([Postmark(url, TOKEN)], address)


def judged(*observations: object) -> Diagnosis:
    now = datetime.now(UTC)
    evidence = Evidence(Seen(type(one), Vantage.SERVER, now, one) for one in observations)
    return diagnose(evidence, causes={tag: remedy.cause for tag, remedy in remedies().items()})


@pytest.mark.parametrize("scenario", OURS, ids=lambda one: one.slug)
def test_the_records_name_the_cause(db, client: Client, settings: LazySettings, scenario: Scenario) -> None:
    reported(SOMEBODY_ELSE, client, settings)
    reported(scenario, client, settings)
    history = history_of(scenario.address, code_lifetime=600)
    diagnosis = judged(history, async_to_sync(listed)(scenario))
    named = [cause.cause for cause in diagnosis.causes]
    assert named[:1] == ([scenario.expects] if scenario.expects else [])
    if scenario.expects:
        assert diagnosis.verdict == scenario.verdict


def test_events_are_of_now_and_keep_their_distance(db, client: Client, settings: LazySettings) -> None:
    late = next(one for one in scenarios() if one.slug == "code-mail-too-late")
    reported(late, client, settings)
    first, *_, last = SenderEvent.objects.order_by("at")
    assert timedelta(seconds=20) < datetime.now(UTC) - last.at < timedelta(seconds=60)
    assert last.at - first.at == timedelta(minutes=25)


async def test_the_list_can_be_cleared_but_for_complaints() -> None:
    bounced = next(one for one in scenarios() if one.slug == "suppressed-after-bounce")
    reported_spam = next(one for one in scenarios() if one.slug == "suppressed-after-complaint")
    async with serving([bounced, reported_spam]) as url:
        service = Postmark(url, TOKEN)
        for scenario, outcome in ((bounced, Release.RELEASED), (reported_spam, Release.REFUSED)):
            address = Address("anna", scenario.domain)
            assert len(await service.look_up(address)) == 1
            assert (await service.release(address, SuppressionReason.BOUNCE)).outcome is outcome
            assert len(await service.look_up(address)) == (outcome is Release.REFUSED)
        with pytest.raises(Silent):
            await Postmark(url, "another").look_up(Address("anna", "example.org"))


def test_nothing_is_known_of_an_address_without_events(db, client: Client, settings: LazySettings) -> None:
    never = next(one for one in scenarios() if not one.code_asked_for)
    reported(never, client, settings)
    history = history_of("anna@example.org", code_lifetime=600)
    assert (history.events, history.others_begun) == ((), 1)
    assert isinstance(history, SendHistory)


async def test_the_settings_lead_to_the_labs_own_service(tmp_path: Path, settings: LazySettings) -> None:
    bounced = next(one for one in scenarios() if one.slug == "suppressed-after-bounce")
    settings.LAB, settings.LAB_STATE, settings.SENDING_SERVICES = True, tmp_path / "state.json", []
    async with Lab(tmp_path, acts=[bounced]):
        (service,) = configured_services()
        (entry,) = await service.look_up(Address("anna", bounced.domain))
    assert (entry.service, entry.reason) == ("postmark", SuppressionReason.BOUNCE)
