"""What Prometheus is told: right, cheap at a million cases, about nobody; and all that the alerts ask for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from diagnostics.domain import Address, Gap, ProbeGroup, SendOutcome, SmtpReply, SmtpStage, Transmission, Verdict
from diagnostics.models import Case, CaseEvent, Heartbeat, Incident, ObservationRecord, Purpose, TestMessage
from diagnostics.services import audit, audit_chain, case_events, messages, refusals
from diagnostics.services.limits import MESSAGE_BY_ANYONE
from portal import looks
from portal.watching import tail
from portal.watching.durable import QUESTIONS, Durable
from portal.watching.exposition import describe
from portal.watching.tasks import TAKEN, UNDER_WAY
from tests.diagnostics.services.evidence import COMPANY, person_in_everything

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
TOKEN = "tK4-vQ9mXr2Lw7ZfYh3Jb8NcPd5Sg6Ae"
ALERTS = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = json.loads((DEPLOY / "grafana" / "portal.json").read_text())["panels"]
EXPRESSIONS = {
    **{f"alert {rule['alert']}": rule["expr"] for rule in ALERTS},
    **{
        f"panel {one['title']}: {target['refId']}": target["expr"]
        for one in PANELS
        for target in one.get("targets", ())
    },
}
LARGE = (
    *("case", "caseevent", "run", "group", "observationrecord", "testmessage", "webhookdelivery", "webhooktry"),
    "ticketnote",
)
needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="no promtool; as root: apt install --no-install-recommends prometheus"
)
GIVEN_BY_PROMETHEUS = {"job", "instance"}


def told(registry: CollectorRegistry) -> dict[str, Metric]:
    """By the names of their samples."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {sample.name: family for family in families for sample in family.samples}


def value(families: dict[str, Metric], sample: str, /, **labels: str) -> float:
    return sum(
        one.value for one in families[sample].samples if one.name == sample and labels.items() <= one.labels.items()
    )


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> CollectorRegistry:
    """As `manage.py exporter` answers, but that what was added counts at once."""
    monkeypatch.setattr(tail, "LATE", 0.0)
    registry = CollectorRegistry()
    registry.register(Durable(tail.tails()))
    describe(registry)
    return registry


@pytest.mark.django_db(transaction=True)
def test_what_is_durable_is_told_by_the_exporter(exporter: CollectorRegistry, client: Client) -> None:
    before = told(exporter)
    assert value(before, "portal_database_up") == 1
    assert value(before, "portal_cases_opened_total") == 0
    assert {one.labels["group"] for one in before["portal_queue_groups"].samples} == set(ProbeGroup)
    assert value(before, "portal_limits_reached_total", rule=MESSAGE_BY_ANYONE.name) == 0
    assert before["portal_limits_reached_total"].samples, "Prometheus must have seen the 0 to see it grow"

    case = person_in_everything()
    run = case.runs.get()
    run.groups.filter(name="ports").update(
        state="queued", started_at=None, created_at=timezone.now() - timedelta(minutes=3)
    )
    Heartbeat.objects.create(name="dispatcher", at=timezone.now() - timedelta(seconds=40))
    now = timezone.now()
    Incident.objects.create(dimension="provider", value="gmail", began_at=now, found_at=now, usual=0.1, share=0.9)
    audit_chain.verify_and_tell(audit.Actor("system", "verify_audit"))
    refusals.note(MESSAGE_BY_ANYONE.name)
    refusals.write(now=True)
    client.get(f"/cases/{case.reference}/")
    TAKEN.labels("run_groups", "success").observe(1.0)
    UNDER_WAY.labels("run_groups").set(0)

    found = told(exporter)
    ended = CaseEvent.objects.filter(kind="run.finished")
    assert value(found, "portal_cases_opened_total") == Case.objects.count() > 0
    assert value(found, "portal_verdicts_total") == value(found, "portal_run_seconds_count") == ended.count() > 0
    of_probes = ObservationRecord.objects.filter(group__isnull=False)
    assert value(found, "portal_probes_total") == value(found, "portal_probe_seconds_count") == of_probes.count() > 0
    assert value(found, "portal_messages_total", outcome="refused") == 1
    assert value(found, "portal_queue_groups", group="ports") == 1
    assert 180 <= value(found, "portal_queue_oldest_seconds", group="ports") < 400
    assert 40 <= value(found, "portal_heartbeat_age_seconds", name="dispatcher") < 400
    assert value(found, "portal_incidents_open", dimension="provider") == 1
    assert value(found, "portal_limits_reached_total", rule="message-by-anyone") == 1
    assert value(found, "portal_audit_unbroken") == value(found, "portal_broker_up") == 1
    assert value(told(exporter), "portal_cases_opened_total") == Case.objects.count()  # nothing counts twice

    everything = told(REGISTRY) | found
    text = (generate_latest(REGISTRY) + generate_latest(exporter)).decode().lower()
    assert not [secret for secret in ("anna", COMPANY, "example.org", case.reference) if secret.lower() in text]
    assert len(text.splitlines()) < 4_000
    names = set(everything) | {"up"}
    labels = {name for family in everything.values() for sample in family.samples for name in sample.labels}
    for place, expression in EXPRESSIONS.items():
        assert metrics_in(expression) <= names, place
        assert labels_in(expression) <= labels | GIVEN_BY_PROMETHEUS, place


@pytest.mark.django_db(transaction=True)
def test_events_count_from_when_they_happened_until_they_are_published(exporter: CollectorRegistry) -> None:
    assert value(told(exporter), "portal_events_oldest_seconds") == 0
    case = person_in_everything()
    just_now = told(exporter)
    assert value(just_now, "portal_events_unpublished") == CaseEvent.objects.count() > 1
    assert 0 < value(just_now, "portal_events_oldest_seconds") < 50
    oldest = case.events.earliest("pk")
    CaseEvent.objects.filter(pk=oldest.pk).update(at=timezone.now() - timedelta(seconds=100))
    assert 100 <= value(told(exporter), "portal_events_oldest_seconds") < 150
    case_events.publish(())
    published = told(exporter)
    assert value(published, "portal_events_unpublished") == value(published, "portal_events_oldest_seconds") == 0


@pytest.mark.django_db(transaction=True)
def test_what_was_put_off_is_as_old_as_its_next_try_is_due(exporter: CollectorRegistry, settings: LazySettings) -> None:
    """Greylisting twice takes longer than what somebody is called for, and is nothing to call anybody for."""

    def oldest(state: str) -> float:
        return value(told(exporter), "portal_messages_oldest_seconds", state=state)

    def aged(**columns: int) -> None:
        """Those columns of the message said what was so many seconds ago."""
        TestMessage.objects.update(**{name: timezone.now() - timedelta(seconds=ago) for name, ago in columns.items()})

    settings.RETRY_AFTER = (60, 300)
    case = person_in_everything()
    TestMessage.objects.all().delete()
    message = messages.request_message(
        case, purpose=Purpose.PRIMARY, address=Address("berta", "example.net"), source="192.0.2.9"
    )
    aged(created_at=200)
    assert 200 <= oldest("queued") < 250, "nobody has taken it yet"
    for number in (1, 2):
        assert messages.claim_message(message.pk)
        assert oldest("sending") < 50
        aged(sent_at=190)
        assert 190 <= oldest("sending") < 240
        reply = SmtpReply(SmtpStage.RCPT, 450, "4.7.1 Greylisted, try again later")
        messages.finish_message(message.pk, Transmission(SendOutcome.DEFERRED, "direct", replies=(reply,)))
        aged(created_at=900 * number, dispatched_at=890 * number)
        assert oldest("deferred") == 0, "its time has not come"
        aged(next_try_at=10)
        assert 10 <= oldest("deferred") < 60
        assert messages.requeue_due() == 1
        assert 10 <= oldest("queued") < 60
    aged(next_try_at=300)
    assert 300 <= oldest("queued") < 350, "its time came, and nobody takes it"


@pytest.mark.django_db
def test_every_statement_finds_an_index() -> None:
    """With a handful of rows PostgreSQL reads a table whole; told not to where it can help it, it shows if it can."""
    statements = [question.sql for question in QUESTIONS]
    statements += [one.sql.replace("%s", "0", 1).replace("%s", "9", 1) for one in tail.tails()]
    tables = "|".join(f"diagnostics_{name}" for name in LARGE)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert not re.search(rf"Seq Scan on ({tables})\b", plan), plan


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}"])
def test_without_the_token_nothing_is_there(client: Client, settings: LazySettings, header: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    given = {"Authorization": header} if header else {}
    refused, unknown = client.get("/metrics", headers=given), client.get("/nothing-is-here/", headers=given)
    assert refused.status_code == unknown.status_code == 404
    assert refused.content == unknown.content
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
def test_requests_are_told_by_view_to_who_shows_the_token(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN, settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = TOKEN, ["portal.example.org"], True
    client.get("/timeclock/", secure=True, headers={"Host": "portal.example.org"})
    client.generic("FORGED", "/cases/ABCD2345/", secure=True, headers={"Host": "portal.example.org"})
    # As Prometheus comes: by address, and without https.
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": "192.0.2.1:8000"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    text = answer.content.decode()
    assert re.search(r'portal_requests_total\{method="GET",status="200",view="wizard:start"\} [1-9]', text)
    assert 'portal_request_seconds_bucket{le="0.5",view="wizard:start"}' in text
    assert 'method="other"' in text
    assert not [secret for secret in ("ABCD2345", "FORGED", "/timeclock/", "192.0.2.1") if secret in text]


def test_a_database_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nonexistent")
    registry = CollectorRegistry()
    registry.register(Durable(tail.tails()))
    found = told(registry)
    assert value(found, "portal_database_up") == 0
    assert "portal_queue_groups" not in found


def test_what_alerts_ask_for_are_values_that_there_are() -> None:
    known = {
        "outcome": {*Gap, *SendOutcome, "seen"},
        "verdict": set(Verdict),
        "state": {"queued", "sending", "failure"},
        "name": {"dispatcher", "backup"},
        "rule": {MESSAGE_BY_ANYONE.name},
    }
    for place, expression in EXPRESSIONS.items():
        for label, _, values in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', expression):
            if label in known:
                assert set(values.split("|")) <= known[label], place


def test_each_alert_says_what_to_do() -> None:
    book = (DEPLOY.parent / "docs" / "operations.md").read_text()
    for rule in ALERTS:
        assert f"`{rule['alert']}`" in book
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary"}
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


@needs_promtool
def test_the_alerts_tell_of_what_goes_wrong() -> None:
    folder = DEPLOY / "prometheus"
    promtool("check", "config", "--syntax-only", str(folder / "prometheus.yml"))
    promtool("check", "rules", str(folder / "alerts.yml"))
    promtool("test", "rules", str(folder / "alerts_test.yml"))


@needs_promtool
@pytest.mark.django_db(transaction=True)
def test_figures_are_named_as_prometheus_wants_them(exporter: CollectorRegistry, client: Client) -> None:
    client.get("/timeclock/")
    for registry in (exporter, REGISTRY):
        promtool("check", "metrics", given=generate_latest(registry))


def promtool(*command: str, given: bytes = b"") -> None:
    """It has nothing to say against it."""
    done = subprocess.run(["promtool", *command], input=given, capture_output=True, timeout=60)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def metrics_in(expression: str) -> set[str]:
    plain = re.sub(r'"[^"]*"', '""', re.sub(r"\b(?:by|without) *\([^)]*\)", "", expression))
    return set(re.findall(r"\b(?:portal|process)_[a-z_]+|\bup\b", plain))


def labels_in(expression: str) -> set[str]:
    grouped = re.findall(r"\b(?:by|without) *\(([^)]*)\)", expression)
    matched = re.findall(r'(\w+)(?:=~|!=|!~|=)"', expression)
    return {name.strip() for names in grouped for name in names.split(",")} | set(matched)


def test_a_look_at_the_queue_counts_from_when_it_was_published_again(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert looks.oldest_queued_seconds(connection.connection) == 0
