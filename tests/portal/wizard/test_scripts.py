"""The check script's files, its commands, and its reports: uploaded, or pasted into the case's page."""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics import vendors
from diagnostics.domain import Vantage
from diagnostics.echo import Echo, sign
from diagnostics.looks import LONGEST
from diagnostics.models import Case, NetworkTest
from diagnostics.probes.network_look import How, Place, ScriptLook
from diagnostics.services import limits, network
from diagnostics.services.runs import evidence_of
from diagnostics.vendors import vendor
from portal.wizard.scripts import commands, scripts
from tests.portal.wizard.conftest import finish, give, opened

pytestmark = pytest.mark.django_db

HOST = "check.example.net"
REPORT = "/network/report/"


@pytest.fixture(autouse=True)
def profile(tmp_path: Path) -> Iterator[None]:
    """The timeclock vendor with a test point of its own."""
    text = f'name = "Timeclock"\nports = [443]\n[[responders]]\nname = "{HOST}"\nports = [80, 443, 59777]\n'
    (tmp_path / "timeclock.toml").write_text(text)
    before = vendors.use(tmp_path)
    yield
    vendors.use(*before)


@pytest.fixture
def case(db: None) -> Case:
    case = opened(slug="timeclock")
    finish(case)
    return case


@pytest.fixture
def test_of_case(case: Case) -> NetworkTest:
    return network.begin(case, Vantage.SCRIPT)


def told(test: NetworkTest, *, ports: tuple[int, ...] = (443, 59777), **more: Any) -> dict[str, Any]:
    """A report with 443 open and the others filtered."""
    signed = sign(Echo(test.nonce, 443, "203.0.113.7", time.time()), settings.RESPONDER_KEY.encode())
    plain = {
        "v": 1,
        "token": network.script_token(test),
        "place": "device",
        "tool": "bash",
        "portal": 0,
        "clock": None,
        "ports": [
            {
                "host": HOST,
                "port": port,
                "exit": 0 if port == 443 else 28,
                "connected": port == 443,
                "ms": 100,
                "error": "" if port == 443 else "Connection timed out after 6000 milliseconds",
                "address": "192.0.2.10",
                "issuer": "",
                "signed": signed if port == 443 else "",
                "proxy": None,
                "proxy_signed": "",
            }
            for port in ports
        ],
    }
    return plain | more


def upload(report: dict[str, Any] | bytes, source: str = "127.0.0.1"):
    """As curl does: no cookies, no CSRF token."""
    body = report if isinstance(report, bytes) else json.dumps(report).encode()
    return Client(enforce_csrf_checks=True).post(REPORT, body, content_type="application/json", REMOTE_ADDR=source)


def looks(case: Case) -> list[ScriptLook]:
    return list(evidence_of(case.runs.order_by("-number")[0]).all(ScriptLook))


def said(response: HttpResponse) -> str:
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    text = response.content.decode("ascii")
    assert text.rstrip("\n").endswith((".", "?"))
    assert text.count("\n") == 1
    return text


# --- the files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["check-1.sh", "check-1.ps1"])
def test_a_script_is_shown_as_text_and_is_the_file_of_its_hash(client: Client, name: str) -> None:
    (script,) = [one for one in scripts() if one.name == name]
    response = client.get(f"/{name}")
    assert response.status_code == 200
    assert hashlib.sha256(response.content).hexdigest() == script.sha256
    assert response.content.decode("ascii") == script.text
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == f'inline; filename="{name}"'
    assert "public" in response["Cache-Control"]
    assert client.get(f"/{name}", headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.post(f"/{name}").status_code == 405


@pytest.mark.parametrize("path", ["/check-2.sh", "/check-1.py", "/check-1.sh/", "/check-1.sh%0a"])
def test_there_is_no_other_file(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


# --- the commands ----------------------------------------------------------------------------------------------------


def test_commands_name_the_token_the_portal_and_every_port(test_of_case: NetworkTest, settings: Any) -> None:
    settings.PORTAL_URL = "https://portal.example.org"
    settings.RESPONDER_PORTS = {80: 80, 443: 8443, 59777: 59777}
    bash, powershell = scripts()
    token = network.script_token(test_of_case)
    for script in (bash, powershell):
        lines = commands(script, token, vendor("timeclock"))
        assert script.url == f"https://portal.example.org/{script.name}"
        assert script.url in lines.download
        assert script.name in lines.show
        assert script.sha256 in lines.verify
        ports = f"{HOST}:443=8443 {HOST}:80 {HOST}:59777"
        assert lines.run.endswith(f"{token} https://portal.example.org {ports}")
        assert not any("\n" in line for line in (lines.download, lines.show, lines.verify, lines.run))
    assert commands(bash, token, vendor("timeclock")).run.startswith("bash check-1.sh ")
    assert "-File check-1.ps1 " in commands(powershell, token, vendor("timeclock")).run


def test_the_line_that_verifies_tells_our_file_from_another(tmp_path: Path) -> None:
    bash = scripts()[0]
    verify = commands(bash, "token", vendor("timeclock")).verify
    for text, words in ((bash.text, "The file is ours"), (bash.text + "#", "Do NOT run it")):
        (tmp_path / bash.name).write_text(text)
        done = subprocess.run(["bash", "-c", verify], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == f"{words}\n"


# --- uploaded --------------------------------------------------------------------------------------------------------


def test_a_report_is_added_to_its_case(case: Case, test_of_case: NetworkTest) -> None:
    response = upload(told(test_of_case), source="203.0.113.9")
    assert response.status_code == 201
    assert said(response).startswith("Received.")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    (look,) = looks(case)
    assert (look.nonce, look.place, look.source) == (test_of_case.nonce, Place.DEVICE, "203.0.113.9")
    assert {port.port: port.hows for port in look.ports} == {443: {How.ECHO}, 59777: {How.FILTERED}}


def test_the_same_report_again_is_as_good_and_changes_nothing(case: Case, test_of_case: NetworkTest) -> None:
    assert [upload(told(test_of_case)).status_code for _ in range(7)] == [201] * 7
    assert len(looks(case)) == 1
    test_of_case.refresh_from_db()
    assert test_of_case.reports == 1


def test_five_places_can_be_reported_with_one_command(case: Case, test_of_case: NetworkTest) -> None:
    reports = [told(test_of_case, portal=number) for number in range(6)]
    for number, report in enumerate(reports[:5]):
        report["ports"][0]["ms"] = number
    responses = [upload(report) for report in reports]
    assert [response.status_code for response in responses] == [201] * 5 + [409]
    assert "as often as it may" in said(responses[-1])
    assert len(looks(case)) == 5
    assert upload(reports[0]).status_code == 201


def test_a_report_that_comes_after_a_day_is_told_so(case: Case, test_of_case: NetworkTest) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1), tick=False):
        response = upload(told(test_of_case))
    assert response.status_code == 410
    assert "too old" in said(response)
    assert not looks(case)


@pytest.mark.parametrize(
    "token", [f"{'A' * 22}.{'0' * 32}", "{nonce}." + "0" * 32], ids=["no such test", "another's secret"]
)
def test_an_unknown_token_reports_nothing(case: Case, test_of_case: NetworkTest, token: str) -> None:
    response = upload(told(test_of_case, token=token.replace("{nonce}", test_of_case.nonce)))
    assert response.status_code == 403
    assert "do not know this token" in said(response)
    assert not looks(case)


def test_a_test_of_the_page_is_none_of_the_scripts(case: Case) -> None:
    assert upload(told(network.begin(case, Vantage.BROWSER))).status_code == 403


@pytest.mark.parametrize("ports", [(), (443, 25), (443, 443)], ids=["none", "not ours", "one twice"])
def test_ports_that_are_not_ours_are_refused(case: Case, test_of_case: NetworkTest, ports: tuple[int, ...]) -> None:
    response = upload(told(test_of_case, ports=ports))
    assert response.status_code == 400
    assert "other ports" in said(response)
    assert not looks(case)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff", b"a=b"])
def test_what_is_no_report_is_refused_in_words(body: bytes) -> None:
    response = upload(body)
    assert response.status_code == 400
    said(response)


@pytest.mark.parametrize("size", [LONGEST + 1, 2 * 1024 * 1024], ids=["a little", "far"])
def test_what_is_too_long_is_refused_in_words(size: int) -> None:
    response = upload(b" " * size)
    assert response.status_code == 413
    assert "too long" in said(response)


def test_a_report_for_a_vendor_that_is_gone_is_told_so(case: Case, test_of_case: NetworkTest) -> None:
    Case.objects.filter(pk=case.pk).update(vendor="gone")
    assert upload(told(test_of_case)).status_code == 410


def test_reports_come_by_post_alone(client: Client) -> None:
    assert client.get(REPORT).status_code == 405


def test_a_network_that_sends_too_many_is_told_when_to_come_back(case: Case, test_of_case: NetworkTest) -> None:
    count = limits.NETWORK_REPORT_BY_SOURCE.count
    for _ in range(count):
        assert upload(b"{", source="203.0.113.9").status_code == 400
    response = upload(told(test_of_case), source="203.0.113.9")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "too often" in said(response)
    assert not looks(case)
    assert upload(told(test_of_case), source="203.0.113.10").status_code == 201


def test_the_portal_tells_the_time(client: Client) -> None:
    with time_machine.travel(1_000_000.25, tick=False):
        response = client.get("/network/now/")
    assert response.json() == {"now": 1_000_000_250}
    assert "no-store" in response["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in response


# --- from the case's page --------------------------------------------------------------------------------------------


@pytest.fixture
def owner(client: Client, case: Case) -> Client:
    give(client, case)
    return client


def begin(client: Client, case: Case):
    return client.post(reverse("wizard:begin_script", args=[case.reference]))


def paste(client: Client, case: Case, text: str):
    return client.post(reverse("wizard:pasted_report", args=[case.reference]), {"report": text})


def block(report: dict[str, Any]) -> str:
    packed = base64.encodebytes(json.dumps(report).encode()).decode()
    return f"-----BEGIN NETWORK REPORT-----\n{packed}-----END NETWORK REPORT-----\n"


def test_the_commands_are_asked_for_once(owner: Client, case: Case) -> None:
    for _ in range(2):
        response = begin(owner, case)
        assert response.status_code == 303
        assert response["Location"].endswith("#network")
    assert [test.vantage for test in case.network_tests.all()] == [Vantage.SCRIPT]


def test_used_up_commands_are_followed_by_new_ones(owner: Client, case: Case, test_of_case: NetworkTest) -> None:
    NetworkTest.objects.filter(pk=test_of_case.pk).update(reports=network.REPORTS[Vantage.SCRIPT])
    begin(owner, case)
    assert case.network_tests.count() == 2


def test_only_the_cases_own_page_asks_for_commands_or_takes_a_block(client: Client, case: Case) -> None:
    assert begin(client, case).status_code == 404
    assert paste(client, case, "x").status_code == 404
    assert not case.network_tests.exists()


def test_a_pasted_block_is_added_to_its_case(owner: Client, case: Case, test_of_case: NetworkTest) -> None:
    for _ in range(2):
        response = paste(owner, case, f"Hello,\n> {block(told(test_of_case))}")
        assert response.status_code == 303
        assert response["Location"].endswith("#network")
    (look,) = looks(case)
    assert look.source == ""
    assert {port.port: port.hows for port in look.ports} == {443: {How.ECHO}, 59777: {How.FILTERED}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste the block that the script printed"),
        ("bash: curl: command not found", "There is no report in this text"),
        ("-----BEGIN NETWORK REPORT-----\neyJ2Ijo", "The end of the report is missing"),
        ("x" * 41_000, "This is too long for a report"),
    ],
    ids=["nothing", "no block", "cut off", "too long"],
)
def test_a_block_that_cannot_be_read_is_explained_in_place(owner: Client, case: Case, text: str, words: str) -> None:
    response = paste(owner, case, text)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert "<title>Error: " in response.content.decode()


def test_a_block_of_another_case_is_not_taken(owner: Client, case: Case) -> None:
    other = opened("bert@example.org", slug="timeclock")
    response = paste(owner, case, block(told(network.begin(other, Vantage.SCRIPT))))
    assert "belongs to another case" in response.content.decode()
    assert not looks(case)
    assert not looks(other)


def test_a_block_with_a_wrong_secret_is_not_taken(owner: Client, case: Case, test_of_case: NetworkTest) -> None:
    wrong = told(test_of_case, token=f"{test_of_case.nonce}.{'0' * 32}")
    assert "do not know this token" in paste(owner, case, block(wrong)).content.decode()
    assert not looks(case)


def test_a_block_and_its_upload_are_one_look(owner: Client, case: Case, test_of_case: NetworkTest) -> None:
    upload(told(test_of_case), source="203.0.113.9")
    paste(owner, case, block(told(test_of_case)))
    assert [look.source for look in looks(case)] == ["203.0.113.9"]
