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
