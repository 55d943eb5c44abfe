"""What migration 0005 writes for cases that were there before it: what judging a run writes for new ones."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from diagnostics.domain import Gap, ProbeGroup, ProviderKind, Seen, Vantage
from diagnostics.models import Case, Group, Run
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.runs import finish_group, record
from tests.diagnostics.taking import claim_group

pytestmark = pytest.mark.django_db
migration = import_module("diagnostics.migrations.0005_case_columns")
COLUMNS = ("state", "verdict", "cause", "gateway", "provider")


def saw(observation: object) -> Seen:
    return Seen(type(observation), Vantage.SERVER, timezone.now(), observation)


MAIL = {
    "a gateway, and who is behind it": [saw(MailSystem("mimecast")), saw(MailboxBehind("microsoft-365"))],
    "a gateway that hides the rest": [saw(MailSystem("mimecast")), saw(MailboxBehind())],
    "a mailbox provider by MX": [saw(MailSystem("", "google-workspace", ProviderKind.MAILBOX))],
    "another one by all signs": [saw(MailSystem("", "strato")), saw(MailboxBehind("microsoft-365"))],
    "a forwarder": [saw(MailSystem("", "improvmx", ProviderKind.FORWARDER)), saw(MailboxBehind())],
    "one that is known no more": [saw(MailSystem("", "provider-of-old"))],
    "nobody that we know": [saw(MailSystem())],
    "no answer": [Seen(MailSystem, Vantage.SERVER, timezone.now(), gap=Gap.TIMED_OUT)],
    "nothing": [],
}


def work(case: Case, seen: list[Seen], groups: tuple[ProbeGroup, ...] = tuple(ProbeGroup)) -> None:
    run = case.runs.order_by("-number")[0]
    for group in Group.objects.filter(run=run, name__in=groups):
        claim = claim_group(group.pk)
        assert claim
        assert record(claim, seen if group.name == ProbeGroup.DNS else [])
        finish_group(claim)


def told() -> dict[int, tuple[Any, ...]]:
    return {pk: tuple(said) for pk, *said in Case.objects.values_list("pk", *COLUMNS)}


def fill() -> None:
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)


@pytest.fixture
def forget(report: Report) -> Callable[[], dict[int, tuple[Any, ...]]]:
    """Makes the columns what they are right after they were added; returns what they were."""

    def forget() -> dict[int, tuple[Any, ...]]:
        known = told()
        Case.objects.update(state="checking", verdict="", cause="", gateway="", provider="")
        return known

    return forget


@pytest.mark.parametrize("seen", MAIL.values(), ids=MAIL)
def test_mail_systems_are_those_that_judging_finds(case: Case, forget, seen: list[Seen]) -> None:
    work(case, seen)
    known = forget()
    assert known[case.pk][0] == "open"
    fill()
    assert told() == known


def test_the_newest_run_counts(case: Case, forget) -> None:
    work(case, MAIL["a mailbox provider by MX"])
    start_run(case, asked_by="agent-one")
    work(case, MAIL["a gateway, and who is behind it"])
    known = forget()
    assert known[case.pk][3:] == ("mimecast", "microsoft-365")
    fill()
    assert told() == known


def test_a_case_whose_newest_run_is_under_way_is_being_checked(case: Case, forget) -> None:
    work(case, MAIL["a mailbox provider by MX"])
    start_run(case, asked_by="agent-one")
    work(case, MAIL["nobody that we know"], (ProbeGroup.DNS,))
    known = forget()
    assert known[case.pk][0] == "checking"
    fill()
    assert told() == known


def test_batches_leave_nobody_out(db, report: Report, forget, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        work(open_case(report), MAIL["a mailbox provider by MX"])
    Case.objects.filter(pk=Case.objects.order_by("pk")[1].pk).delete()
    known = forget()
    monkeypatch.setattr(migration, "BATCH", 1)
    fill()
    assert told() == known


def test_without_cases_there_is_nothing_to_do(db) -> None:
    fill()
    assert told() == {}


def test_a_run_that_was_never_judged_says_nothing(case: Case) -> None:
    assert Run.objects.get().verdict == ""
    fill()
    assert told() == {case.pk: ("checking", "", "", "", "")}
