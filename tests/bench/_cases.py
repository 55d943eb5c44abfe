"""A portal's database after two busy years: 1,000,000 cases and 12,000,000 observations, the same ones every time.

Domains, providers, gateways, causes and companies are as uneven as in life (Zipf), and they hang together: a domain has
one mail system, a provider never sees some of the causes, an article and a cause were given up long ago, the API came
late. Everything is made inside PostgreSQL, table by table, indexes last.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from diagnostics.codec import encode
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    DnsStatus,
    Evidence,
    Gap,
    ProbeGroup,
    ProviderKind,
    Seen,
    Vantage,
)
from diagnostics.models import Case, Group, ObservationRecord, Run
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.providers import providers
from diagnostics.registry import probes
from diagnostics.remedies import remedies
from diagnostics.verdicts import diagnose

CASES = 1_000_000
DOMAINS, COMPANIES = 60_000, 40_000
FREE_MAIL = 12
"""The biggest domains are of no company: their customers belong to any."""
EVERY = 10
"""Every so many-th case has a second run."""
BIG_CASE, BIG_CASE_RUNS = 500_001, 40
DIAGNOSED = 1_000
"""The newest cases hold a whole diagnosis, too: case pages are asked of them."""
RETIRED_ARTICLE, RARE_ARTICLE, RETIRED_CAUSE = "old-clock", "pilot", "mailbox.over-quota"
TABLES = (Case, Run, Group, ObservationRecord)
GROUPS = tuple(ProbeGroup)
NAMES = "anna bert carl dora emil frieda gustav helga ivan jana karl lena mario nina otto paula"
MIGRATIONS = Path(__file__).resolve().parents[2] / "diagnostics" / "migrations"
DIGITS = "23456789ABCDEFGH"
"""Of case references; a multiplication modulo 2^32 spreads them."""


def key() -> str:
    """Changes with every migration and with this file: a database that was filled under another key is filled anew."""
    files = (*sorted(MIGRATIONS.glob("*.py")), Path(__file__))
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def filled_for() -> str:
    """The key under which the database was filled; empty where it was not, or not to the end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('public'::regnamespace)")
        (said,) = cursor.fetchone()
    return said if said and len(said) == 64 else ""


def fill() -> None:
    """Empties the database and fills it: minutes, and about 6.5 GB."""
    filled_for = key()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        call_command("migrate", verbosity=0)
        cursor.execute("SET session_replication_role = replica")  # what follows fits together: no trigger looks at it
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        cursor.execute("SET max_parallel_workers_per_gather = 0; SELECT setseed(0.5)")  # the same draw every time
        with _without_indexes():
            for name, sql, values in _statements():
                started = time.monotonic()
                cursor.execute(sql, values)
                _say(f"{name}: {cursor.rowcount:,} in {time.monotonic() - started:.0f} s")
        _diagnose_newest()
        for model in TABLES:
            table = model._meta.db_table
            last = f"(SELECT max(id) FROM {table})"  # noqa: S608
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("RESET ALL")
        cursor.execute(f"COMMENT ON SCHEMA public IS '{filled_for}'")
        cursor.execute("CHECKPOINT")


def _statements() -> Iterator[tuple[str, str, list[Any]]]:
    slugs = sorted(providers().values(), key=lambda one: hashlib.sha256(one.slug.encode()).digest())
    mailboxes = ["microsoft-365", "google-workspace", ""]
    mailboxes += [one.slug for one in slugs if one.kind is not ProviderKind.GATEWAY and one.slug not in mailboxes]
    gateways = [one.slug for one in slugs if one.kind is ProviderKind.GATEWAY]
    causes = sorted(remedies(), key=lambda tag: hashlib.sha256(tag.encode()).digest())
    yield "domains", _DOMAINS, [DOMAINS, mailboxes, len(mailboxes), gateways, len(gateways)]
    yield "cases", _CASES, [causes, len(causes), NAMES.split(), len(NAMES.split()), CASES, timezone.now()]
    yield "runs", _RUNS, [EVERY]
    yield "runs of the big case", _BIG_CASE, [BIG_CASE_RUNS]
    yield "groups", _GROUPS, [[group.value for group in GROUPS]]
    yield "samples", "CREATE TEMPORARY TABLE sample (number int, place int, kind text, data jsonb, gap text)", []
    for number, seen in enumerate(_samples()):
        group = next(probe.group for probe in probes() if probe.observes is seen.kind)
        data = json.dumps(encode(seen.observation)) if seen.observation is not None else None
        row = [number, GROUPS.index(group) + 1, seen.kind.__name__, data, seen.gap or ""]
        yield f"sample {seen.kind.__name__}", "INSERT INTO sample VALUES (%s, %s, %s, %s, %s)", row
    yield "observations", _RECORDS, []


def _samples() -> list[Seen]:
    """What each run saw: eleven answers, as long as such answers are."""
    now = timezone.now()
    hosts = tuple(MxHost(10 * place, f"mx{place}.example.org") for place in range(1, 5))
    reached = tuple(
        Connection(f"clocks{place}.example.org", port, ConnectOutcome.OPEN, f"192.0.2.{place}", 12)
        for place in range(1, 4)
        for port in (80, 443)
    )
    seen: list[object] = [
        MxRecords(DnsStatus.OK, hosts),
        MailSystem("proofpoint", "microsoft-365", ProviderKind.GATEWAY),
        MailboxBehind("microsoft-365"),
        ServerPorts(reached),
    ]
    known = {type(one) for one in seen}
    others = [probe.observes for probe in probes() if probe.observes not in known][: 11 - len(seen)]
    return [
        *(Seen(type(one), Vantage.SERVER, now, one, elapsed_ms=35) for one in seen),
        *(Seen(kind, Vantage.SERVER, now, gap=Gap.TIMED_OUT, detail="no answer") for kind in others),
    ]


def _diagnose_newest() -> None:
    samples = _samples()
    diagnosis = encode(diagnose(Evidence(samples), causes={tag: remedy.cause for tag, remedy in remedies().items()}))
    newest = list(Case.objects.newest_first().values_list("pk", flat=True)[:DIAGNOSED])
    big = Run.objects.filter(number=BIG_CASE_RUNS).values_list("case_id", flat=True)
    Run.objects.filter(case__in=[*newest, *big]).update(diagnosis=diagnosis, full_diagnosis=diagnosis)


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Built afterwards, an index takes a tenth of the time."""
    tables = [model._meta.db_table for model in TABLES]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
            [tables],
        )
        constraints = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT LIKE %s",
            [tables, "%_pkey"],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        started = time.monotonic()
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for _, definition in indexes:
            cursor.execute(definition)
        _say(f"indexes: {len(constraints) + len(indexes)} in {time.monotonic() - started:.0f} s")


def _say(text: str) -> None:
    print(f"console: {text}", file=sys.stderr, flush=True)


_DOMAINS = """
CREATE TEMPORARY TABLE domain AS
WITH given AS (
    SELECT %s::int AS domains, %s::text[] AS mailboxes, %s::int AS kept, %s::text[] AS filters, %s::int AS filtered
)
SELECT rank, 'd' || rank || '.test' AS name, mailboxes[mailbox] AS provider, mailbox,
       CASE WHEN random() < 0.65 THEN '' ELSE filters[floor(pow(filtered, random()))::int] END AS gateway
FROM given, LATERAL (
    SELECT rank, floor(pow(kept, random()))::int AS mailbox FROM generate_series(1, domains) AS rank
) AS drawn
"""
_CASES = f"""
INSERT INTO diagnostics_case (id, reference, article, vendor, company_id, address, domain, device_model, asked_at,
    origin, helpdesk, ticket, tier, proved_by_dns, language, created_at, state, verdict, cause, gateway, provider)
WITH given AS (
    SELECT %s::text[] AS causes, %s::int AS known, %s::text[] AS names, %s::int AS named, %s::int AS cases,
           %s::timestamptz AS now
), drawn AS MATERIALIZED (
    SELECT id, floor(pow({DOMAINS}, random()))::int AS rank, floor(pow({COMPANIES}, random()))::int AS somebody,
           floor(pow(known, random()))::int AS cause, random() AS article, random() AS origin, random() AS state,
           random() AS verdict, random() AS elsewhere, floor(random() * named)::int + 1 AS who,
           floor(random() * 100000)::int AS number
    FROM given, generate_series(1, cases) AS id
), judged AS (
    SELECT *, CASE WHEN id > cases - 150 THEN '' WHEN verdict < 0.42 THEN 'cause_found'
              WHEN verdict < 0.62 THEN 'likely_cause' WHEN verdict < 0.85 THEN 'nothing_found'
              ELSE 'inconclusive' END AS said,
        CASE WHEN origin < 0.6 THEN 'portal' WHEN origin < 0.85 THEN 'helpdesk'
             WHEN origin < 0.95 OR id < 0.8 * cases THEN 'link' ELSE 'api' END AS came
    FROM drawn, given
)
SELECT id, translate(lpad(to_hex(id * 2654435761 %% 4294967296), 8, '0'), '0123456789abcdef', '{DIGITS}'),
    CASE WHEN id < 0.4 * cases AND article < 0.8 THEN '{RETIRED_ARTICLE}' WHEN article > 0.99995 THEN '{RARE_ARTICLE}'
         WHEN article < 0.55 THEN 'timeclock' ELSE 'verification' END,
    'timeclock',
    'ACME-' || CASE WHEN judged.rank <= {FREE_MAIL} OR elsewhere < 0.1 THEN somebody
                    ELSE judged.rank %% {COMPANIES} END,
    names[who] || '.' || number || '@' || domain.name, domain.name, '', '', came,
    CASE WHEN came = 'portal' THEN '' ELSE 'zendesk' END,
    CASE WHEN came = 'portal' THEN '' ELSE (100000 + floor(id / 1.1))::text END,
    0, false, 'en', now - interval '730 days' * (1 - pow(id::float8 / cases, 0.7)),
    CASE WHEN id > cases - 150 THEN 'checking' WHEN state < 0.05 OR (id > 0.96 * cases AND state < 0.55) THEN 'open'
         ELSE 'resolved' END,
    said,
    CASE WHEN said NOT IN ('cause_found', 'likely_cause') THEN ''
         WHEN id < 0.3 * cases AND cause = 1 THEN '{RETIRED_CAUSE}'
         WHEN (cause + mailbox) %% 3 = 0 THEN causes[1 + (cause + 10) %% known] ELSE causes[cause] END,
    gateway, provider
FROM judged JOIN domain USING (rank) ORDER BY id
"""  # noqa: S608
_RUNS = """
INSERT INTO diagnostics_run (id, case_id, number, asked_by, created_at, finished_at, verdict, cause, version,
    full_version)
SELECT row_number() OVER (ORDER BY c.id, number), c.id, number, 'customer',
    created_at + interval '1 hour' * (number - 1),
    CASE WHEN state <> 'checking' THEN created_at + interval '1 hour' * (number - 1) + interval '20 seconds' END,
    verdict, cause, 4, 5
FROM diagnostics_case c, LATERAL generate_series(1, CASE WHEN c.id %% %s = 0 THEN 2 ELSE 1 END) AS number
ORDER BY 1
"""
_BIG_CASE = f"""
INSERT INTO diagnostics_run (id, case_id, number, asked_by, created_at, finished_at, verdict, cause, version,
    full_version)
SELECT (SELECT max(id) FROM diagnostics_run) + number, c.id, number, 'customer',
    created_at + interval '1 day' * number, created_at + interval '1 day' * number + interval '20 seconds',
    verdict, cause, 4, 5
FROM (SELECT * FROM diagnostics_case WHERE id = {BIG_CASE}) c, generate_series(2, %s) AS number
"""  # noqa: S608
_GROUPS = """
INSERT INTO diagnostics_group (id, run_id, name, state, attempt, created_at, started_at, finished_at)
SELECT (run.id - 1) * 4 + place, run.id, name, CASE WHEN finished_at IS NULL THEN 'queued' ELSE 'done' END, 1,
    created_at, created_at, finished_at
FROM diagnostics_run run, unnest(%s::text[]) WITH ORDINALITY AS one(name, place)
ORDER BY 1
"""
_RECORDS = """
INSERT INTO diagnostics_observationrecord (id, case_id, run_id, group_id, kind, vantage, attempt, data, gap, applies,
    detail, elapsed_ms, at)
SELECT row_number() OVER (), case_id, id, (id - 1) * 4 + place, kind, 'server', 1, data, gap, true, '', 35,
    created_at + interval '1 second' * number
FROM (SELECT run.id, run.case_id, run.created_at, sample.* FROM diagnostics_run run, sample) AS seen
"""
