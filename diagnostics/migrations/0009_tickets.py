import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0008_webhooks")]

    operations = [
        migrations.CreateModel(
            name="HelpdeskCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("helpdesk", models.CharField(max_length=20)),
                ("call_id", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="helpdesk_call_age")],
                "constraints": [models.UniqueConstraint(fields=("helpdesk", "call_id"), name="call_once")],
            },
        ),
        migrations.CreateModel(
            name="TicketNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("helpdesk", models.CharField(max_length=20)),
                ("ticket", models.CharField(max_length=64)),
                ("note_id", models.CharField(max_length=40, unique=True)),
                ("text", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("posting", "Posting"),
                            ("posted", "Posted"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("next_try_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("dispatched_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("detail", models.CharField(blank=True, max_length=500)),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ticket_notes",
                        to="diagnostics.case",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="diagnostics.caseevent",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="diagnostics.deeplink",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="ticketnote",
            index=models.Index(condition=models.Q(("state", "queued")), fields=["next_try_at"], name="note_due"),
        ),
        migrations.AddIndex(
            model_name="ticketnote",
            index=models.Index(condition=models.Q(("state", "posting")), fields=["lease_until"], name="note_leased"),
        ),
        migrations.AddIndex(
            model_name="ticketnote",
            index=models.Index(fields=["ticket", "helpdesk"], name="note_by_ticket"),
        ),
        migrations.AddField(
            model_name="deeplink",
            name="made_by",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="deeplink",
            name="opened_by",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name="deeplink",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deep_links",
                to="diagnostics.case",
            ),
        ),
    ]
