import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


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
    ]
