from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnostics.domain import (
    Address,
    Answer,
    Diagnosis,
    Gap,
    ProbeGroup,
    Seen,
    SendOutcome,
    SmtpReply,
    SmtpStage,
    Status,
    Transmission,
    Vantage,
    Verdict,
)
from diagnostics.log_context import about
from diagnostics.models import (
    Allowance,
    Case,
    CaseEvent,
    CaseEventKind,
    CaseState,
    Group,
    GroupState,
    ObservationRecord,
    Purpose,
    Run,
    TestMessage,
)
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.test_message import MailboxAnswer, TestMessageReport, Whereabouts
from diagnostics.services import runs
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.messages import claim_message, finish_message, request_message
from diagnostics.services.runs import (
    Claim,
    Part,
    diagnosis_of,
    finish_group,
    judge,
    look_again,
    record,
    report,
    requeue_expired,
)
from diagnostics.verdicts import diagnose
from tests.diagnostics.taking import claim_group, claim_groups

pytestmark = pytest.mark.django_db


def group_of(case: Case, name: ProbeGroup = ProbeGroup.DNS) -> Group:
    return Group.objects.get(run__case=case, name=name)


def seen(exists: bool = True) -> Seen:
    return Seen(DomainStatus, Vantage.SERVER, datetime.now(UTC), DomainStatus("example.org", exists))


def expire(group: Group) -> None:
    Group.objects.filter(pk=group.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_group_is_claimed_once(case: Case) -> None:
    group = group_of(case)
    claim = claim_group(group.pk)
    assert claim is not None
    assert (str(claim.target.address), claim.reference) == ("anna@example.org", case.reference)
    assert claim_group(group.pk) is None


def test_who_did_not_hear_that_it_has_the_group_asks_again_and_has_it(case: Case) -> None:
    group, now = group_of(case), timezone.now()
    assert claim_groups([group.pk], now) == claim_groups([group.pk], now)
    assert claim_groups([group.pk], now + timedelta(microseconds=1)) == []
    group.refresh_from_db()
    assert (group.state, group.attempt) == (GroupState.RUNNING, 1)


def test_a_claim_of_nothing_is_none(db: None) -> None:
    assert claim_group(10**9) is None


def test_answers_are_saved_under_the_claim_and_replace_those_of_the_attempt_before(case: Case) -> None:
    group = group_of(case)
    first = claim_group(group.pk)
    assert first is not None
    assert record(first, [seen(exists=False)])
    expire(group)
    requeue_expired()
    second = claim_group(group.pk)
    assert second is not None
    assert record(second, [seen()])
    kept = ObservationRecord.objects.get(group=group)
    assert (kept.attempt, kept.data) == (2, {"domain": "example.org", "exists": True, "confirmed_by": 1})


def test_a_lost_worker_that_comes_back_writes_nothing(case: Case) -> None:
    group = group_of(case)
    zombie = claim_group(group.pk)
    assert zombie is not None
    expire(group)
    assert requeue_expired() == 1
    claim_group(group.pk)
    assert not record(zombie, [seen()])
    finish_group(zombie)
    assert not ObservationRecord.objects.exists()
    assert group_of(case).state == GroupState.RUNNING


def part(claim: Claim | None, *answers: Seen, ended: bool = True) -> Part:
    assert claim is not None
    return Part(claim, answers, ended)


def test_groups_of_many_runs_are_saved_in_one_go_each_as_if_alone(report: Report) -> None:
    gone, whole, under_way = (open_case(report) for _ in range(3))
    lost = claim_group(group_of(gone).pk)
    expire(group_of(gone))
    requeue_expired()
    claims = claim_groups([group.pk for group in whole.runs.get().groups.all()])
    ending = [part(claim, *([seen()] if claim.name is ProbeGroup.DNS else [])) for claim in claims]
    first = part(claim_group(group_of(under_way).pk), seen(exists=False), ended=False)

    assert runs.save([part(lost, seen()), *ending, first]) == {
        *(claim.group_id for claim in claims),
        first.claim.group_id,
    }
    assert set(ObservationRecord.objects.values_list("case_id", "run__case_id", "group_id", "data__exists")) == {
        (whole.pk, whole.pk, group_of(whole).pk, True),
        (under_way.pk, under_way.pk, group_of(under_way).pk, False),
    }
    after = [case.runs.get() for case in (gone, whole, under_way)]
    assert [(run.finished, run.verdict, run.version, run.full_version) for run in after] == [
        (False, "", 0, 0),
        (True, Verdict.INCONCLUSIVE, 1, 1),
        (False, "", 1, 1),
    ]
    whole.refresh_from_db()
    assert (whole.state, whole.verdict) == (CaseState.OPEN, Verdict.INCONCLUSIVE)
    assert [(event.case, event.data) for event in CaseEvent.objects.filter(kind=CaseEventKind.RUN_FINISHED)] == [
        (whole, {"run": 1, "verdict": "inconclusive", "cause": ""})
    ]


def domain_says(case: Case) -> Answer | None:
    diagnosis = diagnosis_of(case.runs.get())
    return diagnosis.answer("domain") if diagnosis else None


def test_a_run_is_judged_by_what_was_saved_before_too(case: Case) -> None:
    claim = claim_group(group_of(case).pk)
    runs.save([part(claim, seen(exists=False), ended=False)])
    runs.save([part(claim, Seen(MailSystem, Vantage.SERVER, datetime.now(UTC), gap=Gap.TIMED_OUT))])
    answer = domain_says(case)
    assert answer is not None
    assert answer.status is Status.PROBLEM


def test_an_answer_that_takes_the_place_of_an_earlier_one_is_what_the_run_is_judged_by(case: Case) -> None:
    claim = claim_group(group_of(case).pk)
    runs.save([part(claim, seen(exists=False), ended=False)])
    runs.save([part(claim, seen(exists=True))])
    answer = domain_says(case)
    assert answer is not None
    assert answer.findings == ()
    judge(case.runs.get())
    assert domain_says(case) == answer


def test_what_is_logged_while_judging_is_about_the_run(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []

    def listens(*args: Any, **options: Any) -> Diagnosis:
        heard.append(dict(about()))
        return diagnose(*args, **options)

    monkeypatch.setattr(runs, "diagnose", listens)
    runs.save([part(claim_group(group_of(case).pk), seen())])
    assert heard == [{"case": case.reference, "run": case.runs.get().pk}] * 2


def test_a_living_lease_is_left_alone(case: Case) -> None:
    claim_group(group_of(case).pk)
    assert requeue_expired() == 0


def test_after_three_lost_workers_the_customer_is_told(case: Case) -> None:
    group = group_of(case)
    for _ in range(runs.MAX_ATTEMPTS):
        assert claim_group(group.pk)
        expire(group)
        requeue_expired()
    assert group_of(case).state == GroupState.FAILED
    assert claim_group(group.pk) is None
    diagnosis = diagnosis_of(case.runs.get())
    assert diagnosis is not None
    answer = diagnosis.answer("domain")
    assert answer is not None
    assert (answer.status, answer.gap) == (Status.COULD_NOT_CHECK, Gap.LOST)


def lose(group: Group) -> int:
    """A worker takes the group and is lost; the attempt that this was."""
    claim = claim_group(group.pk)
    assert claim is not None
    expire(group)
    requeue_expired()
    return claim.attempt


def wanted_again(group: Group) -> bool:
    Group.objects.filter(pk=group.pk).update(finished_at=timezone.now() - timedelta(minutes=5))
    return look_again(group.run, ProbeGroup(group.name), older_than=timedelta(minutes=2))


def test_each_wanted_look_may_lose_as_many_workers_as_the_first(case: Case) -> None:
    group = group_of(case)
    for _ in range(runs.MAX_ATTEMPTS + 1):
        finish(case, ProbeGroup.DNS, seen())
        assert wanted_again(group)
        for _ in range(runs.MAX_ATTEMPTS - 1):
            lose(group)
            assert group_of(case).state == GroupState.QUEUED
    lose(group)
    assert group_of(case).state == GroupState.FAILED


def test_what_was_given_up_may_be_looked_at_again(case: Case) -> None:
    group = group_of(case)
    for _ in range(runs.MAX_ATTEMPTS):
        lose(group)
    assert wanted_again(group)
    finish(case, ProbeGroup.DNS, seen())
    assert group_of(case).state == GroupState.DONE
    assert ObservationRecord.objects.get(group=group).attempt == runs.MAX_ATTEMPTS + 1


def test_no_attempt_of_an_earlier_look_passes_for_one_of_a_later(case: Case) -> None:
    group, attempts = group_of(case), []
    for lost in range(runs.MAX_ATTEMPTS):
        attempts += [lose(group) for _ in range(lost)]
        late = claim_group(group.pk)
        assert late is not None
        attempts.append(late.attempt)
        finish_group(late, [seen()])
        assert wanted_again(group)
        assert not record(late, [seen(exists=False)]), "nobody has it"
        newer = claim_group(group.pk)
        assert newer is not None
        attempts.append(newer.attempt)
        assert not record(late, [seen(exists=False)]), "somebody else has it"
        finish_group(newer, [seen()])
        assert wanted_again(group)
    assert attempts == sorted(set(attempts))


def test_a_group_that_has_just_ended_is_not_looked_at_again(case: Case) -> None:
    finish(case, ProbeGroup.DNS, seen())
    assert not look_again(case.runs.get(), ProbeGroup.DNS, older_than=timedelta(minutes=2))


def finish(case: Case, name: ProbeGroup, *entries: Seen) -> None:
    claim = claim_group(group_of(case, name).pk)
    assert claim is not None
    record(claim, entries)
    finish_group(claim)


def test_a_run_is_judged_as_groups_end_and_final_with_the_last(case: Case) -> None:
    finish(case, ProbeGroup.DNS, seen(exists=False))
    run = case.runs.get()
    assert (run.verdict, run.cause, run.finished) == (Verdict.LIKELY_CAUSE, "domain.gone", False)
    finish(case, ProbeGroup.PORTS)
    finish(case, ProbeGroup.DELIVERY)
    run = case.runs.get()
    assert (run.cause, run.finished) == ("domain.gone", True)


def test_a_probe_without_an_answer_at_the_end_timed_out(case: Case) -> None:
    finish(case, ProbeGroup.DNS)
    diagnosis = diagnosis_of(case.runs.get())
    assert diagnosis is not None
    answer = diagnosis.answer("domain")
    assert answer is not None
    assert (answer.status, answer.gap) == (Status.COULD_NOT_CHECK, Gap.TIMED_OUT)


def test_every_change_of_a_run_moves_its_version(case: Case) -> None:
    versions = [case.runs.get().version]
    finish(case, ProbeGroup.DNS, seen())
    versions.append(case.runs.get().version)
    report(asked(case), MailboxAnswer(Whereabouts.SPAM))
    versions.append(case.runs.get().version)
    assert versions == sorted(set(versions))


def asked(case: Case) -> TestMessage:
    return request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.9")


def again(case: Case) -> Run:
    Run.objects.update(finished_at=timezone.now())
    return start_run(case)


def test_a_message_whose_end_is_open_goes_on_in_the_next_run(case: Case) -> None:
    message = asked(case)
    handed_over(message, SendOutcome.ACCEPTED)
    second = again(case)
    assert list(second.test_messages.all()) == [message]
    assert runs.evidence_of(second).get(TestMessageReport)


def test_what_was_refused_stays_with_its_run_and_another_may_be_sent(case: Case) -> None:
    handed_over(asked(case), SendOutcome.REFUSED)
    second = again(case)
    assert not second.test_messages.exists()
    assert runs.evidence_of(second).get(TestMessageReport) is None
    Allowance.objects.all().delete()
    assert asked(case).run == second


def test_what_the_customer_answered_stays_with_its_run(case: Case) -> None:
    message = asked(case)
    handed_over(message, SendOutcome.ACCEPTED)
    report(message, MailboxAnswer(Whereabouts.SPAM))
    assert runs.evidence_of(again(case)).get(MailboxAnswer) is None


def handed_over(message: TestMessage, outcome: SendOutcome) -> None:
    assert claim_message(message.pk)
    finish_message(message.pk, Transmission(outcome, "direct", replies=(SmtpReply(SmtpStage.RCPT, 552, "5.2.2 full"),)))


def test_nothing_that_a_server_says_keeps_its_evidence_from_being_stored(case: Case) -> None:
    message = asked(case)
    assert claim_message(message.pk)
    reply = SmtpReply(SmtpStage.RCPT, 550, "5.1.1 user unknown\x00 \u202e")
    finish_message(message.pk, Transmission(SendOutcome.REFUSED, "direct", replies=(reply,)))
    assert case.runs.get().cause == "mailbox.unknown"


def test_evidence_that_cannot_be_read_any_more_is_a_gap(case: Case) -> None:
    run = case.runs.get()
    for kind, data, gap in (
        ("NoSuchKind", {}, ""),
        ("DomainStatus", {"domain": 1, "exists": []}, ""),
        ("DomainStatus", None, "a gap of another version"),
    ):
        ObservationRecord.objects.create(
            case=case, run=run, kind=kind, vantage="elsewhere", data=data, gap=gap[:20], at=timezone.now()
        )
    assert {one.gap for one in runs.evidence_of(run)} == {Gap.OUTDATED}


def test_only_reported_observations_can_be_reported(case: Case) -> None:
    with pytest.raises(TypeError):
        report(asked(case), DomainStatus("example.org", exists=True))
