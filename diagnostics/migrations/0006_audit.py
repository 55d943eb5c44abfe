import django.utils.timezone
from django.db import migrations, models

REFUSE = """
CREATE FUNCTION diagnostics_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_never_changed BEFORE UPDATE ON diagnostics_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION diagnostics_audit_refuse();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON diagnostics_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION diagnostics_audit_refuse();
"""
NO_REFUSE = """
DROP TRIGGER audit_never_emptied ON diagnostics_auditentry;
DROP TRIGGER audit_never_changed ON diagnostics_auditentry;
DROP FUNCTION diagnostics_audit_refuse();
"""
# What was removed must have been the beginning of the chain, a year old at least, and its last digest must be what the
# newest entry says that the rest begins after. Nobody is asked who they are: the rule holds for the owner, too.
ONLY_THE_OLDEST = """
CREATE FUNCTION diagnostics_audit_only_the_oldest() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_removed record;
    youngest timestamptz;
    anchor record;
BEGIN
    SELECT id, digest INTO last_removed FROM removed ORDER BY id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT max(at) INTO youngest FROM removed;
    SELECT action, detail INTO anchor FROM diagnostics_auditentry ORDER BY id DESC LIMIT 1;
    IF youngest > now() - interval '365 days'
        OR EXISTS (SELECT 1 FROM diagnostics_auditentry WHERE id < last_removed.id)
        OR anchor.action IS DISTINCT FROM 'purged'
        OR anchor.detail ->> 'digest' IS DISTINCT FROM last_removed.digest
    THEN
        RAISE EXCEPTION 'the audit trail is append-only: DELETE is refused' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_only_the_oldest AFTER DELETE ON diagnostics_auditentry
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION diagnostics_audit_only_the_oldest();
"""
NO_ONLY_THE_OLDEST = """
DROP TRIGGER audit_only_the_oldest ON diagnostics_auditentry;
DROP FUNCTION diagnostics_audit_only_the_oldest();
"""
# With its owner's rights, so that the portal's own role needs none to delete; what may go is the trigger's to say.
FORGET = """
CREATE FUNCTION diagnostics_audit_forget(through bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM diagnostics_auditentry WHERE id <= through;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION diagnostics_audit_forget(bigint) FROM PUBLIC;
-- Where they look for the table is no caller's to choose.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION diagnostics_audit_forget(bigint) SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
    EXECUTE format('ALTER FUNCTION diagnostics_audit_only_the_oldest() SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
END
$$;
"""
NO_FORGET = "DROP FUNCTION diagnostics_audit_forget(bigint);"


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
                    models.Index(fields=["action", "-id"], name="audit_by_action"),
                    models.Index(fields=["at"], name="audit_age"),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, NO_REFUSE),
        migrations.RunSQL(ONLY_THE_OLDEST, NO_ONLY_THE_OLDEST),
        migrations.RunSQL(FORGET, NO_FORGET),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(blank=True, max_length=254)),
                ("asked_by", models.CharField(max_length=150)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("done_at", None)), fields=["asked_at"], name="erasure_due"),
                ],
            },
        ),
        migrations.AddField("case", "details_deleted_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("run", "data_deleted_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("details_deleted_at", None)), fields=["created_at"], name="case_with_details"
            ),
        ),
        migrations.AddIndex(
            "run",
            models.Index(condition=models.Q(("data_deleted_at", None)), fields=["created_at"], name="run_with_data"),
        ),
    ]
