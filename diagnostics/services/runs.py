"""A run's groups: claimed by lease, written with a fencing number, finished, judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from diagnostics import registry
from diagnostics.codec import Json, Unreadable, as_json, decode, encode
from diagnostics.domain import Address, Answer, Diagnosis, Evidence, Gap, ProbeGroup, Seen, Target, Vantage, Verdict
from diagnostics.log_context import said_about
from diagnostics.models import Group, GroupState, ObservationRecord, Run, TestMessage
from diagnostics.probes.domain_proof import DomainProof
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.remedies import causes
from diagnostics.services import run_rows
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
"""Of one look. A group's `attempt` only grows, as it is what tells late answers from new ones: it counts the attempts
of all looks, and each look begins after a multiple of this.
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write a group's answers, valid while nobody else has claimed it since (`attempt`)."""

    group_id: int
    run_id: int
    case_id: int
    name: ProbeGroup
    attempt: int
    target: Target
    reference: str
    """The case's, for the log."""


@dataclass(frozen=True, slots=True)
class Part:
    """What probes of a claimed group saw, and whether it has ended with that."""

    claim: Claim
    seen: Sequence[Seen] = ()
    ended: bool = True


def take_groups(group_ids: Sequence[int], now: datetime, *, in_a_hurry: bool = False) -> list[run_rows.ClaimedRow]:
    """Take queued groups of any runs for this worker; those that are taken, done or gone are not among them: a second
    delivery ends here. `claim_of` makes claims of them.

    `now` is kept by whoever asks again because the database went away: what it took before that is taken still. Raises
    NotTogether where that is `in_a_hurry`.
    """
    return run_rows.claim(group_ids, lease=LEASE, now=now, in_a_hurry=in_a_hurry)


def claim_of(row: run_rows.ClaimedRow) -> Claim:
    """Raises BadContent or ValueError for what this portal does not know (any more): another version's vendor, say."""
    return Claim(
        *(row.group_id, row.run_id, row.case_id, ProbeGroup(row.name), row.attempt),
        *(_target(row.address, row.vendor, row.company_id), row.reference),
    )


def record(claim: Claim, seen: Sequence[Seen]) -> bool:
    """Save what probes of the claimed group saw; False where the claim was lost meanwhile and nothing was written."""
    return bool(save([Part(claim, seen, ended=False)]))


def finish_group(claim: Claim, seen: Sequence[Seen] = ()) -> None:
    """Save what was seen last, mark the group done and judge the run anew; a lost claim changes nothing."""
    save([Part(claim, seen)])


def save(parts: Sequence[Part], *, in_a_hurry: bool = False) -> frozenset[int]:
    """Save what was seen in groups of any runs, mark those done that have ended, and judge anew the runs of these.

    All or nothing. Returns the ids of the groups that were still ours: a lost claim changes nothing. Raises
    NotTogether where that is `in_a_hurry`.
    """
    by_run: dict[int, list[Part]] = {}
    for part in parts:
        by_run.setdefault(part.claim.run_id, []).append(part)
    rows = orjson.dumps([_row_of(part.claim, one) for part in parts for one in part.seen])
    held = [
        run_rows.Held(part.claim.group_id, part.claim.attempt, part.ended, part.claim.run_id, part.claim.case_id)
        for part in parts
    ]
    ended = {part.claim.run_id for part in parts if part.ended}
    with run_rows.hurried() if in_a_hurry else nullcontext(), transaction.atomic():
        saved = run_rows.save_groups(held, rows, to_be_judged=ended, in_a_hurry=in_a_hurry)
        touched = {one.run.pk: _is_public(one.names) for one in saved if one.before is None}
        if touched:
            run_rows.touch(touched, public=[run_id for run_id, public in touched.items() if public])
        judged = [_judged_anew(one.run, one.names, one.before, by_run[one.run.pk]) for one in saved if one.before]
        if kept := [one for one in judged if one]:
            run_rows.save_diagnoses(kept)
    return frozenset(
        part.claim.group_id for one in saved for part in by_run[one.run.pk] if part.claim.name in one.names
    )


def _judged_anew(
    run: Run, names: frozenset[ProbeGroup], before: run_rows.Known, parts: Iterable[Part]
) -> run_rows.Judged | None:
    """None where the diagnosis stays as it was made of what is gone."""
    if run.data_deleted_at:
        return None
    mine = [part for part in parts if part.claim.name in names]
    evidence = _evidence(before, just_saved=[one for part in mine for one in part.seen])
    with said_about(case=mine[0].claim.reference, run=run.pk):
        if ProbeGroup.DNS in names and (proof := evidence.get(DomainProof)) and proof.tokens:
            accept_proof(run)
        _, judged = _judged(run, evidence, before.groups, public=_is_public(names))
    return judged


def _is_public(names: frozenset[ProbeGroup]) -> bool:
    return names != {ProbeGroup.RECORDS}


def requeue_expired() -> int:
    """Give groups whose worker was lost another try, up to three; then they end as "could not check". How many.

    What somebody is writing at this moment is left for the next time: a worker frozen in the middle of a transaction
    must not hold up the rest.
    """
    expired = Group.objects.filter(state=GroupState.RUNNING, lease_until__lt=Now())
    count = 0
    for group_id, run_id in expired.values_list("pk", "run_id"):
        with transaction.atomic():
            run = run_rows.locked_run(run_id, skip_locked=True)
            group = expired.filter(pk=group_id).select_for_update(skip_locked=True).first()
            if run is None or group is None:
                continue
            count += 1
            group.lease_until = None
            if group.attempt % MAX_ATTEMPTS:
                group.state, group.dispatched_at = GroupState.QUEUED, None
                announce_work()
            else:
                group.state, group.finished_at = GroupState.FAILED, timezone.now()
            group.save(update_fields=("state", "lease_until", "dispatched_at", "finished_at"))
            if group.state == GroupState.FAILED:
                judge(run, public=group.name != ProbeGroup.RECORDS)
    return count


def look_again(run: Run, name: ProbeGroup, *, older_than: timedelta) -> bool:
    """Queue a group of the run once more if it ended that long ago, with as many attempts as at first; what its probes
    see then takes the place of what they saw. Whether it was queued.
    """
    if run.data_deleted_at:
        return False
    ended = run.groups.filter(name=name, state__in=GroupState.final(), finished_at__lt=timezone.now() - older_than)
    rounded_up = (F("attempt") + MAX_ATTEMPTS - 1) / MAX_ATTEMPTS * MAX_ATTEMPTS
    queued = bool(ended.update(state=GroupState.QUEUED, dispatched_at=None, attempt=rounded_up))
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
    known = run_rows.known(run)
    full, judged = _judged(run, _evidence(known), known.groups, public=public)
    run_rows.save_diagnoses([judged])
    return full


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
    if not run.full_diagnosis:
        return evidence, None
    whole, pending = _with_gaps(evidence, run_rows.group_states(run.pk))
    return evidence, diagnose(whole, causes=causes(), pending=pending, tier=tier)


def evidence_of(run: Run, tier: int = AGENTS) -> Evidence:
    """What this run's probes saw and what was reported to it, oldest first, as far as the tier may see it.

    And what was known of our own side by the run's end, which is the same for every case.
    """
    return _evidence(run_rows.known(run), tier)


def seen_of(record: ObservationRecord) -> Seen:
    """The stored record as evidence; one that cannot be read any more is a gap, not a failure."""
    return _seen(record, record.data)


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
        ObservationRecord.objects.create(case_id=run.case_id, run=run, message=message, **_row(seen))
        judge(run, public=registry.tier_of(kind) == 0)


def _judged(
    run: Run, evidence: Evidence, groups: Mapping[ProbeGroup, GroupState], *, public: bool
) -> tuple[Diagnosis, run_rows.Judged]:
    """The full diagnosis, and what is to be saved; the run's verdict, cause and end are set."""
    whole, pending = _with_gaps(evidence, groups)
    said: dict[str, Answer] = {}
    full = diagnose(whole, causes=causes(), pending=pending, tier=AGENTS, public_answers=said)
    run.verdict = full.verdict
    run.cause = full.causes[0].cause if full.causes else ""
    ends, shown = False, None
    if public:
        shown = as_json(diagnose(whole, causes=causes(), pending=pending, tier=0, public_answers=said))
        ends = run.finished_at is None and not _unfinished(groups) - {ProbeGroup.RECORDS}
        if ends:
            run.finished_at = timezone.now()
    system = evidence.get(MailSystem)
    gateway = system.gateway if system else ""
    provider = mailbox_of(system, evidence.get(MailboxBehind))
    return full, run_rows.Judged(run, as_json(full), shown, gateway, provider, ends)


def _evidence(known: run_rows.Known, tier: int = AGENTS, just_saved: Iterable[Seen] = ()) -> Evidence:
    ours = (known.health,) if known.health else ()
    seen = [*map(_read, known.seen), *just_saved]
    seen.sort(key=lambda one: one.at)
    return Evidence(one for one in (*ours, *seen) if registry.tier_of(one.kind) <= tier)


def _read(row: run_rows.ObservationRow) -> Seen:
    return _seen(row, row.data)


def _seen(row: ObservationRecord | run_rows.ObservationRow, data: Json | None) -> Seen:
    kind = registry.observation_type(row.kind)
    observation: object | None = None
    gap = (Gap(row.gap) if row.gap in _GAPS else Gap.OUTDATED) if row.gap else None
    if kind is None:
        gap = Gap.OUTDATED
    elif data is not None:
        try:
            observation = decode(kind, data)
        except Unreadable:
            gap = Gap.OUTDATED
    return Seen(
        kind=kind or object,
        vantage=Vantage(row.vantage) if row.vantage in _VANTAGES else Vantage.SERVER,
        at=row.at,
        observation=observation,
        gap=gap,
        applies=row.applies,
        elapsed_ms=row.elapsed_ms,
        detail=row.detail,
    )


def _row(seen: Seen) -> dict[str, Any]:
    return {**_columns(seen), "data": None if seen.observation is None else encode(seen.observation)}


def _columns(seen: Seen) -> dict[str, Any]:
    """All but the observation itself."""
    return {
        "kind": seen.kind.__name__,
        "vantage": seen.vantage,
        "gap": seen.gap or "",
        "applies": seen.applies,
        "detail": seen.detail[:500],
        "elapsed_ms": seen.elapsed_ms,
        "at": seen.at,
    }


def _row_of(claim: Claim, seen: Seen) -> dict[str, Any]:
    data = None if seen.observation is None else orjson.Fragment(as_json(seen.observation))
    return {**_columns(seen), "data": data, "group_id": claim.group_id}


def _target(address: str, vendor_slug: str, company_id: str) -> Target:
    local_part, _, domain = address.rpartition("@")
    return Target(Address(local_part, domain), vendor(vendor_slug), company_id)


_GAPS = frozenset(Gap)
_VANTAGES = frozenset(Vantage)


def _with_gaps(evidence: Evidence, groups: Mapping[ProbeGroup, GroupState]) -> tuple[Evidence, frozenset[type[object]]]:
    """What is known now: what ended without an answer is a gap, and what probes are still at is pending."""
    unfinished = _unfinished(groups)
    unseen = [probe for probe in registry.probes() if evidence.latest(probe.observes) is None]
    gaps = (
        Seen(probe.observes, Vantage.SERVER, timezone.now(), gap=_missing(probe.group, groups))
        for probe in unseen
        if probe.group not in unfinished
    )
    pending = frozenset(probe.observes for probe in unseen if probe.group in unfinished)
    return Evidence((*evidence, *gaps)), pending


def _kept_diagnosis(run: Run) -> Diagnosis:
    try:
        return diagnosis_of(run) or Diagnosis(Verdict.INCONCLUSIVE)
    except Unreadable:
        return Diagnosis(Verdict.INCONCLUSIVE)


def _unfinished(groups: Mapping[ProbeGroup, GroupState]) -> set[ProbeGroup]:
    return {name for name, state in groups.items() if state not in GroupState.final()}


def _missing(name: ProbeGroup, groups: Mapping[ProbeGroup, GroupState]) -> Gap:
    return Gap.LOST if groups.get(name) == GroupState.FAILED else Gap.TIMED_OUT
