"""The settings refuse what is unsafe."""

import json
import os
import runpy
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
KEY = "kX9-vQ2mZr7Lw4TfYh8Jb3NcPd6Sg1Ae5Uo0Ri_xMyWzEqHtBnCs"
DATABASES = {
    "DATABASE_URL": "postgresql://portal:wNq7-dR4x@db.example.org/portal",
    "REDIS_URL": "redis://broker.example.org/0",
}
PRODUCTION = {"PORTAL_URL": "https://portal.example.org", "SECRET_KEY": KEY, "TRUSTED_PROXY_HOPS": "1", **DATABASES}
RANDOM = "tK4-vQ9mXr2Lw7ZfYh3Jb8NcPd5Sg6Ae"
OIDC = {"OIDC_ISSUER_URL": "https://login.example.org", "OIDC_CLIENT_ID": "portal", "OIDC_CLIENT_SECRET": "secret-1"}
ZENDESK = {"ZENDESK_URL": "https://desk.example.org", "ZENDESK_EMAIL": "a@example.org", "ZENDESK_TOKEN": "key"}
FRESHDESK = {"FRESHDESK_URL": "https://fresh.example.org", "FRESHDESK_KEY": "key"}
OWN_DESK = {
    "HELPDESK_URL": "https://desk.example.org/api",
    "HELPDESK_SECRET": "whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3RzIG9mIDMyIGJ5dGU=",
    "HELPDESK_TICKET_URL": "https://desk.example.org/t/{ticket}",
}
READ = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


@dataclass(frozen=True)
class Start:
    """How a start with some environment ends; `stdout` are the settings asked for, as JSON."""

    returncode: int
    stdout: str = ""
    stderr: str = ""


def run(environment: dict[str, str], *names: str) -> Start:
    """The settings file, run anew here and now: an interpreter for each would take a hundred times as long."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in {"PATH": os.defpath, **environment}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["manage.py", "check"])
        try:
            values = runpy.run_path(str(ROOT / "portal" / "settings.py"))
        except ImproperlyConfigured as refused:
            return Start(1, stderr=f"ImproperlyConfigured: {refused}")
    return Start(
        0, json.dumps({name: values.get(name, getattr(global_settings, name, None)) for name in names}, default=str)
    )


def run_apart(environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    """The same in an interpreter of its own."""
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", **environment}
    command = [sys.executable, "-c", READ, *names]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def read(environment: dict[str, str], *names: str) -> dict[str, object]:
    done = run(environment, *names)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"HEALTH_EVERY": "5"}, "HEALTH_EVERY must be at least 60 seconds"),
        ({"API_PER_MINUTE": "0"}, "API_PER_MINUTE and API_CASES_PER_HOUR must be at least 1"),
        (
            {"CASES_PER_SOURCE": "0"},
            "CASES_PER_SOURCE, CASES_PER_DOMAIN, MESSAGES_PER_SOURCE and MESSAGES_PER_HOUR must",
        ),
        ({"CASES_BEFORE_PROOF": "21"}, "CASES_BEFORE_PROOF must be between 0 and CASES_PER_SOURCE"),
        ({"QUEUE_MOST_GROUPS": "0"}, "QUEUE_MOST_GROUPS must be at least 1"),
        ({"QUEUE_MOST_SECONDS": "60"}, "QUEUE_MOST_SECONDS at least 180"),
        ({"AUDIT_DAYS": "364"}, "AUDIT_DAYS must be at least 365"),
        ({"PROBE_DATA_DAYS": "0"}, "PROBE_DATA_DAYS must be at least 1"),
        ({"CASE_DETAIL_DAYS": "7"}, "PROBE_DATA_DAYS must be at least 1, and no more than CASE_DETAIL_DAYS"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be at least 50"),
        ({"SECRET_KEY": "a" * 80}, "SECRET_KEY must be at least 50"),
        ({"SECRET_KEY": f"django-insecure-{KEY}"}, "SECRET_KEY must be at least 50"),
        ({"PORTAL_URL": "http://portal.example.org"}, "PORTAL_URL must begin with https://"),
        ({"PORTAL_URL": "portal.example.org"}, "PORTAL_URL must look like"),
        ({"PORTAL_URL": "https://portal.example.org/help"}, "PORTAL_URL must look like"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "https://portal.example.org"}, "ALLOWED_HOSTS must be host names"),
        ({"ALLOWED_HOSTS": "help.example.org"}, "ALLOWED_HOSTS must name the host of PORTAL_URL"),
        ({"TRUSTED_PROXY_HOPS": ""}, "TRUSTED_PROXY_HOPS must be set"),
        ({"TRUSTED_PROXY_HOPS": "-1"}, "TRUSTED_PROXY_HOPS must be a number from 0 to 10"),
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS must be earlier keys"),
        ({"DATABASE_URL": ""}, "DATABASE_URL and REDIS_URL must be set"),
        ({"REDIS_URL": ""}, "DATABASE_URL and REDIS_URL must be set"),
        ({"REDIS_URL": "amqp://broker.example.org"}, "REDIS_URL must begin with redis://"),
        ({"DATABASE_URL": "postgresql://portal@db.example.org/portal"}, "DATABASE_URL must hold a password"),
        ({"DATABASE_URL": "postgresql://portal:portal@db.example.org/portal"}, "DATABASE_URL must hold a password"),
        ({"DATABASE_URL": "postgresql://keeper-1:Keeper-1@db.example.org/portal"}, "DATABASE_URL must hold a password"),
        ({"DATABASE_URL": "postgresql://portal:changeme@db.example.org/portal"}, "DATABASE_URL must hold a password"),
        ({"STATEMENT_TIMEOUT_MS": "0"}, "STATEMENT_TIMEOUT_MS must be 100 to 60000"),
        ({"DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE must be 1 to 1000"),
        ({"WORKER_CONCURRENCY": "0"}, "WORKER_CONCURRENCY must be 1 to 10000"),
        ({"OWN_ADDRESSES": "portal.example.org"}, "OWN_ADDRESSES: 'portal.example.org' is no IP address"),
        ({"TEST_MESSAGE_FROM": "codes"}, "TEST_MESSAGE_FROM must be an e-mail address"),
        ({"TEST_MESSAGE_FROM": "codes@example.com"}, "TEST_MESSAGE_FROM is a placeholder"),
        ({"TEST_MESSAGE_FROM": "codes@timeclock.test"}, "TEST_MESSAGE_FROM is a placeholder"),
        ({"TEST_MESSAGE_FROM": "webmaster@localhost"}, "TEST_MESSAGE_FROM is a placeholder"),
        ({"HELO_NAME": "localhost"}, "HELO_NAME is a placeholder"),
        ({"HELO_NAME": "mail.example.org\r\nRSET"}, "HELO_NAME must be a host name"),
        ({"EMAIL_URL": "smtp://user:key@mail.example.org"}, "EMAIL_URL would send its password in the clear"),
        ({"TEST_MESSAGE_SENDER": "django", "EMAIL_URL": "console://"}, "EMAIL_URL must name a mail server"),
        ({"WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8"}, "WEBHOOK_ALLOW_PRIVATE: webhooks to this very machine"),
        ({"HOOK_SECRET": "sending-service:lab"}, "HOOK_SECRET must look like"),
        ({"HOOK_SECRET": "sending-service-of-ours:lab"}, "HOOK_SECRET must end in a password"),
        ({"HOOK_SECRET": "service:" + "ab" * 12}, "HOOK_SECRET must end in a password"),
        ({"RESPONDER_KEY": "lab-responder-key-of-32-characters"}, "RESPONDER_KEY must be random"),
        ({"RESPONDER_KEY": "a" * 40}, "RESPONDER_KEY must be random"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN must have at least 32"),
        ({"METRICS_TOKEN": "changeme" * 5}, "METRICS_TOKEN must have at least 32"),
        ({"METRICS_TOKEN": RANDOM, "RESPONDER_KEY": RANDOM}, "RESPONDER_KEY and METRICS_TOKEN must not be the same"),
        ({"HOOK_SECRET": f"service:{KEY}"}, "SECRET_KEY and HOOK_SECRET must not be the same"),
        ({"METRICS_PORT": "70000"}, "METRICS_PORT must be a port"),
        ({"QUEUE_LATE_SECONDS": "1"}, "QUEUE_LATE_SECONDS must be at least 5"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be line or json"),
        ({"LOG_LEVEL": "chatty"}, "LOG_LEVEL must be DEBUG, INFO"),
        ({"LOG_LEVEL": "debug"}, "LOG_LEVEL=DEBUG is for this machine only"),
        ({"SENTRY_DSN": "http://key@sentry.example.org/1"}, "SENTRY_DSN must begin with https://"),
        ({"SENTRY_DSN": "https://sentry.example.org/1"}, "SENTRY_DSN must look like"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT must begin with https://"),
        ({"DEBUG": "1"}, "DEBUG=1 is for this machine only"),
        ({"LAB": "1"}, "LAB=1 is for this machine only"),
        ({"DATABASE_URL": "sqlite:///portal.db"}, "DATABASE_URL must name a PostgreSQL server"),
        ({"PROBE_NAMESERVERS": "127.0.0.1:5300"}, "set PROBE_CLOSED_NETWORK=1"),
        ({"PROBE_DIAL_MAP": "map.json"}, "set PROBE_CLOSED_NETWORK=1"),
        ({"VENDORS_DIR": "/does/not/exist"}, "is no directory"),
        ({"TEST_MESSAGE_SENDER": "django"}, "TEST_MESSAGE_SENDER=django needs EMAIL_URL"),
        ({"EMAIL_URL": "nonsense://x"}, "EMAIL_URL must look like"),
        ({"HOOK_SECRET": "no user and password"}, "HOOK_SECRET must look like"),
        ({"HOOK_SECRET": "short:secret"}, "HOOK_SECRET must look like"),
        ({"RESPONDER_KEY": "short"}, "RESPONDER_KEY must have at least 32"),
        ({"RESPONDER_PORTS": "80,https"}, "RESPONDER_PORTS must be ports"),
        ({"RESPONDER_PORTS": "443=0"}, "RESPONDER_PORTS must be ports"),
        ({"SENDING_SERVICES": "postbox"}, "SENDING_SERVICES: 'postbox' is none of"),
        ({"SENDING_SERVICES": "postmark"}, "SENDING_SERVICES=postmark needs POSTMARK_SERVER_TOKEN"),
        ({"POSTMARK_URL": "http://mail.example.org"}, "POSTMARK_URL must begin with https://"),
        ({"MAILGUN_BASE": "https://user:key@mail.example.org"}, "MAILGUN_BASE must begin with https://"),
        ({"RETRY_AFTER": "1 minute"}, "RETRY_AFTER must be seconds"),
        ({"RETRY_AFTER": "60,0"}, "RETRY_AFTER must be seconds"),
        ({"BOUNCE_ADDRESS": "bounces"}, "BOUNCE_ADDRESS must look like"),
        ({"BOUNCE_ADDRESS": "bounces+all@example.org"}, "BOUNCE_ADDRESS must look like"),
        ({"BOUNCE_IMAP_URL": "imap://user:pass@mail.example.org/INBOX"}, "BOUNCE_IMAP_URL must look like"),
        ({"BOUNCE_IMAP_URL": "imaps://mail.example.org/INBOX"}, "BOUNCE_IMAP_URL must look like"),
        ({"BOUNCE_IMAP_URL": "imaps://user:pass@mail.example.org:port/"}, "BOUNCE_IMAP_URL must look like"),
        ({"DIRECTORY": "ldap"}, "DIRECTORY must name a module of diagnostics/directory"),
        ({"DIRECTORY": "__init__"}, "DIRECTORY must name a module of diagnostics/directory"),
        ({"DIRECTORY": "http"}, "DIRECTORY=http needs DIRECTORY_URL and DIRECTORY_TOKEN"),
        ({"DIRECTORY_URL": "http://directory.example.org/"}, "DIRECTORY_URL must begin with https://"),
        ({"DIRECTORY_URL": "https://user:key@directory.example.org/"}, "DIRECTORY_URL must begin with https://"),
        ({"DIRECTORY_TOKEN": "a key\nX-Header: b"}, "DIRECTORY_TOKEN must be printable ASCII"),
        ({"POSTMARK_SERVER_TOKEN": "schlüssel"}, "POSTMARK_SERVER_TOKEN must be printable ASCII"),
        ({"SENDGRID_API_KEY": "two words"}, "SENDGRID_API_KEY must be printable ASCII"),
        ({"AWS_REGION": "elsewhere.example.org/#"}, "AWS_REGION must look like"),
        ({"MAILGUN_DOMAIN": "a/b"}, "MAILGUN_DOMAIN must look like"),
        ({"HEALTH_BLOCKLISTS": "https://bl.example.org/"}, "HEALTH_BLOCKLISTS must be domain names"),
        ({"ZENDESK_URL": "https://desk.example.org"}, "ZENDESK_URL needs ZENDESK_EMAIL and ZENDESK_TOKEN"),
        ({"ZENDESK_TOKEN": "key"}, "ZENDESK_URL needs ZENDESK_EMAIL and ZENDESK_TOKEN"),
        ({**ZENDESK, "ZENDESK_URL": "http://desk.example.org"}, "ZENDESK_URL must begin with https://"),
        ({**ZENDESK, "ZENDESK_URL": "https://desk.example.org/api"}, "ZENDESK_URL must be an address without a path"),
        ({**ZENDESK, "ZENDESK_EMAIL": "anna"}, "ZENDESK_EMAIL must be the e-mail address"),
        ({"ZENDESK_WEBHOOK_SECRET": "secret"}, "ZENDESK_WEBHOOK_SECRET needs ZENDESK_URL"),
        ({**ZENDESK, "ZENDESK_APP_KEY": "key"}, "ZENDESK_APP_KEY and ZENDESK_APP_AUDIENCE need one another"),
        ({**ZENDESK, "ZENDESK_APP_KEY": "key", "ZENDESK_APP_AUDIENCE": "a"}, "ZENDESK_APP_KEY must be the public key"),
        ({"FRESHDESK_KEY": "key"}, "FRESHDESK_URL needs FRESHDESK_KEY"),
        ({**FRESHDESK, "FRESHDESK_WEBHOOK_TOKEN": "short"}, "FRESHDESK_WEBHOOK_TOKEN must have at least 24"),
        ({"JIRA_URL": "https://jira.example.org", "JIRA_TOKEN": "key"}, "JIRA_URL needs JIRA_EMAIL and JIRA_TOKEN"),
        ({**OWN_DESK, "HELPDESK_SECRET": "short"}, "HELPDESK_SECRET must look like whsec_"),
        ({**OWN_DESK, "HELPDESK_TICKET_URL": "https://desk.example.org/"}, "HELPDESK_TICKET_URL must name the ticket"),
        ({**OWN_DESK, "HELPDESK_TICKET_URL": "https://{ticket}.example.org/"}, "HELPDESK_TICKET_URL must look like"),
        ({"HELPDESK_OPENS": "door"}, "HELPDESK_OPENS must be link or case"),
        ({"HELPDESK_LANGUAGE": "tlh"}, "HELPDESK_LANGUAGE must be one of en"),
        ({"REQUIRE_MFA": "0"}, "REQUIRE_MFA=0 is for the lab"),
        ({"LOCAL_SIGN_IN": "0"}, "LOCAL_SIGN_IN=0 needs OIDC_ISSUER_URL"),
        ({"OIDC_CLIENT_ID": "portal"}, "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_ROLES_CLAIM and OIDC_ROLES need"),
        ({"OIDC_ROLES": "support=agent"}, "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_ROLES_CLAIM and OIDC_ROLES need"),
        ({"OIDC_ISSUER_URL": "https://login.example.org"}, "OIDC_ISSUER_URL needs OIDC_CLIENT_ID"),
        (OIDC | {"OIDC_ISSUER_URL": "http://login.example.org"}, "OIDC_ISSUER_URL must look like"),
        (OIDC | {"OIDC_ISSUER_URL": "login.example.org"}, "OIDC_ISSUER_URL must look like"),
        (OIDC | {"OIDC_ISSUER_URL": "https://user:key@login.example.org"}, "OIDC_ISSUER_URL must look like"),
        (OIDC | {"OIDC_CLIENT_SECRET": "two words"}, "OIDC_CLIENT_SECRET must be printable ASCII"),
        (OIDC | {"OIDC_ROLES": "support=agent"}, "OIDC_ROLES_CLAIM and OIDC_ROLES need one another"),
        (OIDC | {"OIDC_ROLES_CLAIM": "groups"}, "OIDC_ROLES_CLAIM and OIDC_ROLES need one another"),
        (OIDC | {"OIDC_ROLES_CLAIM": "groups", "OIDC_ROLES": "support"}, "OIDC_ROLES must be value=role"),
        (OIDC | {"OIDC_ROLES_CLAIM": "groups", "OIDC_ROLES": "support=king"}, "OIDC_ROLES must be value=role"),
        (OIDC | {"OIDC_ROLES_CLAIM": "groups", "OIDC_ROLES": "a=agent,a=lead"}, "OIDC_ROLES names 'a' twice"),
        ({"WEBHOOK_PORTS": "443,https"}, "WEBHOOK_PORTS must be ports"),
        ({"WEBHOOK_PORTS": "0"}, "WEBHOOK_PORTS must be ports"),
        ({"WEBHOOK_ALLOW_PRIVATE": "10.1.0.5/16"}, "WEBHOOK_ALLOW_PRIVATE must be private networks"),
        ({"WEBHOOK_ALLOW_PRIVATE": "169.254.0.0/16"}, "WEBHOOK_ALLOW_PRIVATE must be private networks"),
        ({"WEBHOOK_ALLOW_PRIVATE": "0.0.0.0/0"}, "WEBHOOK_ALLOW_PRIVATE must be private networks"),
        ({"WEBHOOK_LOG_DAYS": "1"}, "WEBHOOK_LOG_DAYS and WEBHOOK_FAILING_DAYS must be at least 2"),
    ],
    ids=lambda value: "-".join(f"{k}={v[:20]}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_unsafe_or_senseless_settings_stop_the_start(environment: dict[str, str], complaint: str) -> None:
    done = run(PRODUCTION | environment, "DEBUG")
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {complaint}" in done.stderr or complaint in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("setting", "value", "package"),
    [
        ("SENTRY_DSN", "https://key@sentry.example.org/1", "sentry_sdk"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "opentelemetry"),
    ],
)
def test_a_report_without_its_package_stops_the_start(setting: str, value: str, package: str, tmp_path: Path) -> None:
    """As in an image that was built without it: here another thing of that name stands in front of it."""
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {package!r}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    done = run_apart(PRODUCTION | {setting: value, "PYTHONPATH": str(tmp_path)}, "DEBUG")
    assert done.returncode != 0
    assert f"{setting} needs packages that are not installed" in done.stderr.splitlines()[-1]
    assert run(PRODUCTION | {setting: value}, "DEBUG").returncode == 0


def test_nothing_starts_with_settings_that_are_refused() -> None:
    assert json.loads(run_apart(PRODUCTION, "HTTPS").stdout) == {"HTTPS": True}
    refused = run_apart(PRODUCTION | {"SECRET_KEY": "short"}, "HTTPS")
    assert refused.returncode != 0
    assert "ImproperlyConfigured: SECRET_KEY must be at least 50" in refused.stderr.splitlines()[-1]


def test_what_is_safe_by_other_means_is_taken() -> None:
    socket = {"DATABASE_URL": "postgresql://portal@%2Frun%2Fpostgresql/portal"}
    certificate = {"DATABASE_URL": "postgresql://portal@db.example.org/portal?sslmode=verify-full&sslcert=/c&sslkey=/k"}
    file = {"DATABASE_URL": "postgresql://portal@db.example.org/portal", "PGPASSFILE": "/run/secrets/pgpass"}
    for given in (socket, certificate, file):
        assert run(PRODUCTION | given, "DEBUG").returncode == 0
    watched = {"METRICS_TOKEN": RANDOM, "METRICS_PORT": "9464", "LOG_FORMAT": "json", "ALLOWED_HOSTS": ".example.org"}
    everywhere = {"METRICS_BIND": "0.0.0.0", "METRICS_PORT": 9464}  # noqa: S104 - in a container
    assert read(PRODUCTION | watched, *everywhere) == everywhere


def test_https_locks_cookies_and_redirects() -> None:
    expected = {
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SESSION_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "DEBUG": False,
        "LAB": False,
    }
    assert read(PRODUCTION, *expected) == expected


def test_variables_set_to_nothing_count_as_not_set() -> None:
    nothing: dict[str, object] = {"SECRET_KEY_FALLBACKS": [], "PROBE_NAMESERVERS": []}
    nothing |= {"PROBE_DIAL_MAP": None, "VENDORS_DIR": None}
    assert read(PRODUCTION | dict.fromkeys([*nothing, "EMAIL_URL", "HELO_NAME"], ""), *nothing) == nothing


def test_webhooks_go_to_public_addresses_unless_told_otherwise() -> None:
    assert read(PRODUCTION, "WEBHOOK_ALLOW_PRIVATE", "WEBHOOK_LOG_DAYS") == {
        "WEBHOOK_ALLOW_PRIVATE": [],
        "WEBHOOK_LOG_DAYS": 30,
    }
    chosen = {"WEBHOOK_ALLOW_PRIVATE": "10.1.0.0/16, fd00:1::/64", "WEBHOOK_FAILING_DAYS": "3"}
    assert read(PRODUCTION | chosen, "WEBHOOK_ALLOW_PRIVATE", "WEBHOOK_FAILING_DAYS") == {
        "WEBHOOK_ALLOW_PRIVATE": ["10.1.0.0/16", "fd00:1::/64"],
        "WEBHOOK_FAILING_DAYS": 3,
    }


def test_a_key_pasted_with_its_line_end_is_taken_without() -> None:
    pasted = {"SENDING_SERVICES": "sendgrid", "SENDGRID_API_KEY": "key-1\n"}
    assert read(PRODUCTION | pasted, "SENDGRID_API_KEY") == {"SENDGRID_API_KEY": "key-1"}


@pytest.mark.parametrize(
    ("environment", "local", "second_factor"),
    [
        ({}, True, True),
        ({"REQUIRE_MFA": "", "LOCAL_SIGN_IN": ""}, True, True),
        (OIDC, False, True),
        (OIDC | {"LOCAL_SIGN_IN": "1"}, True, True),
        ({"LAB": "1", "PORTAL_URL": "http://127.0.0.1:8000"}, True, False),
        ({"LAB": "1", "PORTAL_URL": "http://127.0.0.1:8000", "REQUIRE_MFA": "1"}, True, True),
    ],
    ids=["default", "set to nothing", "identity provider", "both", "lab", "strict lab"],
)
def test_how_agents_sign_in(environment: dict[str, str], local: bool, second_factor: bool) -> None:
    expected = {"LOCAL_SIGN_IN": local, "REQUIRE_MFA": second_factor}
    assert read(PRODUCTION | environment, *expected) == expected


def test_the_providers_words_stand_for_roles() -> None:
    given = {"OIDC_ROLES_CLAIM": "groups", "OIDC_ROLES": "cn=support=agent, support-leads=lead"}
    expected = {"OIDC_ROLES": {"cn=support": "agent", "support-leads": "lead"}}
    assert read(PRODUCTION | OIDC | given, *expected) == expected


def test_blocklists_can_be_chosen() -> None:
    chosen = {"HEALTH_BLOCKLISTS": "bl.example.org, bl.example.net", "HEALTH_DOMAIN_BLOCKLISTS": ""}
    expected = {
        "HEALTH_BLOCKLISTS": ["bl.example.org", "bl.example.net"],
        "HEALTH_DOMAIN_BLOCKLISTS": ["dbl.spamhaus.org"],
        "HEALTH_EVERY": 300,
        "CASE_DETAIL_DAYS": 90,
        "PROBE_DATA_DAYS": 30,
        "AUDIT_DAYS": 730,
    }
    assert read(PRODUCTION | chosen, *expected) == expected


@pytest.mark.parametrize(
    ("environment", "pauses"),
    [
        ({}, [60, 300, 900, 1800]),
        ({"RETRY_AFTER": ""}, [60, 300, 900, 1800]),
        ({"RETRY_AFTER": "30, 90"}, [30, 90]),
        ({"RETRY_AFTER": "0"}, []),
    ],
    ids=["not set", "set to nothing", "set", "never"],
)
def test_pauses_between_tries(environment: dict[str, str], pauses: list[int]) -> None:
    assert read(PRODUCTION | environment, "RETRY_AFTER") == {"RETRY_AFTER": pauses}


def test_the_bounce_mailbox_is_read_only_where_there_is_one() -> None:
    def scheduled(environment: dict[str, str]) -> object:
        return read(PRODUCTION | environment, "CELERY_BEAT_SCHEDULE")["CELERY_BEAT_SCHEDULE"]

    assert "read-bounces" not in str(scheduled({}))
    assert "read-bounces" in str(scheduled({"BOUNCE_IMAP_URL": "imaps://user:p%40ss@mail.example.org/INBOX"}))


def test_only_the_portals_own_host_is_served() -> None:
    assert read(PRODUCTION, "ALLOWED_HOSTS")["ALLOWED_HOSTS"] == ["portal.example.org"]


@pytest.mark.parametrize(
    ("hops", "believed"), [("0", None), ("1", ["HTTP_X_FORWARDED_PROTO", "https"])], ids=["no proxy", "one proxy"]
)
def test_a_proxys_word_counts_only_if_we_were_told_of_it(hops: str, believed: list[str] | None) -> None:
    assert (
        read(PRODUCTION | {"TRUSTED_PROXY_HOPS": hops}, "SECURE_PROXY_SSL_HEADER")["SECURE_PROXY_SSL_HEADER"]
        == believed
    )


def test_a_closed_network_may_be_plugged_in() -> None:
    closed = {
        "PROBE_CLOSED_NETWORK": "1",
        "PROBE_NAMESERVERS": "127.0.0.1:5300,127.0.0.1:5301",
        "PROBE_DIAL_MAP": "map.json",
    }
    values = read(PRODUCTION | closed, "PROBE_NAMESERVERS", "PROBE_DIAL_MAP")
    assert values == {"PROBE_NAMESERVERS": ["127.0.0.1:5300", "127.0.0.1:5301"], "PROBE_DIAL_MAP": "map.json"}


def test_embedded_servers_stand_in_only_where_nothing_is_set(tmp_path: Path) -> None:
    home = {"EMBEDDED_HOME": str(tmp_path), "SECRET_KEY": KEY}
    assert read(home, "EMBEDDED_POSTGRES", "EMBEDDED_VALKEY") == {"EMBEDDED_POSTGRES": True, "EMBEDDED_VALKEY": True}
    values = read(home | {"REDIS_URL": "redis://broker.example.org/0"}, "EMBEDDED_POSTGRES", "EMBEDDED_VALKEY")
    assert values == {"EMBEDDED_POSTGRES": True, "EMBEDDED_VALKEY": False}


def test_a_socket_is_named_in_celerys_own_way(tmp_path: Path) -> None:
    values = read({"SECRET_KEY": KEY, **DATABASES, "REDIS_URL": "unix:///run/valkey.sock"}, "CELERY_BROKER_URL")
    assert values == {"CELERY_BROKER_URL": "redis+socket:///run/valkey.sock"}


def test_helpdesks_that_are_set_up_whole_are_taken() -> None:
    key = "-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkqhkiG9w0B\\n-----END PUBLIC KEY-----"
    app = {"ZENDESK_APP_KEY": key, "ZENDESK_APP_AUDIENCE": "https://desk.example.org/api/v2/apps/installations/1.json"}
    values = read(PRODUCTION | ZENDESK | FRESHDESK | OWN_DESK | app, "ZENDESK_URL", "ZENDESK_APP_KEY", "HELPDESK_URL")
    assert values == {
        "ZENDESK_URL": "https://desk.example.org",
        "ZENDESK_APP_KEY": key.replace("\\n", "\n"),
        "HELPDESK_URL": "https://desk.example.org/api",
    }
