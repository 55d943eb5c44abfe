"""The test of the customer's own network: what the page may ask, what is taken from it, what it and IT are shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics import vendors
from diagnostics.domain import Connection, ConnectOutcome, Gap, Seen, Status, Vantage
from diagnostics.echo import Echo, sign
from diagnostics.looks import LONGEST
from diagnostics.models import Case, LinkKind, NetworkTest
from diagnostics.probes.network_look import (
    BrowserLook,
    How,
    NetworkLook,
    Place,
    PortLook,
    PortState,
    ScriptLook,
    Sighting,
    Sightings,
    Try,
    Turn,
)
from diagnostics.probes.responders import ResponderPort, Responders
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.remedies import remedies
from diagnostics.services import network as tests_of_network
from diagnostics.services.cases import mint_link
from diagnostics.services.limits import NETWORK_TEST_BY_CASE
from diagnostics.services.runs import evidence_of, report_to
from diagnostics.verdicts import diagnose
from portal.wizard import words
from portal.wizard.casefile import CaseFile, read
from portal.wizard.endpoints import endpoints
from portal.wizard.network import Picture, picture
from tests.portal.wizard.conftest import finish, give, opened

pytestmark = pytest.mark.django_db

HOST = "check.example.net"
KEY = "a key of at least thirty-two octets"
PROFILE = """
name = "Timeclock"
addresses = ["192.0.2.0/24"]
ports = [80, 443, 59777]
[[hosts]]
name = "clock.example.net"
ports = [80, 443, 59777]
"""
RESPONDER = f'[[responders]]\nname = "{HOST}"\nports = [80, 443, 59777]\n'
ON_CABLE: dict[str, Any] = {"place": Place.DEVICE}
ON_WIFI: dict[str, Any] = {"place": Place.WIFI}
AT_HOME: dict[str, Any] = {"place": Place.ELSEWHERE}
SCRIPT: dict[str, Any] = {"kind": ScriptLook}
ORIGINS = [f"http://{HOST}:{port}" for port in (8443, 8080, 59777)]
ECHO = Try(How.ECHO, 40)
PORTS = (80, 443, 59777)
OUR_CA, THEIR_CA = "C = US, O = Example Trust, CN = E5", "CN = Example Corp Inspection"
UP = Responders(tuple(ResponderPort(HOST, port, ConnectOutcome.OPEN, True, issuer="Example Trust") for port in PORTS))
DOWN = Responders(tuple(ResponderPort(HOST, port, ConnectOutcome.REFUSED, False) for port in PORTS))
PRODUCT = ServerPorts(
    tuple(
        Connection("clock.example.net", port, ConnectOutcome.OPEN, tls_issuer="Example Trust" if port == 443 else "")
        for port in PORTS
    )
)


@pytest.fixture(autouse=True)
def responders(tmp_path, settings):
    """A vendor with one responder that listens elsewhere on two of its ports."""
    settings.RESPONDER_KEY = KEY
    settings.RESPONDER_PORTS = {80: 8080, 443: 8443, 59777: 59777}
    (tmp_path / "timeclock.toml").write_text(PROFILE + RESPONDER)
    before = vendors.use(tmp_path)
    yield
    vendors.use(*before)


@pytest.fixture
def without_responder(responders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vendors")
    (folder / "timeclock.toml").write_text(PROFILE)
    before = vendors.use(folder)
    yield
    vendors.use(*before)


@pytest.fixture
def clock(client: Client) -> Case:
    case = opened(slug="timeclock")
    give(client, case)
    return case


def url(name: str, case: Case, *more: str) -> str:
    return reverse(f"wizard:{name}", args=[case.reference, *more])


def section(client: Client, case: Case, slug: str = "ports-and-addresses") -> str:
    return client.get(url("section", case, slug)).content.decode()


def looked(*ports: PortLook, kind: type[NetworkLook] = BrowserLook, **more: Any) -> NetworkLook:
    told: dict[str, Any] = {"nonce": "nonce-of-one-test-0001", "place": Place.OFFICE, "ports": ports}
    return kind(**(told | more))


def at(port: int, *tries: Try, **more: Any) -> PortLook:
    return PortLook(HOST, port, tries or (ECHO, ECHO), **more)


def all_open(**more: Any) -> NetworkLook:
    return looked(at(80), at(443), at(59777), **more)


SILENT = (Try(How.SILENT, 12_000),) * 2
FAILED = (Try(How.FAILED, 40),) * 2
FILTERED = Try(How.FILTERED, 5000)
BLOCKED = (at(80), at(443), at(59777, *SILENT))
DROPPED = (at(80), at(443), at(59777, FILTERED))
"""The same, as the script sees it."""
UNTESTED = tuple(at(port, *SILENT) for port in PORTS)
"""With `portal_reached=False`: the browser was offline."""


def told(case: Case, *observations: object) -> None:
    run = case.runs.order_by("-number")[0]
    for one in observations:
        report_to(run, one)


def file_of(case: Case, *observations: object) -> CaseFile:
    """The case with this evidence, a minute between one and the next, as the checks judge it.

    Our own side is fine unless something else is said of it.
    """
    file = read(case)
    told_of = {type(one) for one in observations}
    every = [*(one for one in (UP, PRODUCT) if type(one) not in told_of), *observations]
    first = timezone.now() - timedelta(minutes=len(every))
    for minutes, one in enumerate(every):
        file.evidence.add(Seen(type(one), Vantage.BROWSER, first + timedelta(minutes=minutes), one))
    return replace(file, diagnosis=diagnose(file.evidence, causes={tag: one.cause for tag, one in remedies().items()}))


def shown(case: Case, *observations: object) -> Picture:
    return picture(file_of(case, *observations))


def lines(seen: Picture) -> str:
    return "\n".join(map(str, seen.lines))


def cells(row_of: Picture, title: str) -> dict[int, list[str]]:
    (row,) = [row for row in row_of.rows if title in str(row.title)]
    return {
        cell.port: [" ".join(map(str, (one.word, *one.notes, one.host))).strip() for one in cell.results]
        for cell in row.cells
    }


class TestWhatThePageMayConnectTo:
    def policy(self, client: Client, path: str) -> dict[str, list[str]]:
        header = client.get(path)["Content-Security-Policy"]
        return {name: rest for name, *rest in (part.split() for part in header.split("; "))}

    def test_is_what_it_is_told_to_try_and_nothing_else(self, client: Client, clock: Case) -> None:
        plan = client.post(url("network_start", clock)).json()
        allowed = self.policy(client, url("section", clock, "ports-and-addresses"))["connect-src"]
        assert allowed == ["'self'", *ORIGINS]
        assert [one["url"] for one in plan["ports"]] == [f"{origin}/e?n={plan['nonce']}&once" for origin in ORIGINS]

    def test_leaves_everything_else_as_strict_as_on_every_page(self, client: Client, clock: Case) -> None:
        plain = self.policy(client, "/")
        assert plain["connect-src"] == ["'self'"]
        policy = self.policy(client, url("section", clock, "ports-and-addresses"))
        assert policy | {"connect-src": ["'self'"]} == plain

    def test_is_nobody_on_every_other_page(self, client: Client, clock: Case) -> None:
        paths = ["/", "/timeclock/", url("case", clock), reverse("wizard:it", args=[mint_link(clock, LinkKind.IT)])]
        paths += [url("section", clock, one.slug) for one in read(clock).article.sections]
        asking = {path for path in paths if self.policy(client, path)["connect-src"] != ["'self'"]}
        assert asking == {url("section", clock, "ports-and-addresses")}

    def test_is_asked_by_https_where_the_portal_is(self, settings, client: Client, clock: Case) -> None:
        settings.HTTPS = True
        give(client, clock)  # cookies have other names there
        plan = client.post(url("network_start", clock)).json()
        assert {one["url"].partition(":")[0] for one in plan["ports"]} == {"https"}
        assert plan["public"] is True
        allowed = self.policy(client, url("section", clock, "ports-and-addresses"))["connect-src"]
        assert allowed[1:] == [origin.replace("http:", "https:") for origin in ORIGINS]

    @pytest.mark.usefixtures("without_responder")
    def test_is_nobody_without_a_responder(self, client: Client, clock: Case) -> None:
        assert self.policy(client, url("section", clock, "ports-and-addresses"))["connect-src"] == ["'self'"]


class TestStarting:
    def test_gives_the_page_its_plan(self, client: Client, clock: Case) -> None:
        response = client.post(url("network_start", clock))
        plan = response.json()
        test = NetworkTest.objects.get(case=clock)
        assert plan["nonce"] == test.nonce
        assert (plan["seconds"], plan["public"]) == (12, False)
        assert plan["report"] == url("network", clock)
        assert plan["now"] == "/network/now/"
        assert [(one["host"], one["port"]) for one in plan["ports"]] == [(HOST, 443), (HOST, 80), (HOST, 59777)]
        assert plan["ports"][1]["turn"] == f"turn:{HOST}:8080?transport=tcp"
        assert "no-store" in response["Cache-Control"]

    def test_is_for_whoever_holds_the_case(self, client: Client) -> None:
        case = opened(slug="timeclock")
        assert client.post(url("network_start", case)).status_code == 404
        assert client.post(url("network", case), "{}", content_type="application/json").status_code == 404
        assert not NetworkTest.objects.exists()

    def test_needs_the_pages_own_token(self, clock: Case, client: Client) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = client.cookies
        assert strict.post(url("network_start", clock)).status_code == 403
        assert strict.post(url("network", clock), "{}", content_type="application/json").status_code == 403

    def test_is_a_post(self, client: Client, clock: Case) -> None:
        assert client.get(url("network_start", clock)).status_code == 405
        assert client.get(url("network", clock)).status_code == 405

    def test_too_often_is_refused_in_words_with_the_time_to_wait(self, client: Client, clock: Case) -> None:
        for _ in range(NETWORK_TEST_BY_CASE.count):
            assert client.post(url("network_start", clock)).status_code == 200
        response = client.post(url("network_start", clock))
        assert response.status_code == 429
        assert 0 < int(response["Retry-After"]) <= 3600
        assert "minutes" in response.json()["problem"]

    @pytest.mark.usefixtures("without_responder")
    def test_without_a_responder_says_so(self, client: Client, clock: Case) -> None:
        response = client.post(url("network_start", clock))
        assert response.status_code == 409
        assert "No test point" in response.json()["problem"]

    def test_the_portals_clock_is_the_right_one(self, client: Client) -> None:
        with time_machine.travel(1_770_000_000.5, tick=False):
            response = client.get("/network/now/")
        assert response.json() == {"now": 1_770_000_000_500}
        assert "no-store" in response["Cache-Control"]


class TestReporting:
    def report(self, nonce: str, **more: Any) -> dict[str, Any]:
        signed = sign(Echo(nonce, 443, "203.0.113.7", timezone.now().timestamp()), KEY.encode())
        tries = [{"how": "answer", "ms": 40, "signed": signed}] * 2
        ports = [{"host": HOST, "port": 443, "tries": tries, "opaque": None, "turn": "untried"}]
        told = {"v": 1, "nonce": nonce, "place": "wifi", "portal_ok": True, "clock": None, "ports": ports}
        return told | more

    def send(self, client: Client, case: Case, report: object) -> Any:
        return client.post(url("network", case), json.dumps(report), content_type="application/json")

    def begun(self, client: Client, case: Case) -> str:
        nonce: str = client.post(url("network_start", case)).json()["nonce"]
        return nonce

    def test_is_kept_and_answered_with_the_part_that_shows_it(self, client: Client, clock: Case) -> None:
        finish(clock)
        response = self.send(client, clock, self.report(self.begun(client, clock)))
        text = response.content.decode()
        assert response.status_code == 200
        assert text.lstrip().startswith('<div id="network-result"')
        assert "<html" not in text
        assert "Browser, on the clock’s Wi-Fi" in text
        (look,) = evidence_of(clock.runs.get()).all(BrowserLook)
        assert (look.place, look.source, look.sources) == (Place.WIFI, "127.0.0.1", ("203.0.113.7",))

    def test_a_port_without_a_try_that_tells_is_no_accusation(self, client: Client, clock: Case) -> None:
        finish(clock)
        ports = [{"host": HOST, "port": 59777, "tries": [], "opaque": None, "turn": "untried"}]
        response = self.send(client, clock, self.report(self.begun(client, clock), ports=ports))
        text = response.content.decode()
        assert "Could not test" in text
        assert 'tag-problem"' not in text

    def test_shows_on_the_page_afterwards(self, client: Client, clock: Case) -> None:
        finish(clock)
        self.send(client, clock, self.report(self.begun(client, clock)))
        assert "Browser, on the clock’s Wi-Fi" in section(client, clock)

    def test_the_same_again_is_as_good(self, client: Client, clock: Case) -> None:
        report = self.report(self.begun(client, clock))
        assert [self.send(client, clock, report).status_code for _ in range(2)] == [200, 200]
        assert len(evidence_of(clock.runs.get()).all(BrowserLook)) == 1

    def test_a_second_one_of_the_same_test_is_refused(self, client: Client, clock: Case) -> None:
        report = self.report(self.begun(client, clock))
        self.send(client, clock, report)
        assert self.send(client, clock, report | {"place": "office"}).status_code == 409

    def test_too_late_is_gone(self, client: Client, clock: Case) -> None:
        report = self.report(self.begun(client, clock))
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            response = self.send(client, clock, report)
        assert response.status_code == 410
        assert "too old" in response.json()["problem"]

    def test_of_another_case_or_of_no_test_is_refused(self, client: Client, clock: Case) -> None:
        other = opened("boris@example.org", slug="timeclock")
        foreign = tests_of_network.begin(other, Vantage.BROWSER).nonce
        for nonce in (foreign, "nonce-of-no-test-at-all"):
            response = self.send(client, clock, self.report(nonce))
            assert response.status_code == 409
            assert response.json()["problem"]

    @pytest.mark.parametrize("body", ["", "[]", "{", '{"v":1}'], ids=["nothing", "a list", "cut off", "hardly any"])
    def test_what_is_none_is_refused_in_words(self, client: Client, clock: Case, body: str) -> None:
        response = client.post(url("network", clock), body, content_type="application/json")
        assert response.status_code == 400
        assert response.json()["problem"]

    @pytest.mark.parametrize("octets", [LONGEST + 1, settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1])
    def test_too_long_is_refused_in_words(self, client: Client, clock: Case, octets: int) -> None:
        response = client.post(url("network", clock), " " * octets, content_type="application/json")
        assert response.status_code == 413
        assert response.json()["problem"]

    def test_the_answer_asks_again_while_our_responder_may_still_tell(self, client: Client, clock: Case) -> None:
        nonce = self.begun(client, clock)
        failed = [{"how": "failed", "ms": 40, "signed": ""}] * 2
        ports = [{"host": HOST, "port": 80, "tries": failed, "opaque": False, "turn": "reached"}]
        text = self.send(client, clock, self.report(nonce, ports=ports)).content.decode()
        assert 'hx-trigger="every 2s"' in text
        told(clock, Sightings(nonce, (Sighting(80, True, "203.0.113.7"),)))
        headers = {"HX-Request": "true", "HX-Target": "network-result"}
        polled = client.get(url("section", clock, "ports-and-addresses"), headers=headers).content.decode()
        assert polled.lstrip().startswith('<div id="network-result"')
        assert "hx-trigger" not in polled
        assert 'tag-fine">Open' in polled

    def test_nobody_asks_for_ever(self, client: Client, clock: Case) -> None:
        finish(clock)
        told(clock, looked(at(80, Try(How.FAILED, 40), turn=Turn.REACHED)))
        assert 'hx-trigger="every 2s"' in section(client, clock)
        with time_machine.travel(timezone.now() + timedelta(minutes=1)):
            assert 'hx-trigger="every 2s"' not in section(client, clock)


class TestThePage:
    def test_offers_the_test_hidden_until_the_script_shows_it(self, client: Client, clock: Case) -> None:
        text = section(client, clock)
        assert re.search(r'<form id="network-check"[^>]* hidden', text)
        assert "portal/network.js" in text
        assert "On the Wi-Fi that the clock uses" in text

    def test_is_without_the_script_where_there_is_nothing_to_try(self, client: Client, clock: Case) -> None:
        for one in read(clock).article.sections:
            if one.slug != "ports-and-addresses":
                assert "portal/network.js" not in section(client, clock, one.slug)

    def test_is_one_click_from_the_other_section_about_ports(self, client: Client, clock: Case) -> None:
        assert f'href="{url("section", clock, "ports-and-addresses")}#network"' in section(client, clock, "lan")

    def test_leads_a_phone_to_this_very_section(self, client: Client, clock: Case) -> None:
        text = section(client, clock)
        link = re.search(r"http://\S+/c/([\w-]+)/ports-and-addresses/", text)
        assert link
        assert 'src="data:image/svg+xml' in text
        phone = Client()
        opened_page = phone.get(link[0].removeprefix(settings.PORTAL_URL))
        assert opened_page["Location"] == url("section", clock, "ports-and-addresses")
        assert opened_page["Referrer-Policy"] == "no-referrer"
        assert phone.get(opened_page["Location"]).status_code == 200

    @pytest.mark.parametrize("path", ["/c/unknown/ports-and-addresses/", "/c/{token}/no-such-section/"])
    def test_leads_nowhere_by_a_link_that_is_none(self, client: Client, clock: Case, path: str) -> None:
        assert Client().get(path.format(token=mint_link(clock))).status_code == 404

    def test_a_link_for_it_opens_no_section(self, clock: Case) -> None:
        token = mint_link(clock, LinkKind.IT)
        assert Client().get(f"/c/{token}/ports-and-addresses/").status_code == 404

    def test_offers_the_script_then_its_commands(self, client: Client, clock: Case) -> None:
        assert "Make the command for IT" in section(client, clock)
        client.post(url("begin_script", clock), {"section": "ports-and-addresses"})
        text = section(client, clock)
        test = NetworkTest.objects.get(case=clock, vantage=Vantage.SCRIPT)
        assert "Make the command for IT" not in text
        assert f"bash check-1.sh {tests_of_network.script_token(test)}" in text
        assert f"{HOST}:443=8443" in text

    @pytest.mark.usefixtures("without_responder")
    def test_without_a_responder_says_so_and_has_no_dead_buttons(self, client: Client, clock: Case) -> None:
        finish(clock, ServerPorts((Connection("clock.example.net", 443, ConnectOutcome.OPEN),)))
        text = section(client, clock)
        assert "No test point is set up for this article" in text
        assert "Our servers, seen from ours" in text
        assert "#network" not in section(client, clock, "lan")
        for absent in ("network-check", "network.js", "Make the command for IT", "do/network", "data:image"):
            assert absent not in text

    def test_of_an_article_without_clocks_names_none(self) -> None:
        labels = [*words.PLACES_WITHOUT_CLOCK.values(), *words.PLACE_CHOICES_WITHOUT_CLOCK.values()]
        assert not any("clock" in str(label).lower() for label in labels)
        assert set(words.PLACES) == set(words.PLACES_WITHOUT_CLOCK) == set(words.PLACE_CHOICES) == set(Place)


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.PORT_STATES, PortState),
        (words.PORT_STATE_LINES, PortState),
        (words.PORT_STATUSES, PortState),
        (words.HOWS, How),
        (words.PLACE_CHOICES_WITHOUT_CLOCK, Place),
    ],
)
def test_every_code_of_a_look_has_words(table: dict, codes: type[Enum]) -> None:
    assert set(table) == set(codes)


OFFICE_ONLY = "The computer’s network lets us through. The clock’s own network was not tried"
NOT_KNOWN = Status.COULD_NOT_CHECK
SENTENCES: dict[str, tuple[list[object], str, Status]] = {
    "nothing tried": ([], "has not been tried yet", Status.NOT_CHECKED),
    "all open at the clock": ([all_open(**ON_CABLE)], "Every port is open on the clock’s own cable.", Status.FINE),
    "all open at cable and Wi-Fi": (
        [all_open(**ON_WIFI), all_open(**ON_CABLE, **SCRIPT), all_open()],
        "on the clock’s own cable and on the clock’s Wi-Fi",
        Status.FINE,
    ),
    "only the office": ([all_open()], OFFICE_ONLY, Status.NOT_CHECKED),
    "office and home": ([all_open(), all_open(**AT_HOME)], OFFICE_ONLY, Status.NOT_CHECKED),
    "only home": ([all_open(**AT_HOME)], "so our side works", Status.NOT_CHECKED),
    "a port closed at home": (
        [looked(*BLOCKED, **AT_HOME)],
        "The company’s own network was not tried.",
        Status.NOT_CHECKED,
    ),
    "closed at home, open at the clock": (
        [looked(*BLOCKED, **AT_HOME), all_open(**ON_CABLE)],
        "Every port is open on the clock’s own cable.",
        Status.FINE,
    ),
    "closed in the office, open at the clock": (
        [looked(*BLOCKED), all_open(**ON_CABLE, **SCRIPT)],
        "Every port is open on the clock’s own cable.",
        Status.FINE,
    ),
    "now and then in the office, open at the clock": (
        [looked(at(80), at(443, ECHO, FAILED[0]), at(59777)), all_open(**ON_CABLE, **SCRIPT)],
        "Every port is open on the clock’s own cable.",
        Status.FINE,
    ),
    "closed at the clock": (
        [looked(*DROPPED, **ON_CABLE, **SCRIPT)],
        "Your network blocks the way to us. Closed: 59777.",
        Status.PROBLEM,
    ),
    "closed in the office, a hint": (
        [looked(*BLOCKED)],
        "Closed: 59777. This is likely, not certain.",
        Status.PROBLEM,
    ),
    "closed to the script, then opened": (
        [looked(*DROPPED, **ON_CABLE, **SCRIPT), all_open(**ON_CABLE)],
        "Every port is open on the clock’s own cable.",
        Status.FINE,
    ),
    "open to the script, not to a browser with an odd extension": (
        [all_open(**ON_CABLE, **SCRIPT), looked(*(at(port, *FAILED) for port in PORTS), **ON_CABLE)],
        "Every port is open on the clock’s own cable.",
        Status.FINE,
    ),
    "what the one could not try, the other could": (
        [looked(at(80), at(443, Try(How.UNKNOWN)), at(59777), **ON_CABLE, **SCRIPT), all_open(**ON_CABLE)],
        "Every port is open on the clock’s own cable.",
        Status.FINE,
    ),
    "the script for one port only": (
        [looked(at(443), **ON_CABLE, **SCRIPT)],
        "What was tried is open. Not tried there: 80, 59777.",
        NOT_KNOWN,
    ),
    "a test point that our server did not look at": (
        [Responders(UP.ports[:2]), looked(at(80), at(443), **ON_CABLE, **SCRIPT)],
        "What was tried is open. Not tried there: 59777.",
        NOT_KNOWN,
    ),
    "cable open, Wi-Fi not to be tested": (
        [all_open(**ON_CABLE, **SCRIPT), looked(*UNTESTED, **ON_WIFI, portal_reached=False)],
        "Every port is open on the clock’s own cable. The test could not run on the clock’s Wi-Fi.",
        NOT_KNOWN,
    ),
    "cable not to be tested, office open": (
        [looked(*UNTESTED, **ON_CABLE, portal_reached=False), all_open()],
        "lets us through. The test could not run on the clock’s own cable: use the script there.",
        NOT_KNOWN,
    ),
    "our own certificate is not accepted": (
        [looked(at(80), *(at(port, Try(How.CERTIFICATE, 50), issuer=OUR_CA) for port in (443, 59777)), **SCRIPT)],
        "We could not tell whether your network lets ports 443, 59777 through.",
        NOT_KNOWN,
    ),
    "our answer came and could not be read": (
        [
            looked(at(80), at(443, *FAILED, second_look=True), at(59777), **ON_CABLE),
            Sightings("nonce-of-one-test-0001", (Sighting(443, False, "203.0.113.7"),)),
        ],
        "We could not tell whether your network lets port 443 through.",
        NOT_KNOWN,
    ),
    "DNS was slow once": (
        [looked(at(80, Try(How.DNS_SILENT, 5000)), at(443), at(59777), **ON_CABLE, **SCRIPT)],
        "We could not tell whether your network lets port 80 through.",
        NOT_KNOWN,
    ),
    "nothing could be tried": (
        [looked(*(at(port, Try(How.FAILED, 2), Try(How.FAILED, 3)) for port in PORTS))],
        "This browser could not run the test",
        NOT_KNOWN,
    ),
    "the portal was not reached": (
        [looked(at(443, SILENT[0]), portal_reached=False)],
        "This browser could not run the test",
        NOT_KNOWN,
    ),
    "the script failed": ([looked(at(443, Try(How.UNKNOWN)), **SCRIPT)], "did not let the test run", NOT_KNOWN),
    "now and then": (
        [looked(at(443, ECHO, FAILED[0]))],
        "Worked once, failed once. Test again in 5 minutes.",
        NOT_KNOWN,
    ),
    "now and then, while our own look failed": (
        [DOWN, looked(*(at(port, ECHO, FAILED[0]) for port in PORTS), **ON_CABLE)],
        "Worked once, failed once. Test again in 5 minutes.",
        NOT_KNOWN,
    ),
    "80 not to be tried": (
        [looked(at(80, *FAILED), at(443), at(59777), **ON_CABLE)],
        "What could be tried is open",
        NOT_KNOWN,
    ),
    "our test points down": (
        [DOWN, looked(*(at(port, *FAILED) for port in (443, 59777)))],
        "Our own test point is down. This says nothing about your firewall.",
        NOT_KNOWN,
    ),
    "our test points down, nothing tried": (
        [DOWN],
        "Our own test point is down. This says nothing about your firewall.",
        Status.NOT_CHECKED,
    ),
    "one test point down": (
        [Responders((*UP.ports[:2], DOWN.ports[2])), looked(at(80), at(443), at(59777, *FAILED), **ON_CABLE)],
        "What could be tried is open",
        NOT_KNOWN,
    ),
}


@pytest.mark.parametrize(("evidence", "sentence", "status"), SENTENCES.values(), ids=SENTENCES)
def test_the_sentence_says_where_the_fault_is(
    clock: Case, evidence: list[object], sentence: str, status: Status
) -> None:
    seen = shown(clock, *evidence)
    assert sentence in str(seen.sentence)
    assert seen.status is status


@pytest.mark.parametrize("evidence", [evidence for evidence, _, _ in SENTENCES.values()], ids=SENTENCES)
def test_nobody_is_blamed_and_nothing_fine_but_by_the_diagnosis(clock: Case, evidence: list[object]) -> None:
    file = file_of(clock, *evidence)
    assert file.diagnosis
    answer = file.diagnosis.answer("network")
    assert answer
    status = picture(file).status
    assert (status is Status.PROBLEM) == any(one.cause.startswith("network.") for one in file.diagnosis.causes)
    assert status is not Status.FINE or answer.status is Status.FINE


def test_what_no_check_has_judged_yet_is_still_being_looked_at(clock: Case) -> None:
    seen = picture(replace(file_of(clock, looked(*DROPPED, **ON_CABLE, **SCRIPT)), diagnosis=None))
    assert seen.status is Status.CHECKING
    assert "still looking" in str(seen.sentence)


@pytest.mark.parametrize("kind", [BrowserLook, ScriptLook])
def test_what_a_page_cannot_see_is_said_where_no_script_has_looked(clock: Case, kind: type[NetworkLook]) -> None:
    by_browser = all_open(**ON_CABLE)
    more = [all_open(**ON_CABLE, **SCRIPT)] if kind is ScriptLook else []
    said = "A page cannot see a proxy, or TLS inspection that this computer trusts; the script can. Neither sees"
    assert (said in lines(shown(clock, by_browser, *more))) == (kind is BrowserLook)


def test_a_port_that_nobody_can_try_is_named(tmp_path_factory, clock: Case) -> None:
    folder = tmp_path_factory.mktemp("vendors")
    (folder / "timeclock.toml").write_text(PROFILE + RESPONDER.replace(", 59777", ""))
    before = vendors.use(folder)
    try:
        seen = shown(clock, Responders(UP.ports[:2]), looked(at(80), at(443), **ON_CABLE, **SCRIPT))
    finally:
        vendors.use(*before)
    assert str(seen.sentence) == "Every port that has a test point is open on the clock’s own cable."
    assert "Port 59777 has no test point, so nobody tried it." in lines(seen)


def test_hosts_of_what_was_not_tried_are_named_where_there_are_several(tmp_path_factory, clock: Case) -> None:
    folder = tmp_path_factory.mktemp("vendors")
    second = RESPONDER.replace(HOST, "check2.example.net")
    (folder / "timeclock.toml").write_text(PROFILE + RESPONDER + second)
    both = Responders((*UP.ports, *(replace(one, host="check2.example.net") for one in UP.ports)))
    before = vendors.use(folder)
    try:
        seen = shown(clock, both, all_open(**ON_CABLE, **SCRIPT))
    finally:
        vendors.use(*before)
    assert str(seen.sentence).endswith("Not tried there: check2.example.net (80, 443, 59777).")
    assert seen.status is Status.COULD_NOT_CHECK


def test_the_diagnosis_has_the_first_word(client: Client, clock: Case) -> None:
    down = tuple(Connection("clock.example.net", port, ConnectOutcome.REFUSED) for port in (80, 443, 59777))
    finish(clock, ServerPorts(down), UP)
    told(clock, all_open(place=Place.WIFI))
    file = read(clock)
    assert file.diagnosis
    assert any(one.cause == "ports.host-down" for one in file.diagnosis.causes)
    assert picture(file).status is Status.PROBLEM
    assert "open" not in str(picture(file).sentence)


def test_hosts_are_named_where_they_differ(clock: Case) -> None:
    ports = ServerPorts(
        (
            Connection("one.example.net", 443, ConnectOutcome.OPEN),
            Connection("two.example.net", 443, ConnectOutcome.FILTERED),
            Connection("one.example.net", 80, ConnectOutcome.OPEN),
            Connection("two.example.net", 80, ConnectOutcome.OPEN),
        )
    )
    row = cells(shown(clock, ports), "Our servers, seen from ours")
    assert row[443] == ["Answers one.example.net", "No answer two.example.net"]
    assert row[80] == ["Answers"]
    assert row[59777] == []


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (at(443, ECHO, issuer=OUR_CA), "Open"),
        (at(443, ECHO, issuer=THEIR_CA), f"Open under a certificate of {THEIR_CA}"),
        (at(443, Try(How.REFUSED, 5)), "Turned away refused"),
        (at(443, Try(How.FILTERED, 5000)), "No answer filtered: never connected"),
        (at(443, Try(How.NO_NAME, 5)), "Turned away name not found (DNS)"),
        (at(443, Try(How.DNS_SILENT, 5000)), "No answer no answer from DNS"),
        (
            at(443, Try(How.CERTIFICATE, 50), issuer="Inspection CA", address="198.51.100.9"),
            "Not our answer certificate of Inspection CA at 198.51.100.9",
        ),
        (at(443, Try(How.CERTIFICATE, 50)), "Not our answer a certificate that is not ours"),
        (at(443, Try(How.PROXY_REFUSED, 50)), "Turned away the proxy would not connect"),
        (
            at(443, Try(How.FILTERED, 5000), by_proxy=How.ECHO),
            "No answer filtered: never connected works through the proxy",
        ),
        (at(443, ECHO, via="1.1 proxy.example.org"), "Open through a proxy: 1.1 proxy.example.org"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_script_says_why(clock: Case, port: PortLook, said: str) -> None:
    seen = shown(clock, looked(port, kind=ScriptLook, place=Place.DEVICE))
    assert cells(seen, "Script, on the clock’s own cable")[443] == [said]


def test_what_a_network_sent_is_only_ever_text(client: Client, clock: Case) -> None:
    finish(clock)
    issuer = "<script>alert(1)</script> anna@example.org \u202eevil"
    told(clock, looked(at(443, Try(How.CERTIFICATE, 50), issuer=issuer), kind=ScriptLook))
    text = section(client, clock)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("look", "line"),
    [
        (
            all_open(ports=(at(443, source="203.0.113.7"), at(80, source="2001:db8::7"))),
            "Your network reaches us from 203.0.113.7 (IPv4) and 2001:db8::7 (IPv6).",
        ),
        (
            looked(at(443, source="203.0.113.7"), source="198.51.100.4"),
            "This site saw the browser at 198.51.100.4, the test point saw it at 203.0.113.7.",
        ),
        (all_open(skew_ms=300_000, skew_within_ms=50), "is 5 minutes fast"),
        (all_open(skew_ms=-600_000, skew_within_ms=50), "is 10 minutes slow"),
        (all_open(skew_ms=7_200_000, skew_within_ms=50), "is 2 hours fast"),
        (all_open(skew_ms=-36_000_000, skew_within_ms=50), "is 10 hours slow"),
        (looked(*BLOCKED), "Port 59777, elsewhere in the company: No answer. A firewall is probably dropping"),
        (
            looked(at(80), at(443), at(59777, Try(How.NO_NAME)), **ON_CABLE, **SCRIPT),
            "Port 59777, on the clock’s own cable: DNS there did not say where our test point is.",
        ),
        (
            looked(*BLOCKED, **AT_HOME),
            "Port 59777, outside the company: Not reached. That says nothing about the company’s own network.",
        ),
        (
            looked(at(80), at(443), at(59777, Try(How.UNKNOWN)), **ON_CABLE, **SCRIPT),
            "Port 59777, on the clock’s own cable: The script could not run the test.",
        ),
    ],
    ids=[
        "egress",
        "another way",
        "fast",
        "slow",
        "hours fast",
        "hours slow",
        "what a state means",
        "no name",
        "not reached from home",
        "not to be tested",
    ],
)
def test_what_else_follows_is_said(clock: Case, look: NetworkLook, line: str) -> None:
    assert any(line in str(one) for one in shown(clock, look).lines)


ACCUSING = ("A firewall is probably", "answered instead of us", "turned away at once")
OTHERWISE_MEANT: dict[str, tuple[list[object], str]] = {
    "our own certificate": (
        [looked(at(80), at(443, Try(How.CERTIFICATE, 50), issuer=OUR_CA), at(59777), **ON_CABLE, **SCRIPT)],
        "Port 443, on the clock’s own cable: Our own certificate was not accepted.",
    ),
    "our responder saw the question": (
        [
            looked(at(80), at(443, *FAILED, second_look=True), at(59777), **ON_CABLE),
            Sightings("nonce-of-one-test-0001", (Sighting(443, False, "203.0.113.7"),)),
        ],
        "Port 443, on the clock’s own cable: Our test point was reached, but its answer could not be read there.",
    ),
    "the product's own port is down, and the test point up": (
        [
            ServerPorts((*PRODUCT.connections[:2], replace(PRODUCT.connections[2], outcome=ConnectOutcome.REFUSED))),
            looked(*DROPPED, **ON_CABLE, **SCRIPT),
        ],
        "Port 59777, on the clock’s own cable: Not reached, but our own server does not answer at that port either.",
    ),
    "the page heard our test point": (
        [looked(at(80), at(443), at(59777, *SILENT, turn=Turn.REACHED), **ON_CABLE)],
        "Port 59777, on the clock’s own cable: Our test point was reached, but its answer could not be read there.",
    ),
    "DNS was slow once": (
        [looked(at(80, Try(How.DNS_SILENT, 5000)), at(443), at(59777), **ON_CABLE, **SCRIPT)],
        "Port 80, on the clock’s own cable: DNS there did not answer in time.",
    ),
    "now and then in the office, open at the clock": (
        [looked(at(80), at(443, ECHO, FAILED[0]), at(59777)), all_open(**ON_CABLE, **SCRIPT)],
        "Port 443, elsewhere in the company: Worked once, failed once. That says nothing about the clock’s own",
    ),
    "closed in the office, open at the clock": (
        [looked(*DROPPED, **SCRIPT), all_open(**ON_CABLE, **SCRIPT)],
        "Port 59777, elsewhere in the company: Not reached. That says nothing about the clock’s own network.",
    ),
    "closed to the script, then opened": (
        [looked(*DROPPED, **ON_CABLE, **SCRIPT), all_open(**ON_CABLE)],
        "Port 59777, on the clock’s own cable: An earlier test failed, the newest one worked.",
    ),
    "open to the script, not to a browser with an odd extension": (
        [all_open(**ON_CABLE, **SCRIPT), looked(at(80), at(443), at(59777, *FAILED), **ON_CABLE)],
        "Port 59777, on the clock’s own cable: The script got through, the browser did not.",
    ),
}


@pytest.mark.parametrize(("evidence", "line"), OTHERWISE_MEANT.values(), ids=OTHERWISE_MEANT)
def test_what_is_not_their_networks_doing_accuses_nobody(clock: Case, evidence: list[object], line: str) -> None:
    said = lines(shown(clock, *evidence))
    assert line in said
    assert not any(words in said for words in (*ACCUSING, "Test again in"))


@pytest.mark.parametrize(
    ("evidence", "row", "said"),
    [
        (OTHERWISE_MEANT["our own certificate"][0], "Script,", "Could not tell our own certificate was not accepted"),
        (
            OTHERWISE_MEANT["our responder saw the question"][0],
            "Browser,",
            "Could not tell our answer could not be read",
        ),
    ],
    ids=["our own certificate", "our responder saw the question"],
)
def test_the_table_calls_nothing_of_ours_somebody_elses(
    clock: Case, evidence: list[object], row: str, said: str
) -> None:
    assert cells(shown(clock, *evidence), row)[443] == [said]


def test_whose_certificate_it_was_is_said(clock: Case) -> None:
    foreign = Try(How.CERTIFICATE, 50)
    by_script = looked(
        at(80), at(443, ECHO, issuer=THEIR_CA), at(59777, foreign, issuer=THEIR_CA), **ON_CABLE, **SCRIPT
    )
    seen = shown(clock, by_script, looked(at(443), **ON_CABLE))
    assert seen.status is Status.PROBLEM
    said = lines(seen)
    assert "Port 443, on the clock’s own cable: Our answer came, but under somebody else’s certificate." in said
    assert "Port 59777, on the clock’s own cable: Somebody else’s certificate was shown in place of ours." in said
    row = cells(seen, "Script, on the clock’s own cable")
    assert row[443] == [f"Open under a certificate of {THEIR_CA}"]
    assert cells(seen, "Browser, on the clock’s own cable")[443] == ["Open"]


def test_our_own_outage_is_said_once(clock: Case) -> None:
    seen = shown(clock, DOWN, looked(*(at(port, *FAILED) for port in PORTS), **ON_CABLE))
    assert "Our own test point is down" in str(seen.sentence)
    assert "test point" not in lines(seen)


def test_the_scripts_reason_wins_over_a_newer_browsers(clock: Case) -> None:
    by_script = looked(at(80), at(443), at(59777, Try(How.REFUSED, 5)), **ON_CABLE, **SCRIPT)
    said = lines(shown(clock, by_script, looked(*BLOCKED, **ON_CABLE)))
    assert "Port 59777, on the clock’s own cable: The connection was turned away at once." in said
    assert "A firewall is probably" not in said


@pytest.mark.parametrize(
    "look",
    [
        looked(at(443, source="203.0.113.7"), source="203.0.113.7", place=Place.ELSEWHERE),
        looked(at(443, source="2001:db8::7"), source="2001:db8::/64", place=Place.ELSEWHERE),
        looked(at(443, source="203.0.113.9"), source="203.0.113.4", place=Place.ELSEWHERE),
        looked(at(443, source="2001:db8::7"), source="198.51.100.4", place=Place.ELSEWHERE),
        looked(at(443, source="203.0.113.7"), place=Place.ELSEWHERE),
        looked(at(443, source="203.0.113.7"), source="unknown", place=Place.ELSEWHERE),
        all_open(skew_ms=120_040, skew_within_ms=50, place=Place.ELSEWHERE),
    ],
    ids=["same", "same network", "several ways out", "another family", "pasted", "not known", "clock hardly wrong"],
)
def test_nothing_is_said_where_nothing_follows(clock: Case, look: NetworkLook) -> None:
    assert shown(clock, look).lines == ()


class TestThePageForIt:
    @pytest.fixture
    def path(self, clock: Case) -> str:
        return reverse("wizard:it", args=[mint_link(clock, LinkKind.IT)])

    def test_shows_every_place_side_by_side(self, clock: Case, path: str) -> None:
        finish(clock)
        told(clock, looked(*BLOCKED), all_open(kind=ScriptLook, place=Place.ELSEWHERE))
        text = Client().get(path).content.decode()
        assert "Browser, elsewhere in the company" in text
        assert "Script, outside the company" in text

    def test_has_the_rule_to_add(self, path: str) -> None:
        rule = Client().get(path).context["firewall_rule"]
        for part in ("TCP", "80, 443, 59777", "clock.example.net", HOST, "192.0.2.0/24", "No TLS inspection"):
            assert part in rule

    def test_looking_at_it_makes_nothing(self, clock: Case, path: str) -> None:
        response = Client().get(path)
        assert response.context["script"] is None
        assert "Make the commands" in response.content.decode()
        assert not NetworkTest.objects.exists()

    def test_makes_the_scripts_commands_once_when_asked(self, clock: Case, path: str) -> None:
        for _ in range(3):
            response = Client(enforce_csrf_checks=True).post(f"{path}script/")
            assert (response.status_code, response.headers["Location"]) == (303, f"{path}#script-heading")
        texts = [Client().get(path).content.decode() for _ in range(3)]
        test = NetworkTest.objects.get(case=clock)
        assert test.vantage == Vantage.SCRIPT
        assert all(
            f"bash check-1.sh {tests_of_network.script_token(test)} {settings.PORTAL_URL}" in one for one in texts
        )

    def test_makes_another_once_the_first_has_ended(self, clock: Case, path: str) -> None:
        Client().post(f"{path}script/")
        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            Client().post(f"{path}script/")
        assert NetworkTest.objects.filter(case=clock).count() == 2

    def test_says_so_where_that_is_asked_too_often(self, clock: Case, path: str) -> None:
        for _ in range(NETWORK_TEST_BY_CASE.count):
            tests_of_network.begin(clock, Vantage.BROWSER)
        response = Client().post(f"{path}script/")
        assert response.status_code == 429
        assert "Retry-After" in response.headers
        assert 'role="alert"' in response.content.decode()
        assert Client().get(f"{path}script/").status_code == 303
        assert Client().post(f"{path[:-5]}wrong/script/").status_code == 404

    def test_names_no_mailbox(self, clock: Case, path: str) -> None:
        finish(clock)
        look = looked(at(443, Try(How.CERTIFICATE, 50), issuer="anna@example.org's CA", address="198.51.100.9"))
        told(clock, replace(look, source="203.0.113.9"))
        text = Client().get(path).content.decode()
        assert "anna@" not in text
        assert "198.51.100.9" in text

    @pytest.mark.usefixtures("without_responder")
    def test_without_a_responder_makes_nothing(self, clock: Case, path: str) -> None:
        Client().post(f"{path}script/")
        response = Client().get(path)
        assert response.context["script"] is None
        assert "script-heading" not in response.content.decode()
        assert not NetworkTest.objects.exists()
        assert HOST not in response.context["firewall_rule"]


def test_nothing_known_of_the_vendor_makes_no_rule(settings, client: Client) -> None:
    case = opened(slug="verification")
    text = Client().get(reverse("wizard:it", args=[mint_link(case, LinkKind.IT)])).content.decode()
    assert 'id="firewall-rule"' not in text
    assert endpoints(read(case).vendor) == ()


def test_a_gap_of_our_own_look_leaves_its_row_out(clock: Case) -> None:
    finish(clock, gaps=())
    file = read(clock)
    assert file.evidence.latest(ServerPorts)
    seen = file.evidence.latest(ServerPorts)
    assert seen
    assert seen.gap is Gap.TIMED_OUT
    assert picture(file).rows == ()
