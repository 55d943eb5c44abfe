from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0009_tickets")]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dimension", models.CharField(max_length=12)),
                ("value", models.CharField(max_length=60)),
                ("began_at", models.DateTimeField()),
                ("found_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("usual", models.FloatField()),
                ("share", models.FloatField()),
                ("total", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("cases", models.PositiveIntegerField(default=0)),
                (
                    "part_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.deletion.SET_NULL,
                        related_name="parts",
                        to="diagnostics.incident",
                    ),
                ),
                ("closed_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "indexes": [models.Index(fields=["-began_at"], name="incident_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("dimension", "value"),
                        name="one_open_incident",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message", models.CharField(max_length=32)),
                ("place", models.CharField(max_length=32)),
                ("hour", models.DateTimeField()),
                ("failed", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("domain", models.CharField(max_length=253)),
                ("mta", models.CharField(blank=True, max_length=253)),
                ("sending_ip", models.CharField(blank=True, max_length=45)),
                ("article", models.CharField(blank=True, max_length=60)),
                ("counted", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("counted", False)), fields=["id"], name="outcome_uncounted"),
                    models.Index(fields=["at"], name="outcome_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("message", "failed"), name="one_outcome_a_message"),
                    models.UniqueConstraint(fields=("place", "hour", "failed"), name="one_outcome_a_place"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ValueWatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dimension", models.CharField(max_length=12)),
                ("value", models.CharField(max_length=60)),
                ("learned_at", models.DateTimeField(null=True)),
                ("state", models.JSONField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("dimension", "value"), name="one_watch_a_value")],
            },
        ),
        migrations.CreateModel(
            name="OutcomeCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minute", models.DateTimeField()),
                ("dimension", models.CharField(max_length=12)),
                ("value", models.CharField(max_length=60)),
                ("total", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["minute"], name="count_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("dimension", "value", "minute"), name="one_count_a_minute")
                ],
            },
        ),
    ]
