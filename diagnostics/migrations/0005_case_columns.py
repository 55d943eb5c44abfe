from typing import Any

import django.db.models.deletion
from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Upper

import diagnostics.models.cases
from diagnostics.domain import ProviderKind
from diagnostics.providers import providers

BATCH = 10_000
"""Cases at a time: what one statement holds in memory stays small, however many there are."""
FILL = """
UPDATE diagnostics_case AS entry
SET verdict = run.verdict,
    cause = run.cause,
    state = CASE WHEN run.finished_at IS NULL THEN 'checking' ELSE 'open' END,
    gateway = left(coalesce(mail.data ->> 'gateway', ''), 60),
    provider = left(coalesce(nullif(behind.data ->> 'provider', ''),
                             CASE WHEN mail.data ->> 'mailbox_provider' = ANY(%(keepers)s)
                                  THEN mail.data ->> 'mailbox_provider' END,
                             ''), 60)
FROM (
    SELECT DISTINCT ON (case_id) id, case_id, verdict, cause, finished_at
    FROM diagnostics_run WHERE case_id > %(after)s AND case_id <= %(last)s ORDER BY case_id, number DESC
) AS run
LEFT JOIN (
    SELECT DISTINCT ON (run_id) run_id, data FROM diagnostics_observationrecord
    WHERE case_id > %(after)s AND case_id <= %(last)s AND kind = 'MailSystem' ORDER BY run_id, at DESC, id DESC
) AS mail ON mail.run_id = run.id
LEFT JOIN (
    SELECT DISTINCT ON (run_id) run_id, data FROM diagnostics_observationrecord
    WHERE case_id > %(after)s AND case_id <= %(last)s AND kind = 'MailboxBehind' ORDER BY run_id, at DESC, id DESC
) AS behind ON behind.run_id = run.id
WHERE entry.id = run.case_id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """What every case's newest run says, as `services.runs.judge` writes it for those that come."""
    keepers = [one.slug for one in providers().values() if one.kind is not ProviderKind.FORWARDER]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM diagnostics_case")
        first, last = cursor.fetchone()
        for after in range(first - 1, last, BATCH):
            cursor.execute(FILL, {"after": after, "last": after + BATCH, "keepers": keepers})


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0004_api")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="cause",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="case",
            name="gateway",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="case",
            name="provider",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="case",
            name="state",
            field=models.CharField(
                choices=[("checking", "Checking"), ("open", "Open"), ("resolved", "Resolved")],
                default="checking",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="verdict",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="case",
            name="api_client",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="cases",
                to="diagnostics.apiclient",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="case", name="case_by_domain"),
        migrations.RemoveIndex(model_name="case", name="case_by_company"),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                OpClass(Upper("company_id"), name="text_pattern_ops"),
                diagnostics.models.cases.Week("created_at"),
                name="case_by_company_week",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("article"), diagnostics.models.cases.Week("created_at"), name="case_by_article_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("verdict"), diagnostics.models.cases.Week("created_at"), name="case_by_verdict_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("cause"), diagnostics.models.cases.Week("created_at"), name="case_by_cause_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("gateway"), diagnostics.models.cases.Week("created_at"), name="case_by_gateway_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("provider"), diagnostics.models.cases.Week("created_at"), name="case_by_provider_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("domain"), diagnostics.models.cases.Week("created_at"), name="case_by_domain_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("origin"), diagnostics.models.cases.Week("created_at"), name="case_by_origin_week"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("state"), diagnostics.models.cases.Week("created_at"), name="case_by_state_week"
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="diagnostics.case",
            ),
        ),
        migrations.AlterField(
            model_name="group",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="groups",
                to="diagnostics.run",
            ),
        ),
        migrations.AlterField(
            model_name="observationrecord",
            name="group",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="records",
                to="diagnostics.group",
            ),
        ),
    ]
