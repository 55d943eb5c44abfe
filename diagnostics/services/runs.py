"""A run's groups: claimed by lease, written with a fencing number, finished, judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from diagnostics import registry
from diagnostics.codec import Unreadable, decode, encode
from diagnostics.domain import Address, Diagnosis, Evidence, Gap, ProbeGroup, Seen, Target, Vantage, Verdict
from diagnostics.models import (
    Case,
    CaseEventKind,
    CaseState,
    Group,
    GroupState,
    ObservationRecord,
    Run,
    TestMessage,
)
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.remedies import remedies
from diagnostics.services import health
from diagnostics.services.case_events import announce
from diagnostics.services.domain_proof import PROVEN, accept_proof, for_the_owner
from diagnostics.services.work import announce_work
from diagnostics.vendors import vendor
from diagnostics.verdicts import AGENTS, diagnose

GROUP_DEADLINE = 25.0
"""Seconds a group's probes may take together.

The lease outlives it, so a living worker is never taken for a lost one.
"""
LEASE = timedelta(seconds=GROUP_DEADLINE + 5)
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write a group's answers, valid while nobody else has claimed it since (`attempt`)."""

    group_id: int
    run_id: int
    case_id: int
    name: ProbeGroup
    attempt: int
    target: Target


def claim_group(group_id: int) -> Claim | None:
    """Take a queued group for this worker; None where it is taken, done or gone: a second delivery ends here."""
    now = timezone.now()
    claimed = Group.objects.filter(pk=group_id, state=GroupState.QUEUED).update(
        state=GroupState.RUNNING, attempt=F("attempt") + 1, lease_until=now + LEASE, started_at=now
    )
    if not claimed:
        return None
    group = Group.objects.select_related("run__case").get(pk=group_id)
    return Claim(
        group_id, group.run_id, group.run.case_id, ProbeGroup(group.name), group.attempt, target_of(group.run.case)
    )


def record(claim: Claim, seen: Sequence[Seen]) -> bool:
    """Save what probes of the claimed group saw; False where the claim was lost meanwhile and nothing was written."""
    with transaction.atomic():
        if _locked_run(claim.run_id) is None or not _holds(claim):
            return False
        ObservationRecord.objects.bulk_create(
            (
                _record(one, case_id=claim.case_id, run_id=claim.run_id, group_id=claim.group_id, attempt=claim.attempt)
                for one in seen
            ),
            update_conflicts=True,
            unique_fields=("group", "kind"),
            update_fields=("vantage", "attempt", "data", "gap", "applies", "detail", "elapsed_ms", "at"),
        )
        _touch(claim)
    return True


def finish_group(claim: Claim) -> None:
    """Mark the group done and judge the run anew; a lost claim changes nothing."""
    with transaction.atomic():
        run = _locked_run(claim.run_id)
        if run is None or not _holds(claim):
            return
        Group.objects.filter(pk=claim.group_id).update(
            state=GroupState.DONE, lease_until=None, finished_at=timezone.now()
        )
        if claim.name is ProbeGroup.DNS:
            accept_proof(run)
        judge(run, public=claim.name is not ProbeGroup.RECORDS)


def requeue_expired() -> int:
    """Give groups whose worker was lost another try, up to three; then they end as "could not check". How many.

    What somebody is writing at this moment is left for the next time: a worker frozen in the middle of a transaction
    must not hold up the rest.
    """
    expired = Group.objects.filter(state=GroupState.RUNNING, lease_until__lt=timezone.now())
    count = 0
    for group_id, run_id in expired.values_list("pk", "run_id"):
        with transaction.atomic():
            run = _locked_run(run_id, skip_locked=True)
            group = expired.filter(pk=group_id).select_for_update(skip_locked=True).first()
            if run is None or group is None:
                continue
            count += 1
            group.lease_until = None
            if group.attempt < MAX_ATTEMPTS:
                group.state, group.dispatched_at = GroupState.QUEUED, None
                announce_work()
            else:
                group.state, group.finished_at = GroupState.FAILED, timezone.now()
            group.save(update_fields=("state", "lease_until", "dispatched_at", "finished_at"))
            if group.state == GroupState.FAILED:
                judge(run, public=group.name != ProbeGroup.RECORDS)
    return count


def look_again(run: Run, name: ProbeGroup, *, older_than: timedelta) -> bool:
    """Queue a group of the run once more if it was done that long ago; what its probes see then takes the place of what
    they saw. Whether it was queued.
    """
    if run.data_deleted_at:
        return False
    done = run.groups.filter(name=name, state=GroupState.DONE, finished_at__lt=timezone.now() - older_than)
    queued = bool(done.update(state=GroupState.QUEUED, dispatched_at=None))
    if queued:
        announce_work()
    return queued


def report(message: TestMessage, observation: object) -> None:
    """Add what was reported about a test message (the hand-over, the customer's answer), and judge its run again."""
    _report(message.run_id, observation, message)


def report_to(run: Run, observation: object) -> None:
    """Add what somebody reported about the case, though not about a test message of ours, and judge the run again."""
    _report(run.pk, observation, None)


def judge(run: Run, *, public: bool = True) -> Diagnosis:
    """Make the run's diagnoses, the public one and the full one, from what is known now, and save them.

    The run is finished once its public groups are. `public` is False where only the vendor's records have said
    something: nothing of a page at tier 0 may change then, its ETag neither. Returns the full diagnosis. Call it in a
    transaction that holds the run. A run whose data is deleted keeps the diagnosis that was made of it.
    """
    if run.data_deleted_at:
        return _kept_diagnosis(run)
    groups = list(run.groups.all())
    evidence = evidence_of(run)
    full = _judged(evidence, groups, AGENTS)
    run.full_diagnosis = encode(full)
    run.verdict = full.verdict
    run.cause = full.causes[0].cause if full.causes else ""
    changed = ["full_diagnosis", "verdict", "cause", "full_version"]
    run.full_version = F("full_version") + 1
    if public:
        run.diagnosis = encode(_judged(evidence, groups, 0))
        run.version = F("version") + 1
        changed += ["diagnosis", "version"]
        if not _unfinished(groups) - {ProbeGroup.RECORDS} and run.finished_at is None:
            run.finished_at = timezone.now()
            changed.append("finished_at")
    run.save(update_fields=changed)
    _repeat_in_case(run, evidence)
    if "finished_at" in changed:
        announce(run.case, CaseEventKind.RUN_FINISHED, run=run.number, verdict=run.verdict, cause=run.cause)
    run.refresh_from_db(fields=("version", "full_version"))
    return full


def _repeat_in_case(run: Run, evidence: Evidence) -> None:
    """What lists and counts ask of the newest run, kept where they can find it quickly."""
    newest = Case.objects.filter(pk=run.case_id).exclude(runs__number__gt=run.number)
    system = evidence.get(MailSystem)
    newest.update(
        verdict=run.verdict,
        cause=run.cause,
        gateway=system.gateway if system else "",
        provider=mailbox_of(system, evidence.get(MailboxBehind)),
    )
    if run.finished:
        newest.filter(state=CaseState.CHECKING).update(state=CaseState.OPEN)


def diagnosis_of(run: Run, tier: int = AGENTS) -> Diagnosis | None:
    """The saved diagnosis for eyes of that tier; None before the first group is done."""
    saved = run.full_diagnosis if tier else run.diagnosis
    return decode(Diagnosis, saved) if saved else None


def seen_by(run: Run, tier: int) -> tuple[Evidence, Diagnosis | None]:
    """What eyes of that tier see of a run: the evidence, and the diagnosis that it leads to.

    Whoever reached tier 1 by proving the domain hears of its own addresses only. Raises Unreadable.
    """
    evidence = evidence_of(run, tier)
    if tier != PROVEN or not run.case.proved_by_dns:
        return evidence, diagnosis_of(run, tier)
    evidence = for_the_owner(evidence)
    return evidence, _judged(evidence, list(run.groups.all()), tier) if run.full_diagnosis else None


def evidence_of(run: Run, tier: int = AGENTS) -> Evidence:
    """What this run's probes saw and what was reported to it, oldest first, as far as the tier may see it.

    And what was known of our own side by the run's end, which is the same for every case.
    """
    seen = [seen_of(record) for record in run.records.order_by("at", "pk")]
    ours = health.newest(run.case.vendor, until=run.finished_at)
    return Evidence(one for one in (*([ours] if ours else ()), *seen) if registry.tier_of(one.kind) <= tier)


def seen_of(record: ObservationRecord) -> Seen:
    """The stored record as evidence; one that cannot be read any more is a gap, not a failure."""
    kind = registry.observation_type(record.kind)
    observation: object | None = None
    gap = (Gap(record.gap) if record.gap in _GAPS else Gap.OUTDATED) if record.gap else None
    if kind is None:
        gap = Gap.OUTDATED
    elif record.data is not None:
        try:
            observation = decode(kind, record.data)
        except Unreadable:
            gap = Gap.OUTDATED
    return Seen(
        kind=kind or object,
        vantage=Vantage(record.vantage) if record.vantage in _VANTAGES else Vantage.SERVER,
        at=record.at,
        observation=observation,
        gap=gap,
        applies=record.applies,
        elapsed_ms=record.elapsed_ms,
        detail=record.detail,
    )


def target_of(case: Case) -> Target:
    local_part, _, domain = case.address.rpartition("@")
    return Target(Address(local_part, domain), vendor(case.vendor), case.company_id)


def _report(run_id: int, observation: object, message: TestMessage | None) -> None:
    kind = type(observation)
    vantage = registry.reported_vantage(kind)
    if vantage is None:
        raise TypeError(f"{kind.__name__} is not a reported observation")
    seen = Seen(kind=kind, vantage=vantage, at=timezone.now(), observation=observation)
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",), no_key=True).select_related("case").get(pk=run_id)
        if run.case.details_deleted_at:
            return  # it would be known again whose case this was
        record = _record(seen, case_id=run.case_id, run_id=run.pk)
        record.message = message
        record.save()
        judge(run, public=registry.tier_of(kind) == 0)


def _locked_run(run_id: int, *, skip_locked: bool = False) -> Run | None:
    """The run, held until the transaction's end; always before its groups, so that no two writers wait for each other.

    Not its key: new records refer to it, and FOR UPDATE against two of those at once is a deadlock.
    """
    return Run.objects.select_for_update(no_key=True, skip_locked=skip_locked).filter(pk=run_id).first()


def _holds(claim: Claim) -> bool:
    held = Group.objects.select_for_update().filter(pk=claim.group_id, state=GroupState.RUNNING, attempt=claim.attempt)
    return held.exists()


def _record(
    seen: Seen, *, case_id: int, run_id: int, group_id: int | None = None, attempt: int = 0
) -> ObservationRecord:
    return ObservationRecord(
        case_id=case_id,
        run_id=run_id,
        group_id=group_id,
        kind=seen.kind.__name__,
        vantage=seen.vantage,
        attempt=attempt,
        data=None if seen.observation is None else encode(seen.observation),
        gap=seen.gap or "",
        applies=seen.applies,
        detail=seen.detail[:500],
        elapsed_ms=seen.elapsed_ms,
        at=seen.at,
    )


def _touch(claim: Claim) -> None:
    run = Run.objects.filter(pk=claim.run_id)
    if claim.name is ProbeGroup.RECORDS:
        run.update(full_version=F("full_version") + 1)
    else:
        run.update(version=F("version") + 1, full_version=F("full_version") + 1)


_GAPS = frozenset(Gap)
_VANTAGES = frozenset(Vantage)


def _judged(evidence: Evidence, groups: Iterable[Group], tier: int) -> Diagnosis:
    """What is known now, judged; what probes are still at is pending, and what ended without an answer is a gap."""
    unfinished = _unfinished(groups)
    unseen = [probe for probe in registry.probes() if evidence.latest(probe.observes) is None]
    gaps = (
        Seen(probe.observes, Vantage.SERVER, timezone.now(), gap=_missing(probe.group, groups))
        for probe in unseen
        if probe.group not in unfinished
    )
    return diagnose(
        Evidence((*evidence, *gaps)),
        causes={tag: remedy.cause for tag, remedy in remedies().items()},
        pending=frozenset(probe.observes for probe in unseen if probe.group in unfinished),
        tier=tier,
    )


def _kept_diagnosis(run: Run) -> Diagnosis:
    try:
        return diagnosis_of(run) or Diagnosis(Verdict.INCONCLUSIVE)
    except Unreadable:
        return Diagnosis(Verdict.INCONCLUSIVE)


def _unfinished(groups: Iterable[Group]) -> set[ProbeGroup]:
    return {ProbeGroup(group.name) for group in groups if group.state not in GroupState.final()}


def _missing(name: ProbeGroup, groups: Iterable[Group]) -> Gap:
    lost = any(group.name == name and group.state == GroupState.FAILED for group in groups)
    return Gap.LOST if lost else Gap.TIMED_OUT
