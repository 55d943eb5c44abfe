import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from diagnostics.models import Case, ObservationRecord, Purpose, Run
from diagnostics.probes.test_message import Whereabouts
from diagnostics.services.cases import start_run
from diagnostics.services.messages import answer_whereabouts


def url(case: Case) -> str:
    return f"/console/cases/{case.reference}/"


def test_the_whole_history_is_told(console: Client, worked: Case) -> None:
    page = console.get(url(worked)).content.decode()
    for expected in (
        "Run 1",
        "Run 2",
        "asked for by customer",
        "asked for by agent-one",
        "mailbox.full",
        "MxRecords",
        "Hand-over of the test message",
        "Which hosts take the domain&#x27;s mail?",
        "mx2.example.org",
        "35 ms",
        "clocks.example.org",
        "refused",
        "No answer came within the time limit.",
        "Test message: Primary",
        "5.2.2",
        "nowhere",
        "said by the customer",
        "Case opened",
    ):
        assert expected in page, expected


@pytest.mark.parametrize("page", ["", "print/"])
def test_the_result_stands_at_the_top(console: Client, worked: Case, page: str) -> None:
    worked.refresh_from_db()
    shown = console.get(url(worked) + page).content.decode()
    head = shown[: shown.index("<h2")]
    assert "<dt>Result</dt>" in head
    assert "Cause found" in head
    assert f"<code>{worked.cause}</code>" in head
    assert "…" not in head[head.index("<dt>Result") : head.index("<dt>Address")], "the sentence is filled in"


def test_the_result_is_told_without_its_run_on_the_page(console: Client, worked: Case) -> None:
    """The newest run may stand on another page of the history."""
    shown = console.get(url(worked), {"kind": "mail"}).content.decode()
    assert "Cause found" in shown[shown.index("<dt>Result") : shown.index("<dt>Address")]


def test_the_story_runs_from_now_to_the_beginning(console: Client, worked: Case) -> None:
    stories = console.get(url(worked)).context["timeline"].stories
    told = [type(story).__name__ for story in stories if type(story).__name__ != "EventStory"]
    assert told == ["ReportStory", "ReportStory", "MessageStory", "RunStory", "RunStory", "OpenedStory"]
    assert [story.at for story in stories] == sorted((story.at for story in stories), reverse=True)


def test_nothing_that_a_server_said_can_act_on_the_page(console: Client, worked: Case) -> None:
    page = console.get(url(worked)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert "no\\u202ebanner" in page


def test_a_record_of_another_version_is_shown_raw(console: Client, worked: Case) -> None:
    ObservationRecord.objects.filter(kind="MxRecords").update(kind="MxRecordsOfOld", data={"hosts": "elsewhere"})
    Run.objects.filter(number=1).update(diagnosis={"verdict": "of old"})
    page = console.get(url(worked)).content.decode()
    assert "MxRecordsOfOld" in page
    assert "elsewhere" in page
    assert "of old" in page


def test_a_running_case_can_be_read(console: Client, open_one) -> None:
    page = console.get(url(open_one())).content.decode()
    assert "under way" in page
    assert "Queued" in page


@pytest.mark.parametrize("reference", ["AAAAAAAA", "A" * 500, "%00"])
def test_an_unknown_reference_is_not_found(console: Client, reference: str) -> None:
    assert console.get(f"/console/cases/{reference}/").status_code == 404


def test_a_reference_may_be_typed_in_small_letters(console: Client, worked: Case) -> None:
    assert console.get(f"/console/cases/{worked.reference.lower()}/").status_code == 200


def test_many_runs_and_records_take_no_more_queries_than_few(console: Client, worked: Case, run_probes) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert console.get(url(worked)).status_code == 200
        return len(captured)

    queries()  # the first look of an hour is kept
    few = queries()
    for _ in range(10):
        start_run(worked, asked_by="agent-one")
        run_probes(worked)
        answer_whereabouts(worked.test_messages.get(purpose=Purpose.PRIMARY), Whereabouts.SPAM)
    assert queries() == few <= 36


def test_run_again_starts_one_run_and_says_so(console: Client, worked: Case) -> None:
    response = console.post(f"{url(worked)}again/", follow=True)
    assert response.redirect_chain == [(url(worked), 302)]
    assert "Run 3 is under way" in response.content.decode()
    response = console.post(f"{url(worked)}again/", follow=True)
    assert "Run 3 is still under way; no other was started" in response.content.decode()
    run = worked.runs.latest("number")
    assert (run.number, run.asked_by) == (3, "agent-one")


def test_a_long_user_name_still_fits(console: Client, agent, worked: Case) -> None:
    agent.username = "agent." + "x" * 60
    agent.save()
    assert console.post(f"{url(worked)}again/").status_code == 302
    assert worked.runs.latest("number").asked_by == agent.username[:20]


def test_the_customers_page_is_one_click_away(console: Client, worked: Case) -> None:
    assert f'href="/cases/{worked.reference}/"' in console.get(url(worked)).content.decode()
    assert console.get(f"/cases/{worked.reference}/").status_code == 200


def test_the_ticket_is_one_click_away(console: Client, worked: Case) -> None:
    assert 'href="/console/tickets/zendesk/4711/"' in console.get(url(worked)).content.decode()


def test_an_oddly_written_ticket_does_not_hide_the_case(console: Client, open_one) -> None:
    case = open_one(helpdesk="zendesk", ticket="no ticket / at all")
    assert "no ticket / at all" in console.get(url(case)).content.decode()
