import django.contrib.postgres.fields
from django.db import migrations, models

EXACT = {
    "message-by-address-soon": "15 minutes",
    "message-by-address": "1 day",
    "message-by-domain": "1 day",
    "sign-in-by-source": "15 minutes",
    "sign-in-by-name-and-source": "15 minutes",
    "sign-in-by-name": "15 minutes",
    "code-by-account": "15 minutes",
    "code-by-account-and-day": "1 day",
}
"""Rules that promise something of any moments: what was used before counts on."""
ONCE = {"code-used": "120 seconds", "release-by-entry": "1 day"}
"""Buckets of one: free again that long after their last use."""

CARRY_OVER = "\n".join(
    [
        *(
            f"""
            INSERT INTO diagnostics_allowance (rule, key, until, uses)
            SELECT rule, key, max(at) + interval '{period}', array_agg(at ORDER BY at)
            FROM diagnostics_limithit WHERE rule = '{rule}' AND at > now() - interval '{period}' GROUP BY rule, key;
            """  # noqa: S608 - names and periods from above
            for rule, period in EXACT.items()
        ),
        *(
            f"""
            INSERT INTO diagnostics_allowance (rule, key, until, uses)
            SELECT rule, key, max(at) + interval '{period}', '{{}}'
            FROM diagnostics_limithit WHERE rule = '{rule}' AND at > now() - interval '{period}' GROUP BY rule, key;
            """  # noqa: S608 - names and periods from above
            for rule, period in ONCE.items()
        ),
    ]
)
CARRY_BACK = """
    INSERT INTO diagnostics_limithit (rule, key, at) SELECT rule, key, unnest(uses) FROM diagnostics_allowance;
"""


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0010_fleet")]

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=64)),
                ("until", models.DateTimeField()),
                (
                    "uses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), default=list, size=None
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["until"], name="allowance_age")],
                "constraints": [models.UniqueConstraint(fields=("rule", "key"), name="one_allowance")],
            },
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("rule", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UsedProof",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["until"], name="used_proof_age")]},
        ),
        migrations.AddIndex(
            model_name="group",
            index=models.Index(condition=models.Q(("state", "queued")), fields=["created_at"], name="group_waiting"),
        ),
        migrations.RunSQL(CARRY_OVER, CARRY_BACK),
        migrations.DeleteModel(name="LimitHit"),
    ]
