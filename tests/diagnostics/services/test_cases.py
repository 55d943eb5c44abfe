import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from diagnostics.domain import ProbeGroup
from diagnostics.models import Case, CaseEventKind, CaseLink, Group, GroupState, LinkKind, Run
from diagnostics.services.cases import LINK_LIFETIME, Report, link_of, mint_link, new_token, open_case, start_run
from diagnostics.services.limits import LINK_BY_CASE, OPEN_BY_ADDRESS, RUN_BY_CASE, LimitReached

pytestmark = pytest.mark.django_db


def test_a_report_queues_one_group_of_each_kind(case: Case) -> None:
    groups = Group.objects.filter(run__case=case)
    assert {group.name for group in groups} == set(ProbeGroup)
    assert {group.state for group in groups} == {GroupState.QUEUED}


def test_the_same_form_twice_is_one_case(report: Report) -> None:
    form = replace(report, submission="a form")
    assert open_case(form).pk == open_case(form).pk
    assert Run.objects.count() == 1


def test_whoever_sends_a_form_can_open_its_case_the_second_time_too(report: Report) -> None:
    form = replace(report, submission="a form")
    tokens = [new_token(), new_token()]
    cases = [open_case(replace(form, token=token)) for token in tokens]
    for token in tokens:
        link = link_of(token)
        assert link
        assert (link.case, link.kind) == (cases[0], LinkKind.OWNER)
    assert CaseLink.objects.count() == 2


def test_a_form_opens_no_links_without_end(report: Report) -> None:
    form = replace(report, submission="a form")
    open_case(replace(form, token=new_token()))
    for _ in range(LINK_BY_CASE.count):
        open_case(replace(form, token=new_token()))
    with pytest.raises(LimitReached) as reached:
        open_case(replace(form, token=new_token()))
    assert reached.value.rule is LINK_BY_CASE
    assert CaseLink.objects.count() == LINK_BY_CASE.count + 1


def test_a_form_that_is_older_than_its_links_opens_another_case(report: Report) -> None:
    form = replace(report, submission="a form", token=new_token())
    first = open_case(form)
    Case.objects.update(created_at=timezone.now() - LINK_LIFETIME - timedelta(minutes=1))
    second = open_case(replace(form, token=new_token()))
    assert second != first
    assert CaseLink.objects.filter(case=first).count() == 1


def test_a_call_of_the_api_that_comes_again_is_the_same_case_however_late(report: Report) -> None:
    call = replace(report, submission="api 1 a key")
    first = open_case(call)
    Case.objects.update(created_at=timezone.now() - LINK_LIFETIME - timedelta(minutes=1))
    assert open_case(call) == first


def test_a_form_that_was_taken_opens_its_case_where_no_other_may_be_opened(report: Report) -> None:
    form = replace(report, submission="a form")
    case = open_case(form)
    for _ in range(OPEN_BY_ADDRESS.count - 1):
        open_case(report)
    assert open_case(form) == case
    with pytest.raises(LimitReached):
        open_case(replace(report, submission="another form"))


def test_the_same_form_with_another_address_is_another_case(report: Report) -> None:
    form = replace(report, submission="a form")
    other = replace(form, company_id="ACME-2")
    assert open_case(form).pk != open_case(other).pk


def test_no_two_cases_get_one_reference(case: Case, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    characters = iter(case.reference + "23456789")
    monkeypatch.setattr(secrets, "choice", lambda alphabet: next(characters))
    other = open_case(report)
    assert other.reference == "23456789"
    assert Case.objects.get(pk=other.pk).runs.get().groups.count() == len(ProbeGroup)
    assert [event.kind for event in other.events.all()] == [CaseEventKind.CASE_CREATED]


def test_a_refused_report_leaves_nothing_behind(report: Report) -> None:
    for _ in range(OPEN_BY_ADDRESS.count):
        open_case(report)
    before = Case.objects.count(), Run.objects.count()
    with pytest.raises(LimitReached) as caught:
        open_case(report)
    assert (Case.objects.count(), Run.objects.count()) == before
    assert 0 < caught.value.retry_after <= 3600


def test_checking_again_while_a_run_is_on_is_that_run(case: Case) -> None:
    run = case.runs.get()
    assert start_run(case) == run
    run.finished_at = timezone.now()
    run.save()
    assert start_run(case).number == 2


def test_checking_again_is_limited_for_customers_and_not_for_agents(case: Case) -> None:
    for _ in range(RUN_BY_CASE.count):
        case.runs.update(finished_at=timezone.now())
        start_run(case)
    case.runs.update(finished_at=timezone.now())
    with pytest.raises(LimitReached):
        start_run(case)
    assert start_run(case, asked_by="an agent").number == RUN_BY_CASE.count + 2


def test_a_link_is_kept_as_a_hash_and_ends(case: Case) -> None:
    token = mint_link(case)
    link = link_of(token)
    assert link is not None
    assert link.case == case
    assert not CaseLink.objects.filter(token_hash=token).exists()
    assert link_of(token + "x") is None
    CaseLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert link_of(token) is None
