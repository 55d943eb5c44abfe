"""Cases of test keys: recorded evidence takes the place of probes and mail, judged by the checks as any other."""

from __future__ import annotations

from django.utils import timezone

from diagnostics.canned import Canned, canned
from diagnostics.domain import ProbeGroup, SendOutcome, Transmission
from diagnostics.models import Case, TestMessage
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.services.messages import claim_message, finish_message
from diagnostics.services.runs import Claim, finish_group, record, report_to

VIA = "recorded"
"""In place of a sending service's name."""


def play(claim: Claim) -> bool:
    """Finish the claimed group with what was recorded; False where it is to be probed."""
    recording = canned().get(claim.target.domain)
    case = _case_of_a_test(claim.case_id) if recording else None
    if recording is None or case is None:
        return False
    now = timezone.now()
    if record(claim, recording.seen(claim.name, now)):
        if claim.name is ProbeGroup.DELIVERY:
            _report(recording, case, claim.run_id)
        finish_group(claim)
    return True


def take_message(message_pk: int) -> bool:
    """A test message of such a case leaves nobody: it ends as recorded. False where it is to be sent."""
    message = TestMessage.objects.filter(pk=message_pk, case__api_client__is_test=True).select_related("case").first()
    if message is None:
        return False
    if claim_message(message_pk) is not None:
        finish_message(message_pk, _transmission(message))
    return True


def _case_of_a_test(case_id: int) -> Case | None:
    return Case.objects.filter(pk=case_id, api_client__is_test=True).first()


def _report(recording: Canned, case: Case, run_id: int) -> None:
    """Before the run ends, so that nobody sees it finished without. Once, though the group may be played twice."""
    run = case.runs.get(pk=run_id)
    if not run.records.filter(group=None).exists():
        for observation in recording.reported(timezone.now()):
            report_to(run, observation)


def _transmission(message: TestMessage) -> Transmission:
    recording = canned().get(message.case.domain)
    reported = recording.reported(timezone.now()) if recording else []
    sent = next((one for one in reported if isinstance(one, TestMessageReport)), None)
    if sent is None or message.address != message.case.address:
        return Transmission(SendOutcome.UNREACHABLE, via=VIA, detail="the case of a test key: nothing was sent")
    return sent.transmission
