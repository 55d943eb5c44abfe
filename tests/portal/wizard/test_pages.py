"""What holds for every page: headers, words for every code, allowlists, the mail's text."""

import json
from enum import Enum

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from diagnostics import registry, vendors
from diagnostics.domain import ConnectOutcome, DnsStatus, Gap, Stage, Status, Strength, Vantage, Verdict, Who
from diagnostics.models import Case, LinkKind, MessageState
from diagnostics.probes.test_message import Whereabouts
from diagnostics.services.cases import mint_link
from portal.wizard import words


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.STATUSES, Status),
        (words.STATUS_LINES, Status),
        (words.GAPS, Gap),
        (words.OUTCOMES, ConnectOutcome),
        (words.OUTCOME_STATUSES, ConnectOutcome),
        (words.DNS_STATUSES, DnsStatus),
        (words.WHO, Who),
        (words.STRENGTHS, Strength),
        (words.STAGES, Stage),
        (words.VANTAGES, Vantage),
        (words.MESSAGE_STATES, MessageState),
        (words.MESSAGE_STATUSES, MessageState),
        (words.MESSAGE_TAGS, MessageState),
        (words.WHEREABOUTS, Whereabouts),
        (words.VERDICTS, Verdict),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_every_code_has_words(table: dict, codes: type[Enum]) -> None:
    assert set(table) == set(codes)


def test_every_question_of_a_check_has_words() -> None:
    assert {check.question for check in registry.checks()} <= set(words.QUESTIONS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/verification/", "/nothing/here/", "case", "section", "it", "/stop/x/"], ids=lambda path: path
)
def test_every_page_comes_with_strict_headers_and_without_inline_code(owner: Client, case: Case, path: str) -> None:
    paths = {
        "case": reverse("wizard:case", args=[case.reference]),
        "section": reverse("wizard:section", args=[case.reference, "spam-folder"]),
        "it": reverse("wizard:it", args=[mint_link(case, LinkKind.IT)]),
    }
    response = owner.get(paths.get(path, path))
    text = response.content.decode()
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    for inline in ("<style", " style=", " onclick=", "javascript:", "<script>"):
        assert inline not in text
    assert '<html lang="en"' in text
    assert text.count("<h1") == 1
    assert 'href="#main"' in text
    assert 'id="help-heading"' in text
    if path in paths:
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] in ("same-origin", "no-referrer")


@pytest.mark.django_db
def test_the_link_of_a_case_is_swapped_for_a_cookie_and_tells_nobody(client: Client, case: Case) -> None:
    response = client.get(reverse("wizard:open_link", args=[mint_link(case)]))
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert mint_link(case) not in response["Location"]


@pytest.mark.parametrize("token", ["unknown", "a" * 300, "%00"])
@pytest.mark.django_db
def test_a_link_that_is_none_does_not_exist(client: Client, token: str) -> None:
    assert client.get(f"/c/{token}/").status_code == 404
    assert client.get(f"/it/{token}/").status_code == 404


class TestTheAllowlist:
    def test_as_text_is_one_value_a_line(self, client: Client) -> None:
        response = client.get("/verification/allowlist.txt")
        lines = response.content.decode().splitlines()
        clockify = vendors.vendor("clockify")
        assert set(clockify.addresses) | set(clockify.domains) <= set(lines)
        assert clockify.allowlist_version in lines[0]
        assert response["Content-Type"] == "text/plain; charset=utf-8"

    def test_as_json_carries_its_version(self, client: Client) -> None:
        found = json.loads(client.get("/verification/allowlist.json").content)
        clockify = vendors.vendor("clockify")
        assert found["version"] == clockify.allowlist_version
        assert tuple(found["addresses"]) == clockify.addresses

    def test_is_not_sent_twice_to_who_has_it(self, client: Client) -> None:
        etag = client.get("/verification/allowlist.txt")["ETag"]
        again = client.get("/verification/allowlist.txt", headers={"If-None-Match": etag})
        assert again.status_code == 304

    def test_of_an_unknown_article_does_not_exist(self, client: Client) -> None:
        assert client.get("/no-such-article/allowlist.json").status_code == 404


def test_the_test_message_is_plain_text_with_its_code_and_a_way_to_stop() -> None:
    context = {"code": "012345", "vendor": vendors.vendor("clockify"), "reference": "ABCD2345"}
    text = render_to_string("mail/test_message.txt", context | {"stop_url": "https://portal.example.org/stop/t/"})
    for part in ("012345", "Clockify", "ABCD2345", "https://portal.example.org/stop/t/"):
        assert part in text
    assert "<" not in text


@pytest.mark.parametrize("name", ["403.html", "404.html", "429.html", "500.html"])
def test_the_pages_of_last_resort_need_nothing_from_the_request(name: str) -> None:
    assert "<h1>" in render_to_string(name)
