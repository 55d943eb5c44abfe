"""What is too old goes by itself, whoever is at work meanwhile; what stays names nobody."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from diagnostics import models, tasks
from diagnostics.domain import SendOutcome, Transmission
from diagnostics.models import AuditEntry, Case, CaseState, Group, GroupState, MessageState, Note, Resolution, Run
from diagnostics.services import audit, audit_chain, data_classes, retention, suppressions
from diagnostics.services.cases import DetailsDeleted, Report, open_case, start_run
from diagnostics.services.data_classes import KEPT, words_of
from diagnostics.services.messages import WrongCode, finish_message, type_code
from diagnostics.services.runs import diagnosis_of, finish_group, judge
from tests.diagnostics.services.evidence import (
    ANNA,
    COMPANY,
    NETWORK,
    SPELLED,
    found_in_the_database,
    person_in_everything,
    work_off,
)
from tests.diagnostics.taking import claim_group

ROOT = Path(__file__).resolve().parents[3]
LONG_AGO = timedelta(days=91)
LAST_MONTH = timedelta(days=31)


def ago(period: timedelta) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) - period)


# --- the table of data classes ---


def test_every_table_has_a_rule() -> None:
    assert [kept.model for kept in KEPT if KEPT.count(kept) > 1] == []
    assert {kept.model for kept in KEPT} == set(apps.get_app_config("diagnostics").get_models())


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
def test_every_column_that_can_hold_words_has_a_rule(kept: data_classes.Kept) -> None:
    assert set(kept.columns) == set(words_of(kept.model))


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
@pytest.mark.django_db
def test_the_ways_to_the_case_and_the_times_are_there(kept: data_classes.Kept) -> None:
    rows = kept.model._default_manager
    if kept.case:
        assert not rows.filter(**{f"{kept.case}__in": []})
    assert bool(kept.by) == bool(kept.until)
    if kept.by:
        assert kept.model._meta.get_field(kept.by).get_internal_type() == "DateTimeField"


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
def test_every_table_that_leads_to_a_case_says_so(kept: data_classes.Kept) -> None:
    points = [one.name for one in kept.model._meta.concrete_fields if one.related_model is Case]
    assert not points or kept.case


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
def test_every_table_is_in_the_privacy_document(kept: data_classes.Kept) -> None:
    assert f"`{kept.name}`" in (ROOT / "docs" / "privacy.md").read_text()


# --- details of cases, after 90 days ---


@pytest.mark.django_db
def test_after_90_days_nothing_says_whose_case_it_was() -> None:
    with ago(LONG_AGO):
        case = person_in_everything()
        judged = diagnosis_of(case.runs.get())
        Resolution.objects.create(case=case, by="agent-one", true_cause="account.not-administrator")
    assert judged
    models.DirectoryEntry.objects.all().delete()
    assert len(found_in_the_database(ANNA, SPELLED)) > 5
    assert tasks.purge.run() is None
    assert found_in_the_database(ANNA, SPELLED, COMPANY, NETWORK, "mailbox full", "Model 7") == []
    kept = Case.objects.get(pk=case.pk)
    assert (kept.reference, kept.domain, kept.article) == (case.reference, "example.org", "timeclock")
    assert (kept.verdict, kept.cause, kept.state) == (judged.verdict, judged.causes[0].cause, CaseState.OPEN)
    assert (kept.address, kept.company_id, kept.ticket, kept.submission) == ("", "", "", None)
    assert kept.details_deleted_at
    after = diagnosis_of(kept.runs.get())
    assert after
    assert [one.cause for one in after.causes] == [one.cause for one in judged.causes]
    assert all(not one.facts for one in after.causes)
    assert Resolution.objects.get().true_cause == "account.not-administrator"
    assert Note.objects.get().author == "agent-one"


@pytest.mark.django_db
def test_after_89_days_all_is_there() -> None:
    with ago(timedelta(days=89)):
        case = person_in_everything()
    retention.purge()
    kept = Case.objects.get(pk=case.pk)
    assert (kept.address, kept.details_deleted_at) == (SPELLED.replace("Example", "example"), None)
    assert kept.test_messages.get().address


@pytest.mark.django_db
def test_the_purge_twice_is_as_good_and_is_written_down() -> None:
    with ago(LONG_AGO):
        person_in_everything()
    first = retention.purge()
    assert first.rows["details"] == 2
    entries = AuditEntry.objects.filter(action=audit.Action.PURGED)
    assert {entry.detail["what"] for entry in entries} == set(first.rows)
    assert retention.purge().rows == {}
    assert audit_chain.verify().unbroken


@pytest.mark.django_db
def test_in_batches(monkeypatch: pytest.MonkeyPatch, report: Report) -> None:
    monkeypatch.setattr(retention, "CASES_AT_ONCE", 2)
    with ago(LONG_AGO):
        for _ in range(5):
            work_off(open_case(report))
    assert retention.purge().rows["details"] == 5


@pytest.mark.django_db
def test_nothing_can_be_tried_for_such_a_case_any_more(report: Report) -> None:
    with ago(LONG_AGO):
        case = person_in_everything()
    retention.purge()
    with pytest.raises(DetailsDeleted):
        start_run(case, asked_by="agent-one")
    message = case.test_messages.get()
    finish_message(message.pk, Transmission(SendOutcome.ACCEPTED, "direct"))
    with pytest.raises(WrongCode):
        type_code(message, "")
    assert not case.records.exists()


@pytest.mark.django_db
def test_what_never_ended_ends_with_it(report: Report) -> None:
    with ago(LONG_AGO):
        case = open_case(report)
        claim = claim_group(case.runs.get().groups.get(name="dns").pk)
    assert claim
    retention.purge()
    assert set(Group.objects.values_list("state", flat=True)) == {GroupState.FAILED}
    case.refresh_from_db()
    assert (case.state, case.address) == (CaseState.OPEN, "")
    finish_group(claim)
    assert Group.objects.filter(state=GroupState.DONE).count() == 0


@pytest.mark.django_db
def test_a_run_that_is_under_way_is_left_for_the_next_time(report: Report) -> None:
    with ago(LONG_AGO):
        case = open_case(report)
        work_off(case)
    start_run(case, asked_by="agent-one")
    assert "details" not in retention.purge().rows
    work_off(case)
    assert retention.purge().rows["details"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_holds_is_left_for_the_next_time(report: Report) -> None:
    with ago(LONG_AGO):
        held, free = open_case(report), open_case(report)
        work_off(held)
        work_off(free)
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Run.objects.select_for_update(no_key=True).get(case=held)
            holding.set()
            assert let_go.wait(30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(30)
    try:
        assert retention.purge().rows["details"] == 1
    finally:
        let_go.set()
        holder.join()
    assert not Case.objects.get(pk=free.pk).address
    assert Case.objects.get(pk=held.pk).address
    assert retention.purge().rows["details"] == 1


@pytest.mark.django_db
def test_a_test_message_on_its_way_is_not_sent_any_more() -> None:
    with ago(LONG_AGO):
        case = person_in_everything()
        case.test_messages.update(state=MessageState.DEFERRED, next_try_at=timezone.now() + timedelta(days=200))
    retention.purge()
    message = case.test_messages.get()
    assert (message.next_try_at, message.address, message.code) == (None, "", "")
    assert suppressions.waiting() == []
    assert case.suppression_releases.get().outcome == "silent"


# --- raw data of the server's probes, after 30 days ---


@pytest.mark.django_db
def test_after_30_days_the_diagnosis_stays_without_the_probes_answers() -> None:
    with ago(LAST_MONTH):
        case = person_in_everything()
    run = case.runs.get()
    before = diagnosis_of(run)
    assert retention.purge().rows["probe data"] == 2
    run.refresh_from_db()
    assert run.data_deleted_at
    assert not run.records.filter(group__isnull=False).exists()
    assert run.records.filter(kind="ScriptLook").exists()
    assert diagnosis_of(run) == before
    with transaction.atomic():
        judge(run)
    assert diagnosis_of(run) == before
    assert Case.objects.get(pk=case.pk).address
    assert "probe data" not in retention.purge().rows


@pytest.mark.django_db
def test_the_settings_count(settings) -> None:
    settings.CASE_DETAIL_DAYS = settings.PROBE_DATA_DAYS = 7
    with ago(timedelta(days=8)):
        person_in_everything()
    assert retention.purge().rows["details"] == 2


def test_the_defaults_are_those_of_the_document() -> None:
    assert (settings.CASE_DETAIL_DAYS, settings.PROBE_DATA_DAYS, settings.AUDIT_DAYS) == (90, 30, 730)
