"""Reads: ETags, languages, what a diagnosis says and what it does not."""

from __future__ import annotations

import pytest

from diagnostics.dispatch import publish_events
from diagnostics.domain import DirectoryAnswer, Membership
from diagnostics.models import Case
from diagnostics.services.api_keys import Scope
from tests.portal.api.conftest import CANNED, CASE, Api, MakeApi, finish, opened
from tests.portal.wizard.conftest import finish as finish_with

PATHS = ["/cases", "/cases/{}", "/cases/{}/diagnosis", "/cases/{}/events", "/events", "/test-domains"]


@pytest.mark.parametrize("path", PATHS)
def test_what_has_not_changed_is_not_sent_again(testing: Api, path: str) -> None:
    path = path.format(opened(testing, CANNED).reference)
    publish_events()
    first = testing.get(path)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Accept-Language"} <= {one.strip() for one in first.headers["Vary"].split(",")}
    for said in (etag, f'"other", W/{etag}', "*"):
        again = testing.get(path, If_None_Match=said)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    for said in ('"other"', "", "nonsense", etag.strip('"')):
        assert testing.get(path, If_None_Match=said).status_code == 200


def test_an_etag_changes_with_what_it_names(testing: Api) -> None:
    case = opened(testing, CANNED)
    path = f"/cases/{case.reference}/diagnosis"
    before = testing.get(path).headers["ETag"]
    finish(case)
    assert testing.get(path, If_None_Match=before).status_code == 200


def test_a_diagnosis_names_cause_proof_who_and_what_to_do(testing: Api) -> None:
    case = opened(testing, CANNED)
    checking = testing.get(f"/cases/{case.reference}/diagnosis").json()
    assert (checking["state"], checking["verdict"], checking["next_action"]["code"]) == ("checking", None, "wait")
    finish(case)
    response = testing.get(f"/cases/{case.reference}/diagnosis")
    found = response.json()
    first = found["causes"][0]
    assert (found["state"], found["verdict"]) == ("finished", "cause_found")
    assert (first["cause"], first["strength"], first["stage"], first["sure"]) == (
        "mailbox.full",
        "proves",
        "accepted",
        True,
    )
    assert first["who"]
    assert "out of storage" in first["facts"]["reply"]
    assert found["headline"] == first["headline"] != ""
    assert found["next_action"] == {"code": "fix", "text": first["next_step"], "who": first["who"]}
    asked = {one["question"]: one for one in found["questions"]}
    assert asked["space"]["status"] == "problem"
    assert asked["space"]["findings"][0]["tag"] == "mailbox.full"
    assert asked["space"]["text"] != "space"
    assert found["mailbox_provider"] == "google-workspace"
    assert response.headers["Content-Language"] == found["language"] == "en"


def test_texts_are_in_the_language_of_the_request_not_of_a_cookie(testing: Api) -> None:
    case = opened(testing, CANNED)
    path = f"/cases/{case.reference}/diagnosis"
    for said in ("de, en;q=0.5", "xx", "*", "\x00", "en-GB", ",;q=,", "a" * 4000):
        assert testing.get(path, Accept_Language=said, Cookie="language=de").json()["language"] == "en"


def on_file_elsewhere(api: Api, body: dict[str, str]) -> Case:
    """A case whose address the vendor's records know with another company."""
    from diagnostics.probes.directory_match import DirectoryMatch

    case = opened(api, body)
    answer = DirectoryAnswer(Membership.OTHER_COMPANY)
    finish_with(case, DirectoryMatch(answer.membership))
    return case


@pytest.mark.parametrize(
    ("opener", "reader", "named"),
    [
        (tuple(Scope), tuple(Scope), True),
        (tuple(Scope), (Scope.DIAGNOSIS_READ,), False),
        ((Scope.CASE_WRITE,), tuple(Scope), False),
    ],
    ids=["tier 1 to a key that vouches", "tier 1 to a key that does not", "tier 0"],
)
def test_a_diagnosis_names_no_more_than_key_and_case_allow(
    make_api: MakeApi, opener: tuple[Scope, ...], reader: tuple[Scope, ...], named: bool
) -> None:
    case = on_file_elsewhere(make_api(*opener), CASE)
    text = make_api(*reader).get(f"/cases/{case.reference}/diagnosis").content.decode()
    assert ("address.other-company" in text) is named
    assert ('"directory"' in text) is named


def test_at_tier_0_nothing_depends_on_the_vendors_records(make_api: MakeApi) -> None:
    api = make_api(Scope.CASE_WRITE, Scope.DIAGNOSIS_READ)
    known = on_file_elsewhere(api, CASE)
    unknown = opened(api, CASE)
    finish_with(unknown)
    texts = [api.get(f"/cases/{one.reference}/diagnosis").json() | {"case": ""} for one in (known, unknown)]
    assert texts[0] == texts[1]
