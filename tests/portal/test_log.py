"""Links that open cases are keys: real records of Django's, through the handler that the settings make."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import task_postrun, task_prerun
from django.conf import LazySettings, settings
from django.test import Client
from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.log_context import said_about
from diagnostics.models import LinkKind
from diagnostics.net.loop import run_on_loop
from diagnostics.services.cases import mint_link
from diagnostics.services.deep_links import make_link
from diagnostics.services.limits import OPEN_BY_SOURCE, take
from diagnostics.tasks import run_groups
from portal.log import HideKeys, Json, Line, without_keys
from portal.watching import tasks
from portal.wizard.views import links
from tests.portal.wizard.conftest import opened

LOGGING: dict[str, Any] = settings.LOGGING
KEY = "Zq3-kept_secret9"


@pytest.fixture
def log():
    """What the handler `stderr` of the settings writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(HideKeys())
    handler.setFormatter(logging.Formatter(LOGGING["formatters"]["line"]["format"]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def test_the_handler_of_the_root_hides_keys() -> None:
    assert LOGGING["filters"]["hide_keys"] == {"()": "portal.log.HideKeys"}
    assert [LOGGING["handlers"][name]["filters"] for name in LOGGING["root"]["handlers"]] == [["hide_keys"]]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/c/{}/", "/it/{}/", "/l/{}/", "/c//{}/", "/c/{}/more/"])
def test_a_page_that_is_not_there(log: io.StringIO, client: Client, path: str) -> None:
    assert client.get(path.format(KEY)).status_code == 404
    assert "Not Found" in log.getvalue()
    assert KEY not in log.getvalue()


@pytest.mark.parametrize(
    "path", ["/embed/{}", "/console/account/set-password/MQ/{}/", "/console/account/set-password//MQ//{}/"]
)
def test_a_key_of_another_kind_of_link(path: str) -> None:
    assert KEY not in without_keys(f"Internal Server Error: {path.format(KEY)}")


@pytest.mark.parametrize("key", ["wmc_live_" + "aB3_-" * 8 + "aB3", "whsec_" + "aB3+" * 10 + "aB3="])
def test_a_key_of_a_system(key: str) -> None:
    hidden = without_keys(f"ValueError: '{key}' was sent to x")
    assert hidden == f"ValueError: '{key[: key.index('aB3')]}…' was sent to x"


@pytest.mark.django_db
def test_a_post_without_its_csrf_token(log: io.StringIO) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/stop/{KEY}/").status_code == 403
    assert "Forbidden (CSRF" in log.getvalue()
    assert KEY not in log.getvalue()


@pytest.mark.django_db
def test_a_reached_limit(log: io.StringIO, client: Client) -> None:
    found = article("verification")
    assert found is not None
    token = make_link(article=found, company_id="ACME-1", address=Address("anna", "example.org"))
    for _ in range(OPEN_BY_SOURCE.count):
        take([(OPEN_BY_SOURCE, "127.0.0.1")])
    assert client.post(f"/l/{token}/").status_code == 429
    assert "/l/…/" in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.django_db
def test_a_fault_of_ours_with_its_traceback(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(f"nothing for /it/{token}/")

    token = mint_link(opened(), LinkKind.IT)
    monkeypatch.setattr(links, "read", fail)
    quiet = Client(raise_request_exception=False)
    assert quiet.get(reverse("wizard:it", args=[token])).status_code == 500
    assert "RuntimeError: nothing for /it/…/" in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.parametrize("text", ["/cases/ABCD2345/", "/verification/", "1 of 2 checks", "lib/unit/x.py"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_keys(text) == text


@pytest.fixture
def objects() -> Iterator[io.StringIO]:
    """What the same handler writes with LOG_FORMAT=json."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(HideKeys())
    handler.setFormatter(Json())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def read(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


NASTY = "a\r\nINFO portal all is well\x1b[2J\u202e\u2028\x85\x00"


def test_nothing_that_is_logged_begins_a_line(log: io.StringIO, objects: io.StringIO) -> None:
    (handler,) = (one for one in logging.getLogger().handlers if getattr(one, "stream", None) is log)
    handler.setFormatter(Line(LOGGING["formatters"]["line"]["format"]))
    try:
        raise ValueError(NASTY)
    except ValueError:
        logging.getLogger("portal").exception("failed for %s", NASTY)
    (found,) = read(objects)
    assert found["message"] == f"failed for {NASTY}"
    assert "ValueError" in found["exception"]
    first, *others = log.getvalue().split("\n")[:-1]
    assert first.endswith(r"failed for a\r\nINFO portal all is well\x1b[2J\u202e\u2028\x85\x00")
    assert all(line.startswith("    ") for line in others)
    for text in (log.getvalue(), objects.getvalue()):
        assert not set(NASTY) & set("\r\x1b\u202e\u2028\x85\x00") & set(text)


def test_an_object_holds_what_is_known_and_nothing_that_a_library_added(objects: io.StringIO) -> None:
    with said_about(case="ABCD2345", run=7):
        logging.getLogger("x").warning("to %s", "anna@example.org", extra={"recipient": "anna@example.org"})
    (found,) = read(objects)
    assert found.pop("time").endswith("+00:00")
    assert found.pop("process") > 0
    assert found == {"level": "WARNING", "logger": "x", "message": "to …@example.org", "case": "ABCD2345", "run": 7}


def test_a_fault_hides_its_keys_in_an_object_too(objects: io.StringIO) -> None:
    try:
        raise RuntimeError(f"nothing for anna@example.org behind /it/{KEY}/")
    except RuntimeError:
        logging.getLogger("x").exception("failed")
    assert "RuntimeError: nothing for …@example.org behind /it/…/" in read(objects)[0]["exception"]
    assert KEY not in objects.getvalue()


def test_what_the_log_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="address"), said_about(address="anna@example.org"):
        pass


@pytest.mark.django_db
def test_a_request_has_a_number_a_view_and_its_case(
    objects: io.StringIO, client: Client, settings: LazySettings
) -> None:
    settings.ACCESS_LOG = True
    case = opened()
    client.get(f"/cases/{case.reference}/", headers={"X-Request-ID": "from-anybody-1"})
    settings.TRUSTED_PROXY_HOPS = 1
    client.get("/timeclock/", {"q": "anna@example.org"}, headers={"X-Request-ID": "from-our-proxy-1"})
    client.get("/timeclock/", headers={"X-Request-ID": "nonsense\u00e9"})
    first, missing, second, third = read(objects)
    assert missing["logger"] == "django.request"
    assert (missing["case"], missing["view"]) == (case.reference, "wizard:case")
    assert re.fullmatch("[0-9a-f]{32}", first["request_id"])
    assert first["request_id"] == missing["request_id"] != third["request_id"]
    assert (first["status"], first["method"], first["case"]) == (404, "GET", case.reference)
    assert (second["request_id"], second["view"], second["status"]) == ("from-our-proxy-1", "wizard:start", 200)
    assert second["milliseconds"] > 0
    assert not {"path", "address"} & second.keys()
    assert "anna" not in objects.getvalue()
    logging.getLogger("x").warning("later")
    assert "request_id" not in read(objects)[-1]


def test_a_task_says_what_it_is_about_also_from_the_event_loop(objects: io.StringIO) -> None:
    tasks.connect()

    async def speak() -> None:
        logging.getLogger("x").warning("from the loop")

    task = run_groups
    task_prerun.send(task, task_id="task-1", task=task, args=([42, 43],), kwargs={})
    run_on_loop(speak(), 10)
    task_postrun.send(task, task_id="task-1", task=task, args=([42, 43],), kwargs={}, retval=None, state="SUCCESS")
    logging.getLogger("x").warning("afterwards")
    during, after = read(objects)
    assert (during["task"], during["task_id"], during["group"]) == ("run_groups", "task-1", "42,43")
    assert "task" not in after


def test_a_fault_that_ends_a_process_is_an_object_too() -> None:
    program = "import django; django.setup(); import warnings; warnings.warn('old way'); raise SystemError('a\\nb')"
    environment = os.environ | {"LOG_FORMAT": "json", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert (done.returncode, [one["level"] for one in said]) == (1, ["WARNING", "CRITICAL"])
    assert "old way" in said[0]["message"]
    assert said[1]["message"] == "this process ends: SystemError"
