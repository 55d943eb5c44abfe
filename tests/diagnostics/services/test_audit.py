"""The audit trail can only grow, says where it was tampered with, and one chain holds all writers together."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from diagnostics import tasks
from diagnostics.models import AuditEntry, Case
from diagnostics.services import audit_chain
from diagnostics.services.audit import BEGINNING, Action, Actor, digest_of, write
from diagnostics.services.audit_chain import Break, Head, Problem, verify
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.runs import finish_group
from tests.diagnostics.taking import claim_group

ANNA = Actor("agent", "agent-one", "192.0.2.9")
WRITERS, EACH = 6, 8


@pytest.fixture
def five(db: None) -> list[AuditEntry]:
    return [write(ANNA, Action.CASE_READ, reference=f"ABCD234{number}", run=number) for number in range(2, 7)]


@contextmanager
def as_an_intruder() -> Iterator[None]:
    """With the rights of the table's owner, and the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE diagnostics_auditentry DISABLE TRIGGER USER")
        yield
        cursor.execute("ALTER TABLE diagnostics_auditentry ENABLE TRIGGER USER")


def breaks() -> list[Break]:
    return list(verify().breaks)


def test_an_untouched_chain_is_unbroken(five: list[AuditEntry]) -> None:
    found = verify()
    assert (found.entries, found.broken, found.head) == (5, 0, Head(five[-1].pk, five[-1].digest))
    assert five[0].previous == BEGINNING
    assert "192.0.2.9" not in five[0].source


def test_an_empty_one_is_unbroken_as_well(db: None) -> None:
    assert verify() == audit_chain.Verification(0, 0, (), None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE diagnostics_auditentry SET actor = 'nobody'",
        "DELETE FROM diagnostics_auditentry",
        "DELETE FROM diagnostics_auditentry WHERE id = (SELECT min(id) FROM diagnostics_auditentry)",
        "SELECT diagnostics_audit_forget((SELECT max(id) FROM diagnostics_auditentry))",
        "TRUNCATE diagnostics_auditentry",
        "TRUNCATE diagnostics_auditentry, diagnostics_case CASCADE",
    ],
)
def test_the_database_refuses_what_is_not_an_insert(five: list[AuditEntry], statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert verify().entries == 5


def test_an_entry_as_an_object_is_refused_too(five: list[AuditEntry]) -> None:
    five[2].actor = "nobody"
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        five[2].save()
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        five[2].delete()


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "nobody"},
        {"actor_kind": "system"},
        {"action": Action.RUN_STARTED},
        {"reference": "ZZZZZZZZ"},
        {"source": ""},
        {"detail": {"run": 7}},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_is_named(five: list[AuditEntry], change: dict[str, object]) -> None:
    with as_an_intruder():
        AuditEntry.objects.filter(pk=five[2].pk).update(**change)
    assert breaks() == [Break(five[2].pk, Problem.CHANGED)]


def test_a_missing_one_is_named_by_the_next(five: list[AuditEntry]) -> None:
    with as_an_intruder():
        five[2].delete()
    assert breaks() == [Break(five[3].pk, Problem.MISSING)]


def test_a_missing_beginning(five: list[AuditEntry]) -> None:
    with as_an_intruder():
        five[0].delete()
    assert breaks() == [Break(five[1].pk, Problem.BEGINNING)]


def test_a_missing_end_is_seen_by_who_kept_the_head(five: list[AuditEntry]) -> None:
    head = verify().head
    with as_an_intruder():
        AuditEntry.objects.filter(pk=five[4].pk).delete()
    assert verify().unbroken
    assert list(verify(head=head).breaks) == [Break(five[4].pk, Problem.HEAD)]


def test_one_put_in_between_is_seen(five: list[AuditEntry]) -> None:
    with as_an_intruder():
        forged = AuditEntry(pk=five[2].pk, actor_kind="agent", actor="agent-two", action=Action.CASE_READ)
        AuditEntry.objects.filter(pk=five[4].pk).delete()
        AuditEntry.objects.filter(pk=five[3].pk).update(id=five[4].pk)
        forged.pk, forged.previous = five[3].pk, five[2].digest
        forged.digest = digest_of(forged)
        forged.save(force_insert=True)
    assert breaks() == [Break(five[4].pk, Problem.INSERTED)]


def test_two_that_changed_places_are_seen(five: list[AuditEntry]) -> None:
    with as_an_intruder():
        for old, new in ((five[1].pk, 0), (five[2].pk, five[1].pk), (0, five[2].pk)):
            AuditEntry.objects.filter(pk=old).update(id=new)
    problems = {one.problem for one in breaks()}
    assert Problem.ORDER in problems


def test_since_a_day_the_rest_is_walked(db: None) -> None:
    for day in (1, 2, 3):
        with time_machine.travel(datetime(2026, 3, day, 12, tzinfo=UTC), tick=False):
            write(ANNA, Action.CASE_READ)
    assert verify(since=datetime(2026, 3, 2, tzinfo=UTC)).entries == 2
    assert verify(since=datetime(2026, 3, 2, tzinfo=UTC)).unbroken
    assert verify(since=datetime(2026, 4, 1, tzinfo=UTC)).entries == 0
    with as_an_intruder():
        AuditEntry.objects.filter(at__day=1).update(actor="nobody")
    assert verify(since=datetime(2026, 3, 2, tzinfo=UTC)).unbroken
    assert not verify().unbroken


def test_more_than_one_batch(five: list[AuditEntry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "BATCH", 2)
    assert verify().entries == 5
    assert verify().unbroken


# --- the command and the job ---


def test_the_command_says_where_the_head_is(five: list[AuditEntry]) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "5 entries" in out.getvalue()
    assert f"head {five[-1].pk}:{five[-1].digest}" in out.getvalue()
    assert "unbroken" in out.getvalue()
    call_command("verify_audit", head=f"{five[-1].pk}:{five[-1].digest}", stdout=out)


def test_the_command_fails_with_1_where_it_is_broken(five: list[AuditEntry]) -> None:
    with as_an_intruder():
        AuditEntry.objects.filter(pk=five[1].pk).update(actor="nobody")
    with pytest.raises(CommandError, match=f"entry {five[1].pk}: this entry was changed") as failed:
        call_command("verify_audit", stdout=StringIO())
    assert failed.value.returncode == 1


@pytest.mark.parametrize("options", [{"since": "yesterday"}, {"since": "2026-02-30"}, {"head": "12"}, {"head": "x:y"}])
def test_the_command_refuses_nonsense(db: None, options: dict[str, str]) -> None:
    with pytest.raises(CommandError) as failed:
        call_command("verify_audit", stdout=StringIO(), **options)
    assert failed.value.returncode == 64


def test_the_daily_job_is_loud(five: list[AuditEntry], caplog: pytest.LogCaptureFixture) -> None:
    with as_an_intruder():
        AuditEntry.objects.filter(pk=five[1].pk).update(actor="nobody@example.org")
    with caplog.at_level(logging.INFO, "diagnostics"):
        tasks.verify_audit()
    (said,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "THE AUDIT TRAIL IS BROKEN at 1 places" in said.getMessage()
    assert "nobody@" not in caplog.text
    last = audit_chain.last_verification()
    assert last
    assert last.detail == {"entries": 5, "broken": 1, "first": five[1].pk, "problem": "changed"}


def test_the_daily_job_keeps_the_head_in_the_log(five: list[AuditEntry], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "diagnostics"):
        tasks.verify_audit()
    assert f"head {five[-1].pk}:{five[-1].digest}" in caplog.text
    assert verify().unbroken


# --- the purge of the oldest ---


@pytest.fixture
def old_and_new(db: None) -> list[AuditEntry]:
    """Seven of three years ago, three of today."""
    with time_machine.travel(datetime.now(UTC) - timedelta(days=3 * 365), tick=False):
        old = [write(ANNA, Action.CASE_READ, run=number) for number in range(7)]
    return old + [write(ANNA, Action.CASE_READ) for _ in range(3)]


def test_the_rest_verifies_after_the_oldest_were_removed(
    old_and_new: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "FORGOTTEN_AT_ONCE", 3)
    assert audit_chain.forget_old(timedelta(days=730)) == 7
    assert verify().unbroken
    left = list(AuditEntry.objects.order_by("pk"))
    assert [one.pk for one in left[:3]] == [one.pk for one in old_and_new[7:]]
    assert left[-1].action == Action.PURGED
    assert left[-1].detail == {
        "what": "audit", "rows": 1, "through": old_and_new[6].pk, "digest": old_and_new[6].digest
    }  # fmt: skip
    assert audit_chain.forget_old(timedelta(days=730)) == 0
    with as_an_intruder():
        left[0].delete()
    assert breaks() == [Break(left[1].pk, Problem.BEGINNING)]


def test_less_than_a_year_is_never_forgotten(five: list[AuditEntry]) -> None:
    with pytest.raises(ValueError, match="a year at least"):
        audit_chain.forget_old(timedelta(days=364))


def test_the_database_lets_nobody_remove_what_is_young_with_an_anchor(five: list[AuditEntry]) -> None:
    write(Actor("system", "retention"), Action.PURGED, digest=five[1].digest)
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT diagnostics_audit_forget(%s)", [five[1].pk])


def test_nor_what_is_old_without_one(old_and_new: list[AuditEntry]) -> None:
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT diagnostics_audit_forget(%s)", [old_and_new[1].pk])


def test_nor_from_the_middle(old_and_new: list[AuditEntry]) -> None:
    write(Actor("system", "retention"), Action.PURGED, digest=old_and_new[4].digest)
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM diagnostics_auditentry WHERE id = %s", [old_and_new[4].pk])


def test_a_role_that_may_only_insert_can_purge(old_and_new: list[AuditEntry]) -> None:
    """The role that `docs/privacy.md` recommends."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE audit_test_role")
        cursor.execute("GRANT SELECT, INSERT ON diagnostics_auditentry TO audit_test_role")
        cursor.execute("GRANT USAGE ON SEQUENCE diagnostics_auditentry_id_seq TO audit_test_role")
        cursor.execute("GRANT EXECUTE ON FUNCTION diagnostics_audit_forget(bigint) TO audit_test_role")
        cursor.execute("SET LOCAL ROLE audit_test_role")
        for verb in ("DELETE FROM", "UPDATE", "TRUNCATE"):
            rest = " SET actor = ''" if verb == "UPDATE" else ""
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(f"{verb} diagnostics_auditentry{rest}")
        with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic():
            cursor.execute("ALTER TABLE diagnostics_auditentry DISABLE TRIGGER USER")
        assert audit_chain.forget_old(timedelta(days=730)) == 7
        cursor.execute("RESET ROLE")
    assert verify().unbroken


# --- many writers ---


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_keep_one_chain() -> None:
    def work(number: int) -> None:
        try:
            for _ in range(EACH):
                write(Actor("agent", f"agent-{number}"), Action.CASE_READ)
                with transaction.atomic():
                    write(ANNA, Action.NOTE_WRITTEN)
                    write(ANNA, Action.CASE_EXPORTED)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(work, range(WRITERS)))
    found = verify()
    assert (found.entries, found.broken) == (WRITERS * EACH * 3, 0)


@pytest.mark.django_db(transaction=True)
def test_writers_and_runs_never_wait_for_each_other(report: Report) -> None:
    """Rows first, the chain last: agents who start runs and are audited, beside workers who end them."""
    case = open_case(report)

    def agent(_: int) -> None:
        try:
            with transaction.atomic():
                run = start_run(Case.objects.get(pk=case.pk), asked_by="agent-one")
                write(ANNA, Action.RUN_STARTED, reference=case.reference, run=run.number)
        finally:
            connection.close()

    def worker(_: int) -> None:
        try:
            for run in case.runs.all():
                for group in run.groups.all():
                    if claim := claim_group(group.pk):
                        finish_group(claim)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(agent if number % 2 else worker, number) for number in range(4 * WRITERS)]
        for job in jobs:
            job.result()
    worker(0)
    assert verify().unbroken
    assert not case.runs.filter(finished_at=None).exists()
    assert AuditEntry.objects.filter(action=Action.RUN_STARTED).count() == 2 * WRITERS


def test_what_was_rolled_back_leaves_no_trace(five: list[AuditEntry]) -> None:
    with transaction.atomic():
        write(ANNA, Action.NOTE_WRITTEN)
        transaction.set_rollback(True)
    write(ANNA, Action.CASE_READ)
    assert verify().entries == 6
    assert verify().unbroken
