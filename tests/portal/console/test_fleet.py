"""The fleet page: what stands out, what happened over time, and who may close an incident."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from diagnostics.models import ApiClient, AuditEntry, Case, Heartbeat, Incident, OutcomeCount
from diagnostics.services import fleet
from portal.console import charts
from portal.console.charts import Series
from portal.console.fleet_figures import SPANS, figures
from portal.console.incidents import percent
from portal.roles import Role
from tests.agents import make_agent

URL = "/console/fleet/"


@pytest.fixture
def incident(db) -> Incident:
    now = timezone.now()
    return Incident.objects.create(
        dimension="provider",
        value="microsoft-365",
        began_at=now - timedelta(minutes=12),
        found_at=now - timedelta(minutes=5),
        usual=0.02,
        share=0.14,
        total=150,
        failed=21,
        cases=23,
    )


@pytest.fixture
def mail(db) -> None:
    now = timezone.now()
    OutcomeCount.objects.bulk_create(
        OutcomeCount(minute=now - timedelta(hours=hour), dimension=dimension, value=value, total=50, failed=hour % 5)
        for hour in range(1, 48)
        for dimension, value in (
            ("all", ""),
            ("provider", "microsoft-365"),
            ("provider", "unknown"),
            ("gateway", "mimecast"),
            ("sending_ip", "192.0.2.10"),
            ("article", "timeclock"),
        )
    )
    Heartbeat.objects.create(name=fleet.HEARTBEAT, at=now)


@pytest.fixture
def lead(client: Client, db) -> Client:
    client.force_login(make_agent("lead-one", Role.LEAD))
    return client


def test_an_empty_portal_says_so(console: Client) -> None:
    page = console.get(URL).content.decode()
    assert "fails more than it usually does" in page
    assert "Of no mail do we know yet how it ended" in page
    assert "the watch does not run" in page


@pytest.mark.parametrize("span", ["24h", "7d", "30d", "", "99y"])
def test_every_span_shows_cases_and_mail(console: Client, open_one, mail: None, span: str) -> None:
    case = open_one("anna@example.org")
    Case.objects.filter(pk=case.pk).update(provider="microsoft-365", gateway="mimecast", cause="mx.null")
    response = console.get(URL, {"span": span})
    page = response.content.decode()
    assert response.status_code == 200
    for words in ("1 case.", "Microsoft 365", "Mimecast", "Our address 192.0.2.10", "Not known"):
        assert words in page
    assert "the watch does not run" not in page
    assert f'href="?span={span or "24h"}" aria-current' in page or span == "99y"


def test_cases_of_test_keys_are_not_counted(open_one, incident: Incident) -> None:
    real, of_a_test = open_one("anna@example.org"), open_one("bert@example.net")
    Case.objects.update(provider="microsoft-365")
    Case.objects.filter(pk=of_a_test.pk).update(api_client=ApiClient.objects.create(name="tests", is_test=True))
    incident.began_at -= timedelta(hours=1)
    assert list(fleet.cases_of(incident)) == [real]
    assert sum(figures(SPANS["24h"]).tally("all", "").cases) == 1


def test_every_chart_has_words_and_a_table_and_no_inline_style(console: Client, open_one, mail: None) -> None:
    Case.objects.filter(pk=open_one("anna@example.org").pk).update(
        provider="yahoo", gateway="mimecast", cause="mx.null"
    )
    page = console.get(URL).content.decode()
    seen = _Page()
    seen.feed(page)
    assert seen.images > 8
    assert seen.titles == seen.descriptions == seen.images
    assert seen.tables > seen.images / 2
    assert not seen.styled
    assert len(seen.ids) == len(set(seen.ids))


def test_an_incident_is_one_plain_sentence_with_the_way_to_its_cases(console: Client, incident: Incident) -> None:
    page = console.get(URL).content.decode()
    since = f"{incident.began_at:%H:%M}"
    if incident.began_at.date() != timezone.now().date():
        since = f"{incident.began_at:%Y-%m-%d %H:%M}"
    assert f"Microsoft 365: 14 % of mails fail since {since}, usually 2 %; 23 cases" in page
    assert f"/console/?since={incident.began_at:%Y-%m-%d}&amp;provider=microsoft-365" in page


def test_what_an_incident_explains_is_named_beneath_it(console: Client, incident: Incident) -> None:
    ours = Incident.objects.create(
        dimension="all", value="", began_at=incident.began_at, found_at=incident.found_at, usual=0.02, share=0.3
    )
    Incident.objects.filter(pk=incident.pk).update(part_of=ours)
    page = console.get(URL).content.decode()
    assert "Our side (all mail): 30 % of mails fail" in page
    assert "Microsoft 365: 14 %" not in page
    assert "It is seen at: Microsoft 365" in page


@pytest.mark.parametrize("path", ["/console/", "case"])
def test_agents_see_open_incidents_on_their_pages(console: Client, open_one, incident: Incident, path: str) -> None:
    address = f"/console/cases/{open_one().reference}/" if path == "case" else path
    assert "Microsoft 365: 14 % of mails fail" in console.get(address).content.decode()
    Incident.objects.update(ended_at=timezone.now())
    assert "Microsoft 365: 14 % of mails fail" not in console.get(address).content.decode()


def test_a_lead_closes_an_incident_and_that_is_written_down(lead: Client, incident: Incident) -> None:
    assert "Close: Microsoft 365" in lead.get(URL).content.decode()
    for _ in range(2):
        assert lead.post(f"{URL}incidents/{incident.pk}/close/").status_code == 302
    incident.refresh_from_db()
    assert incident.ended_at is not None
    assert incident.closed_by == "lead-one"
    entry = AuditEntry.objects.get(action="incident.closed")
    assert entry.detail == {"incident": incident.pk, "dimension": "provider", "value": "microsoft-365"}
    page = lead.get(URL).content.decode()
    assert "Ended in the last 7 days" in page
    assert "Close: Microsoft 365" not in page


@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR])
def test_others_may_read_but_not_close(client: Client, db, incident: Incident, role: Role) -> None:
    client.force_login(make_agent("other-one", role))
    assert "Close: Microsoft 365" not in client.get(URL).content.decode()
    assert client.post(f"{URL}incidents/{incident.pk}/close/").status_code == 403
    assert Incident.objects.filter(ended_at=None).exists()


def test_visitors_learn_nothing(client: Client, incident: Incident) -> None:
    assert client.get(URL).status_code == 302
    client.force_login(User.objects.create_user("nobody-one"))
    answer = client.get(URL)
    assert answer.status_code in (302, 403)
    assert "Microsoft 365" not in answer.content.decode()


def test_closing_takes_a_post_and_a_known_incident(lead: Client, db) -> None:
    assert lead.get(f"{URL}incidents/1/close/").status_code == 405
    assert lead.post(f"{URL}incidents/1/close/").status_code == 404


def test_the_number_of_queries_does_not_grow(
    console: Client, open_one, mail: None, django_assert_max_num_queries
) -> None:
    for number in range(5):
        Case.objects.filter(pk=open_one().pk).update(provider=f"provider-{number}", cause="mx.null")
        Incident.objects.create(
            dimension="provider", value=f"p{number}", began_at=timezone.now(), found_at=timezone.now(), usual=0, share=1
        )
    with django_assert_max_num_queries(12):
        assert console.get(URL).status_code == 200


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (0.004, "0.4 %"), (0.02, "2 %"), (0.0234, "2.3 %"), (0.14, "14 %"), (1, "100 %")]
)
def test_shares_are_said_in_per_cent(share: float, said: str) -> None:
    assert percent(share) == said


def test_lines_break_where_nothing_is_known_and_letters_do_not_collide() -> None:
    same = tuple(Series(f"s{n}", (1.0, None, 3.0, 4.0)) for n in range(4))
    chart = charts.lines("x", "X", "", ["a", "b", "c", "d"], same)
    assert [len(line.pieces) for line in chart.lines] == [1] * 4
    assert [len(line.dots) for line in chart.lines] == [1] * 4
    ends = sorted(line.letter_at for line in chart.lines)
    assert all(after - before >= charts.LETTER_HEIGHT for before, after in zip(ends, ends[1:], strict=False))


@pytest.mark.parametrize("values", [[], [0, 0], [1], [7, 12345]])
def test_columns_stay_on_the_canvas(values: list[int]) -> None:
    chart = charts.columns("x", "X", "", [str(value) for value in values], values)
    for one in chart.columns:
        assert charts.TOP <= one.y <= charts.BOTTOM
        assert one.y + one.height == pytest.approx(charts.BOTTOM, abs=0.2)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.images = self.titles = self.descriptions = self.tables = 0
        self.styled = False
        self.ids: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.styled |= "style" in found
        self.ids += [found["id"]] if found.get("id") else []  # type: ignore[list-item]
        if tag == "svg" and found.get("role") == "img":
            self.images += 1
            self.inside = True
        self.titles += tag == "title" and self.inside
        self.descriptions += tag == "desc"
        self.tables += tag == "table"

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self.inside = False
