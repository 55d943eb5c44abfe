import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0005_case_columns")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_kind", models.CharField(max_length=12)),
                ("actor", models.CharField(max_length=150)),
                ("action", models.CharField(max_length=40)),
                ("reference", models.CharField(blank=True, max_length=12)),
                ("source", models.CharField(blank=True, max_length=64)),
                ("detail", models.JSONField(default=dict)),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reference", "-id"], name="audit_by_case"),
                    models.Index(fields=["actor", "-id"], name="audit_by_actor"),
                    models.Index(fields=["at"], name="audit_age"),
                ],
            },
        ),
    ]
