import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0006_audit")]

    operations = [
        migrations.CreateModel(
            name="CaseView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "viewer",
                    models.CharField(
                        choices=[("owner", "Owner"), ("it", "It"), ("agent", "Agent"), ("embed", "Embed")], max_length=8
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("hour", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="views", to="diagnostics.case"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("author", models.CharField(max_length=150)),
                ("text", models.CharField(max_length=5000)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="diagnostics.case"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Resolution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("true_cause", models.CharField(blank=True, max_length=60)),
                ("known", models.BooleanField(default=True)),
                ("verdict", models.CharField(blank=True, max_length=20)),
                ("causes", models.JSONField(default=list)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("reopened_by", models.CharField(blank=True, max_length=150)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="resolutions", to="diagnostics.case"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="resolution",
            index=models.Index(fields=["at"], name="resolution_age"),
        ),
        migrations.AddConstraint(
            model_name="caseview",
            constraint=models.UniqueConstraint(fields=("case", "viewer", "name", "hour"), name="one_view_an_hour"),
        ),
    ]
