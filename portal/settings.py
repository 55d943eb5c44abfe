"""Everything that can be set, read from the environment; safe where nothing is set.

The README's table explains each variable. To add one: read it here with `env`, refuse nonsense with
`ImproperlyConfigured`, add a row to that table and a line to `tests/portal/test_settings.py`.
"""

import re
import secrets
import socket
import sys
import warnings
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url  # type: ignore[import-untyped]
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.utils.translation import gettext_lazy as _
from environs import Env
from kombu import Queue

from portal import embedded
from portal.pooled import PooledConnection

BASE_DIR = Path(__file__).resolve().parent.parent
_servers = embedded.from_environment()
LOCAL_DIR = _servers.home
"""Where everything lies that this checkout keeps on this machine."""
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

env = Env(expand_vars=False)


def _words(name: str) -> list[str]:
    """A comma separated variable; a variable set to nothing counts as not set, as in all of this file."""
    return [word for part in env.str(name, "").split(",") if (word := part.strip())]


_DOMAIN = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)+[A-Za-z0-9-]{2,63}"


def _zones(name: str, default: list[str]) -> list[str]:
    """Comma separated names of DNS zones."""
    zones = _words(name) or default
    if not all(re.fullmatch(_DOMAIN, zone) for zone in zones):
        raise ImproperlyConfigured(f"{name} must be domain names, comma separated")
    return zones


def _key(name: str) -> str:
    """A key or token as it goes into a header: what is pasted with it at its ends is taken off. Never said aloud."""
    key = env.str(name, "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ImproperlyConfigured(f"{name} must be printable ASCII without blanks")
    return key


def _number(name: str, default: int) -> int:
    return env.int(name) if env.str(name, "") else default


def _pauses(name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Comma separated seconds; 0 alone stands for none at all."""
    words = _words(name)
    if not all(re.fullmatch("[0-9]{1,5}", word) for word in words) or ("0" in words and len(words) > 1):
        raise ImproperlyConfigured(f"{name} must be seconds, comma separated (60,300,900), or 0 for none")
    return tuple(int(word) for word in words if word != "0") if words else default


def _flag(name: str) -> bool:
    return env.bool(name) if env.str(name, "") else False


def _path(name: str) -> Path | None:
    text = env.str(name, "")
    return Path(text) if text else None


# --- Where the portal is reached ---

DEBUG = _flag("DEBUG")
PORTAL_URL = env.str("PORTAL_URL", f"http://127.0.0.1:{_number('PORT', 8000)}").rstrip("/")
"""The public address of the portal: used in links that leave it (mail, helpdesk) and to decide how strict to be."""

_portal_url = urlsplit(PORTAL_URL)
if _portal_url.scheme not in ("http", "https") or not _portal_url.hostname or _portal_url.path:
    raise ImproperlyConfigured("PORTAL_URL must look like https://portal.example.org, without a path")
HTTPS = _portal_url.scheme == "https"
ON_LOOPBACK = _portal_url.hostname in LOOPBACK_HOSTS
if not HTTPS and not ON_LOOPBACK:
    raise ImproperlyConfigured("PORTAL_URL must begin with https:// unless it names this very machine (127.0.0.1)")
if DEBUG and not ON_LOOPBACK:
    raise ImproperlyConfigured("DEBUG=1 is for this machine only: it shows settings and source code to every visitor")

_own_hosts = ["localhost", "127.0.0.1", "[::1]"] if ON_LOOPBACK else [_portal_url.hostname]
ALLOWED_HOSTS = _words("ALLOWED_HOSTS") or _own_hosts
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; * would let anybody forge the links in our mail")
if not all(re.fullmatch(r"\.?[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]", host) for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must be host names, without https:// and without a port")
if not ON_LOOPBACK and not validate_host(_portal_url.hostname, ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the host of PORTAL_URL: nobody could follow our own links")
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
_IS_RESPONDER = sys.argv[1:2] == ["responder"]
"""It stands on other machines, without database, proxy and secrets of the portal's."""
if not ON_LOOPBACK and not _IS_RESPONDER and not env.str("TRUSTED_PROXY_HOPS", ""):
    raise ImproperlyConfigured(
        "TRUSTED_PROXY_HOPS must be set: how many proxies stand in front of the portal, 0 for none. "
        "Without it all visitors behind a proxy would share one limit, and be redirected to https again and again"
    )
TRUSTED_PROXY_HOPS = _number("TRUSTED_PROXY_HOPS", 0)
"""How many proxies in front of us add to X-Forwarded-For; only that many entries, from the right, are believed."""
if not 0 <= TRUSTED_PROXY_HOPS <= 10:
    raise ImproperlyConfigured("TRUSTED_PROXY_HOPS must be a number from 0 to 10")

# --- Secrets ---


def _is_guessable(secret: str) -> bool:
    """Few different signs, or words that stand in examples. Meant for secrets of 16 characters or more."""
    of_examples = ("changeme", "change-me", "change_me", "password", "placeholder", "secret-key")
    return len(set(secret)) < 8 or any(word in secret.lower() for word in of_examples)


def _is_strong(key: str) -> bool:
    return len(key) >= 50 and len(set(key)) >= 10 and not key.startswith("django-insecure-")


def _secret_key() -> str:
    """From the environment; on this machine alone one is made and kept, so that sessions survive a restart."""
    key = env.str("SECRET_KEY", "")
    if key:
        if not _is_strong(key):
            raise ImproperlyConfigured("SECRET_KEY must be at least 50 random characters")
        return key
    if _IS_RESPONDER:
        return secrets.token_urlsafe(64)  # it stands on other machines, signs with RESPONDER_KEY, and needs no other
    if not ON_LOOPBACK:
        raise ImproperlyConfigured("SECRET_KEY must be set")
    kept = LOCAL_DIR / "secret_key"
    if not kept.exists():
        LOCAL_DIR.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place: of two processes that start together, one key wins for both.
        fresh = LOCAL_DIR / f"secret_key.{secrets.token_hex(8)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        try:
            kept.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept.read_text()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = _words("SECRET_KEY_FALLBACKS")
if not all(map(_is_strong, SECRET_KEY_FALLBACKS)):
    raise ImproperlyConfigured("SECRET_KEY_FALLBACKS must be earlier keys, each at least 50 random characters")

# --- PostgreSQL and the broker ---

DATABASE_URL = env.str("DATABASE_URL", "") or _servers.database_url
REDIS_URL = env.str("REDIS_URL", "") or _servers.redis_url
"""`redis://`, `rediss://` or `unix://`. A broker only: it may be emptied at any time and no case is lost."""

EMBEDDED_POSTGRES = _servers.database_url == DATABASE_URL
EMBEDDED_VALKEY = _servers.redis_url == REDIS_URL
if not ON_LOOPBACK and not _IS_RESPONDER and not all(env.str(name, "") for name in ("DATABASE_URL", "REDIS_URL")):
    raise ImproperlyConfigured("DATABASE_URL and REDIS_URL must be set: the embedded servers are for this machine only")
if urlsplit(REDIS_URL).scheme not in ("redis", "rediss", "unix"):
    raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://")

STATEMENT_TIMEOUT_MS = _number("STATEMENT_TIMEOUT_MS", 5_000)
"""How long one SQL statement may take; 0 for no limit (migrations have none)."""
if STATEMENT_TIMEOUT_MS < 0 or (not ON_LOOPBACK and not 100 <= STATEMENT_TIMEOUT_MS <= 60_000):
    raise ImproperlyConfigured("STATEMENT_TIMEOUT_MS must be 100 to 60000; no limit (0) is for this machine only")
if not 1 <= _number("DATABASE_POOL_SIZE", 20) <= 1_000:
    raise ImproperlyConfigured("DATABASE_POOL_SIZE must be 1 to 1000")


def _says_how_it_signs_in(database: dict[str, Any]) -> bool:
    """A socket asks the system who we are; over a network there must be a password that nobody guesses, or more."""
    host, password = str(database.get("HOST") or ""), str(database.get("PASSWORD") or "")
    if not host or host.startswith("/"):
        return True
    if not password:
        return any(map(env.str, ("PGPASSWORD", "PGPASSFILE"), ("", ""))) or "sslcert" in database.get("OPTIONS", {})
    guessed = {"portal", "postgres", "password", "secret", "changeme", "admin", str(database.get("USER", "")).lower()}
    return len(password) >= 8 and password.lower() not in guessed


def _database() -> dict[str, Any]:
    # tcp_user_timeout and keepalives notice within seconds that a database host has gone without saying goodbye.
    options: dict[str, Any] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": "portal",
    }
    if STATEMENT_TIMEOUT_MS and sys.argv[1:2] not in (["migrate"], ["up"]):
        # A worker that is frozen in the middle of a transaction gives its locks back, and so does one whose machine is
        # gone; the server alone would wait for it for two hours.
        options["options"] = (
            f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=15000"
            " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
            " -c tcp_user_timeout=15000"
        )
    # Plans are kept only where it is asked for (services/prepared.py); whatever the ORM makes is planned each time.
    options["prepare_threshold"] = 5
    options["pool"] = {
        "connection_class": PooledConnection,
        "min_size": 0,
        "max_size": _number("DATABASE_POOL_SIZE", 20),
        "timeout": 0.5,  # asked for again a few times (portal/database/base.py)
        "max_idle": 60,
        "reconnect_timeout": 1,  # its pauses grow; whoever asks next begins anew
    }
    database: dict[str, Any] = {**dj_database_url.parse(DATABASE_URL)}
    if database.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server: postgresql://user:password@host/name")
    if not ON_LOOPBACK and not _IS_RESPONDER and not _says_how_it_signs_in(database):
        raise ImproperlyConfigured("DATABASE_URL must hold a password of at least 8 characters that nobody guesses")
    # A pool holds the connections, so none is kept per thread; what the URL says of options wins.
    kept = {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options | database.get("OPTIONS", {})}
    return {**database, **kept, "ENGINE": "portal.database"}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Django ---

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "portal.accounts.apps.ProvidersWithTheirPages",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "diagnostics",
    "portal",
]

MIDDLEWARE = [
    "portal.health.HealthMiddleware",
    "portal.watching.requests.WatchMiddleware",
    "portal.shortcuts.ShortcutMiddleware",
    "portal.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.headers.PermissionsPolicyMiddleware",
    "portal.headers.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.accounts.middleware.SignedInMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.deleted.DetailsDeletedMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

_loaders: list[Any] = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
if not DEBUG:
    _loaders = [("django.template.loaders.cached.Loader", _loaders)]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", _loaders)],
            "builtins": ["template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.roles.rights",
                "portal.accounts.session.session_end",
            ],
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/console/sign-in/"
LOGIN_REDIRECT_URL = "/console/"
LOGOUT_REDIRECT_URL = LOGIN_URL

# --- Agents: who they are, and how they prove it ---

LAB = _flag("LAB")
if LAB and not ON_LOOPBACK:
    raise ImproperlyConfigured("LAB=1 is for this machine only; the lab never runs beside real customers")

OIDC_ISSUER_URL = env.str("OIDC_ISSUER_URL", "").strip().rstrip("/")
"""The OpenID provider, by the `issuer` that it calls itself; empty: there is none."""
OIDC_NAME = env.str("OIDC_NAME", "").strip() or "single sign-on"
OIDC_CLIENT_ID = _key("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = _key("OIDC_CLIENT_SECRET")
OIDC_ROLES_CLAIM = env.str("OIDC_ROLES_CLAIM", "").strip()
"""The claim that names what an agent is, dots for a claim in a claim; empty: roles are given in the portal."""
OIDC_ROLES = dict.fromkeys(_words("OIDC_ROLES"), "")
"""Values of that claim to our roles, from `value=role`."""
if OIDC_ISSUER_URL:
    _issuer = urlsplit(OIDC_ISSUER_URL)
    _safely = _issuer.scheme == "https" or (_issuer.scheme == "http" and _issuer.hostname in LOOPBACK_HOSTS)
    if not _safely or not _issuer.hostname or _issuer.username is not None or _issuer.query or _issuer.fragment:
        raise ImproperlyConfigured("OIDC_ISSUER_URL must look like https://login.example.org/realm")
    if not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
        raise ImproperlyConfigured("OIDC_ISSUER_URL needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
elif OIDC_CLIENT_ID or OIDC_CLIENT_SECRET or OIDC_ROLES_CLAIM or OIDC_ROLES:
    raise ImproperlyConfigured(
        "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_ROLES_CLAIM and OIDC_ROLES need OIDC_ISSUER_URL"
    )
if bool(OIDC_ROLES_CLAIM) != bool(OIDC_ROLES):
    raise ImproperlyConfigured("OIDC_ROLES_CLAIM and OIDC_ROLES need one another")
for _pair in list(OIDC_ROLES):
    _value, _is, _role = _pair.rpartition("=")
    if not _value or _role not in ("agent", "lead", "admin", "auditor"):
        raise ImproperlyConfigured("OIDC_ROLES must be value=role, comma separated; roles: agent, lead, admin, auditor")
    del OIDC_ROLES[_pair]
    if _value in OIDC_ROLES:
        raise ImproperlyConfigured(f"OIDC_ROLES names {_value!r} twice")
    OIDC_ROLES[_value] = _role

LOCAL_SIGN_IN = _flag("LOCAL_SIGN_IN") if env.str("LOCAL_SIGN_IN", "") else not OIDC_ISSUER_URL
"""Whether user names with passwords and passkeys of the portal's own are good for anything."""
if not LOCAL_SIGN_IN and not OIDC_ISSUER_URL:
    raise ImproperlyConfigured("LOCAL_SIGN_IN=0 needs OIDC_ISSUER_URL: nobody could sign in")
REQUIRE_MFA = _flag("REQUIRE_MFA") if env.str("REQUIRE_MFA", "") else not LAB
"""Whether who signs in by password needs a second factor. Only the lab, on this very machine, may go without."""
if not REQUIRE_MFA and not LAB:
    raise ImproperlyConfigured("REQUIRE_MFA=0 is for the lab on this machine only; agents see what customers wrote")

AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_RESET_TIMEOUT = 24 * 3600
"""How long a link to set a password is good for."""
ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False  # ours are in PostgreSQL: portal/accounts/guesses.py
MFA_ADAPTER = "portal.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # no address is asked for
MFA_TOTP_ISSUER = f"Where’s my code? ({_portal_url.hostname})"
MFA_TOTP_TOLERANCE = 1  # the clocks of phones: one step of 30 s early or late
MFA_FORMS = {
    "authenticate": "portal.accounts.forms.CodeForm",
    "reauthenticate": "portal.accounts.forms.ConfirmCodeForm",
    "activate_totp": "portal.accounts.forms.FirstCodeForm",
    "add_webauthn": "portal.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "portal.accounts.forms.RenamePasskeyForm",
    "authenticate_webauthn": "portal.accounts.forms.PasskeyForm",
    "login_webauthn": "portal.accounts.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "portal.accounts.forms.ConfirmPasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "portal.accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": []}}
if OIDC_ISSUER_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "sso",
            "name": OIDC_NAME,
            "client_id": OIDC_CLIENT_ID,
            "secret": OIDC_CLIENT_SECRET,
            "settings": {"server_url": OIDC_ISSUER_URL},
        }
    ]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# `make run` serves the files where they lie; the image, where `collectstatic` has run, hashed and compressed ones.
_collected = (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_USE_FINDERS = not _collected
WHITENOISE_AUTOREFRESH = DEBUG
if not _collected:
    warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected or "collectstatic" in sys.argv[1:2]
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- What browsers are told ---

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# A case page's address is a capability, so no other site may learn it. `same-origin` rather than `no-referrer`: with
# the latter browsers send `Origin: null` on form posts, which Django's CSRF check rightly refuses.
SECURE_REFERRER_POLICY = "same-origin"
PERMISSIONS_POLICY = dict.fromkeys(("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics"), ())

_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_IDLE_SECONDS = 30 * 60
"""A session ends after the one, or so long after the agent last did something: portal/accounts/session.py."""
CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.accounts.given_back.csrf_failure"
LANGUAGE_COOKIE_NAME = f"{_prefix}language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Being preloaded concerns the whole domain and cannot be undone quickly: not this portal's to ask for.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if HTTPS and TRUSTED_PROXY_HOPS:
    # Only a proxy that we were told of may say that the visitor came by https.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # sending services report up to 768 KB of events at once
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
FILE_UPLOAD_HANDLERS = ["portal.uploads.NoUploads"]

# --- Probes, lab and test message ---

LAB_STATE = _path("LAB_STATE") or (LOCAL_DIR / "lab" / "state.json")

PROBE_CLOSED_NETWORK = _flag("PROBE_CLOSED_NETWORK")
PROBE_NAMESERVERS = _words("PROBE_NAMESERVERS")
PROBE_DIAL_MAP = _path("PROBE_DIAL_MAP")
if (PROBE_NAMESERVERS or PROBE_DIAL_MAP) and not PROBE_CLOSED_NETWORK:
    raise ImproperlyConfigured(
        "PROBE_NAMESERVERS and PROBE_DIAL_MAP lead probes into a closed test network; "
        "set PROBE_CLOSED_NETWORK=1 if this is one"
    )

CASES_PER_SOURCE = _number("CASES_PER_SOURCE", 500 if LAB else 20)
CASES_BEFORE_PROOF = _number("CASES_BEFORE_PROOF", CASES_PER_SOURCE // 2)
"""How many of them are free; beyond, a browser must work for each (services/proofs.py). CASES_PER_SOURCE: never."""
CASES_PER_DOMAIN = _number("CASES_PER_DOMAIN", 100_000 if LAB else 3_000)
MESSAGES_PER_SOURCE = _number("MESSAGES_PER_SOURCE", 250 if LAB else 10)
"""How many one network may open or have sent in an hour; in the lab one visitor plays all customers."""
MESSAGES_PER_HOUR = _number("MESSAGES_PER_HOUR", 600)
"""Test messages that leave the portal, all networks and domains together."""
if min(CASES_PER_SOURCE, CASES_PER_DOMAIN, MESSAGES_PER_SOURCE, MESSAGES_PER_HOUR) < 1:
    raise ImproperlyConfigured(
        "CASES_PER_SOURCE, CASES_PER_DOMAIN, MESSAGES_PER_SOURCE and MESSAGES_PER_HOUR must be at least 1"
    )
if not 0 <= CASES_BEFORE_PROOF <= CASES_PER_SOURCE:
    raise ImproperlyConfigured("CASES_BEFORE_PROOF must be between 0 and CASES_PER_SOURCE")

QUEUE_MOST_GROUPS = _number("QUEUE_MOST_GROUPS", 20_000)
QUEUE_MOST_SECONDS = _number("QUEUE_MOST_SECONDS", 600)
"""With more groups waiting (a case has four), or one for longer, no new checks are begun: services/queue_cap.py."""
if QUEUE_MOST_GROUPS < 1 or QUEUE_MOST_SECONDS < 180:
    raise ImproperlyConfigured(
        "QUEUE_MOST_GROUPS must be at least 1, QUEUE_MOST_SECONDS at least 180: a lost worker's groups wait that long"
    )

API_PER_MINUTE = _number("API_PER_MINUTE", 300)
API_CASES_PER_HOUR = _number("API_CASES_PER_HOUR", 600)
"""How many requests, and how many new cases, one client of the API may make."""
if API_PER_MINUTE < 1 or API_CASES_PER_HOUR < 1:
    raise ImproperlyConfigured("API_PER_MINUTE and API_CASES_PER_HOUR must be at least 1")

OWN_ADDRESSES = _words("OWN_ADDRESSES")
"""Our own public IP addresses, which no probe ever connects to."""
for _address in OWN_ADDRESSES:
    try:
        ip_address(_address)
    except ValueError:
        raise ImproperlyConfigured(f"OWN_ADDRESSES: {_address!r} is no IP address") from None

EXTRA_SUFFIXES = frozenset({"test", "example", "invalid"} if PROBE_CLOSED_NETWORK else {"test"} if LAB else ())
"""Reserved top-level domains (RFC 2606) that addresses may have, because this network answers for them."""

VENDORS_DIR = _path("VENDORS_DIR")
if VENDORS_DIR and not VENDORS_DIR.is_dir():
    raise ImproperlyConfigured(f"VENDORS_DIR: {VENDORS_DIR} is no directory")

TEST_MESSAGE_SENDER = env.str("TEST_MESSAGE_SENDER", "") or "direct"
"""A module of `diagnostics/net/senders`: `direct` (to the MX) or `django` (over EMAIL_URL)."""
TEST_MESSAGE_FROM = env.str("TEST_MESSAGE_FROM", "")
"""Sender address of test messages; empty: the vendor profile's."""


def _is_placeholder(domain: str) -> bool:
    """A name that no mail can come from (RFC 2606, RFC 6761, RFC 8375), unless the portal itself has such a one."""
    domain = domain.lower().rstrip(".")
    last = domain.rpartition(".")[2]
    if "." not in domain or last in ("test", "example", "invalid", "localhost", "local", "internal", "arpa"):
        return True
    documented = ".".join(domain.split(".")[-2:])
    own = f".{_portal_url.hostname}".endswith(f".{documented}")
    return documented in ("example.com", "example.net", "example.org") and not own


if TEST_MESSAGE_FROM and not re.fullmatch(r"[^\s@<>\"]{1,64}@[A-Za-z0-9.-]{1,253}", TEST_MESSAGE_FROM):
    raise ImproperlyConfigured("TEST_MESSAGE_FROM must be an e-mail address: codes@example.org")
_with_real_mail = not ON_LOOPBACK and not PROBE_CLOSED_NETWORK
if TEST_MESSAGE_FROM and _with_real_mail and _is_placeholder(TEST_MESSAGE_FROM.rpartition("@")[2]):
    raise ImproperlyConfigured("TEST_MESSAGE_FROM is a placeholder: mail servers refuse that domain")
RETRY_AFTER = _pauses("RETRY_AFTER", (3, 6, 12) if LAB else (60, 300, 900, 1800))
"""Seconds until a test message that was put off (4yz) is handed over again, try by try; empty: never."""
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", "") or ("bounces@timeclock.test" if LAB else "")
"""Where test messages return to: their envelope sender is this address with `+<token>`. Empty: as the From address."""
if BOUNCE_ADDRESS and not re.fullmatch(r"[A-Za-z0-9._=-]{1,30}@[A-Za-z0-9.-]{1,253}", BOUNCE_ADDRESS):
    raise ImproperlyConfigured("BOUNCE_ADDRESS must look like bounces@bounces.example.org; we add +<token> to its name")
BOUNCE_IMAP_URL = env.str("BOUNCE_IMAP_URL", "")
"""The mailbox behind BOUNCE_ADDRESS: imaps://user:password@host/INBOX, what is special in them percent-encoded."""


def _is_mailbox(url: str) -> bool:
    try:
        parts = urlsplit(url)
        safely = parts.scheme == "imaps" or (parts.scheme == "imap" and parts.hostname in LOOPBACK_HOSTS)
        return safely and bool(parts.hostname and parts.username) and parts.port != 0
    except ValueError:
        return False  # its own words may hold the password


if BOUNCE_IMAP_URL and not _is_mailbox(BOUNCE_IMAP_URL):
    raise ImproperlyConfigured("BOUNCE_IMAP_URL must look like imaps://user:password@mail.example.org/INBOX")
HELO_NAME = env.str("HELO_NAME", "") or _portal_url.hostname
"""The name we give mail servers in EHLO; should resolve to the address we connect from."""
if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f:.]+", HELO_NAME or ""):
    raise ImproperlyConfigured("HELO_NAME must be a host name")
if env.str("HELO_NAME", "") and _with_real_mail and _is_placeholder(env.str("HELO_NAME")):
    raise ImproperlyConfigured("HELO_NAME is a placeholder: many mail servers refuse such a name")

_email = dj_email_url.parse(env.str("EMAIL_URL", "") or ("console://" if ON_LOOPBACK else "dummy://"))
if "EMAIL_BACKEND" not in _email:
    raise ImproperlyConfigured("EMAIL_URL must look like submission://user:password@mail.example.org:587")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _email["EMAIL_USE_TLS"], _email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
if TEST_MESSAGE_SENDER == "django" and not env.str("EMAIL_URL", ""):
    raise ImproperlyConfigured("TEST_MESSAGE_SENDER=django needs EMAIL_URL")
if EMAIL_HOST_PASSWORD and not (EMAIL_USE_TLS or EMAIL_USE_SSL) and EMAIL_HOST not in LOOPBACK_HOSTS:
    raise ImproperlyConfigured("EMAIL_URL would send its password in the clear: use submission:// or smtps://")
if not ON_LOOPBACK and TEST_MESSAGE_SENDER == "django" and not EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
    raise ImproperlyConfigured("EMAIL_URL must name a mail server: with this one test messages reach nobody")

# --- The vendor's directory of administrators ---

DIRECTORY = env.str("DIRECTORY", "")
"""A module of `diagnostics/directory`: `database` (imported) or `http`; empty: none, and in the lab the lab's own."""
DIRECTORY_URL = env.str("DIRECTORY_URL", "").strip()
DIRECTORY_TOKEN = _key("DIRECTORY_TOKEN")
if DIRECTORY and not (
    DIRECTORY.isidentifier() and DIRECTORY[0] != "_" and (BASE_DIR / f"diagnostics/directory/{DIRECTORY}.py").is_file()
):
    raise ImproperlyConfigured("DIRECTORY must name a module of diagnostics/directory: database or http")
if DIRECTORY == "http" and not LAB and not (DIRECTORY_URL and DIRECTORY_TOKEN):
    raise ImproperlyConfigured("DIRECTORY=http needs DIRECTORY_URL and DIRECTORY_TOKEN")
if DIRECTORY_URL:
    _directory_url = urlsplit(DIRECTORY_URL)
    _safely = _directory_url.scheme == "https" or (
        _directory_url.scheme == "http" and _directory_url.hostname in LOOPBACK_HOSTS
    )
    if not _safely or not _directory_url.hostname or _directory_url.username is not None:
        raise ImproperlyConfigured(
            "DIRECTORY_URL must begin with https:// unless it names this very machine, and hold no password"
        )

# --- Sending services: what they report (webhooks), and their lists of suppressed addresses ---

HOOK_SECRET = env.str("HOOK_SECRET", "") or ("lab:lab" if LAB else "")
"""`user:password` that sending services show when they report events; without it they cannot report."""
if HOOK_SECRET and (":" not in HOOK_SECRET or (len(HOOK_SECRET) < 20 and not LAB)):
    raise ImproperlyConfigured("HOOK_SECRET must look like user:password and have at least 20 characters")
if HOOK_SECRET and not LAB and (len(_hook := HOOK_SECRET.partition(":")[2]) < 16 or _is_guessable(_hook)):
    raise ImproperlyConfigured("HOOK_SECRET must end in a password of at least 16 random characters")
MAILGUN_SIGNING_KEY = _key("MAILGUN_SIGNING_KEY")
SENDGRID_VERIFICATION_KEY = env.str("SENDGRID_VERIFICATION_KEY", "")

_KEYS_OF_SERVICE = {
    "amazon_ses": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"),
    "mailgun": ("MAILGUN_API_KEY", "MAILGUN_DOMAIN"),
    "postmark": ("POSTMARK_SERVER_TOKEN",),
    "sendgrid": ("SENDGRID_API_KEY",),
}
SENDING_SERVICES = _words("SENDING_SERVICES")
"""Modules of `diagnostics/sending` that are asked whether they have stopped sending to an address."""
for _service in SENDING_SERVICES:
    if _service not in _KEYS_OF_SERVICE:
        raise ImproperlyConfigured(f"SENDING_SERVICES: {_service!r} is none of {', '.join(_KEYS_OF_SERVICE)}")
    for _needed in _KEYS_OF_SERVICE[_service]:
        if not env.str(_needed, ""):
            raise ImproperlyConfigured(f"SENDING_SERVICES={_service} needs {_needed}")


def _service_url(name: str, default: str) -> str:
    url = (env.str(name, "") or default).strip().rstrip("/")
    parts = urlsplit(url)
    safely = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if url and not (safely and parts.hostname and parts.username is None):
        raise ImproperlyConfigured(f"{name} must begin with https:// unless it names this very machine")
    return url


AWS_ACCESS_KEY_ID = _key("AWS_ACCESS_KEY_ID")
AWS_SECRET_ACCESS_KEY = _key("AWS_SECRET_ACCESS_KEY")
AWS_REGION = _key("AWS_REGION")
if AWS_REGION and not re.fullmatch("[a-z0-9-]{1,32}", AWS_REGION):
    raise ImproperlyConfigured("AWS_REGION must look like eu-central-1")
AMAZON_SES_URL = _service_url("AMAZON_SES_URL", "")
MAILGUN_API_KEY = _key("MAILGUN_API_KEY")
MAILGUN_DOMAIN = _key("MAILGUN_DOMAIN")
if MAILGUN_DOMAIN and not re.fullmatch(_DOMAIN, MAILGUN_DOMAIN):
    raise ImproperlyConfigured("MAILGUN_DOMAIN must look like mg.example.org")
MAILGUN_BASE = _service_url("MAILGUN_BASE", "https://api.mailgun.net")
POSTMARK_SERVER_TOKEN = _key("POSTMARK_SERVER_TOKEN")
POSTMARK_STREAM = env.str("POSTMARK_STREAM", "") or "outbound"
POSTMARK_URL = _service_url("POSTMARK_URL", "https://api.postmarkapp.com")
SENDGRID_API_KEY = _key("SENDGRID_API_KEY")
SENDGRID_URL = _service_url("SENDGRID_URL", "https://api.sendgrid.com")

# --- Helpdesks: whose calls are taken, and whose tickets get internal notes ---

ZENDESK_URL = _service_url("ZENDESK_URL", "")
ZENDESK_EMAIL = env.str("ZENDESK_EMAIL", "").strip()
ZENDESK_TOKEN = _key("ZENDESK_TOKEN")
ZENDESK_WEBHOOK_SECRET = _key("ZENDESK_WEBHOOK_SECRET")
ZENDESK_APP_KEY = env.str("ZENDESK_APP_KEY", "").replace("\\n", "\n").strip()
"""The sidebar app's public key (PEM; its line ends may be written as \\n)."""
ZENDESK_APP_AUDIENCE = _key("ZENDESK_APP_AUDIENCE")
FRESHDESK_URL = _service_url("FRESHDESK_URL", "")
FRESHDESK_KEY = _key("FRESHDESK_KEY")
FRESHDESK_WEBHOOK_TOKEN = _key("FRESHDESK_WEBHOOK_TOKEN")
JIRA_URL = _service_url("JIRA_URL", "")
JIRA_EMAIL = env.str("JIRA_EMAIL", "").strip()
JIRA_TOKEN = _key("JIRA_TOKEN")
JIRA_WEBHOOK_TOKEN = _key("JIRA_WEBHOOK_TOKEN")
HELPDESK_URL = _service_url("HELPDESK_URL", "")
HELPDESK_SECRET = _key("HELPDESK_SECRET")
"""Of a helpdesk of one's own that speaks our interface: docs/helpdesks.md."""
HELPDESK_TICKET_URL = env.str("HELPDESK_TICKET_URL", "").strip()
HELPDESK_OPENS = env.str("HELPDESK_OPENS", "") or "link"
"""What a helpdesk's call makes: a `link` for the customer, or the `case` at once."""
HELPDESK_LANGUAGE = env.str("HELPDESK_LANGUAGE", "") or LANGUAGE_CODE
"""What agents read, in notes on tickets and in the card beside them."""

for _wanted, _together in {
    "ZENDESK_URL": ("ZENDESK_EMAIL", "ZENDESK_TOKEN"),
    "FRESHDESK_URL": ("FRESHDESK_KEY",),
    "JIRA_URL": ("JIRA_EMAIL", "JIRA_TOKEN"),
    "HELPDESK_URL": ("HELPDESK_SECRET", "HELPDESK_TICKET_URL"),
}.items():
    if not all(globals()[name] for name in (_wanted, *_together)) and any(
        globals()[name] for name in (_wanted, *_together)
    ):
        raise ImproperlyConfigured(f"{_wanted} needs {' and '.join(_together)}, and the other way round")
for _wanted, _needed in {
    "ZENDESK_WEBHOOK_SECRET": "ZENDESK_URL",
    "ZENDESK_APP_KEY": "ZENDESK_URL",
    "FRESHDESK_WEBHOOK_TOKEN": "FRESHDESK_URL",
    "JIRA_WEBHOOK_TOKEN": "JIRA_URL",
}.items():
    if globals()[_wanted] and not globals()[_needed]:
        raise ImproperlyConfigured(f"{_wanted} needs {_needed}")
for _wanted in ("ZENDESK_EMAIL", "JIRA_EMAIL"):
    if globals()[_wanted] and not re.fullmatch(r"[^\s:@]{1,64}@[A-Za-z0-9.-]{1,253}", globals()[_wanted]):
        raise ImproperlyConfigured(f"{_wanted} must be the e-mail address of the account that writes the notes")
for _wanted in ("FRESHDESK_WEBHOOK_TOKEN", "JIRA_WEBHOOK_TOKEN"):
    if globals()[_wanted] and len(globals()[_wanted]) < 24:
        raise ImproperlyConfigured(f"{_wanted} must have at least 24 random characters")
for _wanted in ("ZENDESK_URL", "FRESHDESK_URL", "JIRA_URL"):
    if urlsplit(globals()[_wanted]).path:
        raise ImproperlyConfigured(f"{_wanted} must be an address without a path, like https://desk.example.org")
if bool(ZENDESK_APP_KEY) != bool(ZENDESK_APP_AUDIENCE):
    raise ImproperlyConfigured("ZENDESK_APP_KEY and ZENDESK_APP_AUDIENCE need one another")
if ZENDESK_APP_KEY and not re.fullmatch(
    r"-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----", ZENDESK_APP_KEY
):
    raise ImproperlyConfigured("ZENDESK_APP_KEY must be the public key of the app, from BEGIN to END")
if HELPDESK_SECRET and not re.fullmatch(r"whsec_[A-Za-z0-9+/]{32,}={0,2}", HELPDESK_SECRET):
    raise ImproperlyConfigured("HELPDESK_SECRET must look like whsec_… with at least 24 bytes in base64")
if HELPDESK_TICKET_URL:
    _ticket_url = urlsplit(HELPDESK_TICKET_URL)
    _safely = _ticket_url.scheme == "https" or (_ticket_url.scheme == "http" and _ticket_url.hostname in LOOPBACK_HOSTS)
    if not _safely or not _ticket_url.hostname or _ticket_url.username is not None or "{" in _ticket_url.netloc:
        raise ImproperlyConfigured("HELPDESK_TICKET_URL must look like https://desk.example.org/tickets/{ticket}")
    if HELPDESK_TICKET_URL.count("{ticket}") != 1:
        raise ImproperlyConfigured("HELPDESK_TICKET_URL must name the ticket once, as {ticket}")
if HELPDESK_OPENS not in ("link", "case"):
    raise ImproperlyConfigured("HELPDESK_OPENS must be link or case")
if HELPDESK_LANGUAGE not in dict(LANGUAGES):
    raise ImproperlyConfigured(f"HELPDESK_LANGUAGE must be one of {', '.join(dict(LANGUAGES))}")

# --- Our own side ---

HEALTH_EVERY = _number("HEALTH_EVERY", 300)
"""Seconds between two looks at the vendors' own records, blocklists and hosts."""
if HEALTH_EVERY < 60:
    raise ImproperlyConfigured("HEALTH_EVERY must be at least 60 seconds: one look may take that long")
HEALTH_BLOCKLISTS = _zones(
    "HEALTH_BLOCKLISTS", ["zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org", "psbl.surriel.com"]
)
HEALTH_DOMAIN_BLOCKLISTS = _zones("HEALTH_DOMAIN_BLOCKLISTS", ["dbl.spamhaus.org"])
"""Zones of DNS blocklists that our addresses, and our domains, are looked up in."""

# --- Port responders: what a customer's own network is tried against ---

RESPONDER_KEY = _key("RESPONDER_KEY") or ("lab-responder-key-of-32-characters" if LAB else "")
"""What responders sign with and the portal verifies by."""
if RESPONDER_KEY and len(RESPONDER_KEY) < 32:
    raise ImproperlyConfigured("RESPONDER_KEY must have at least 32 random characters")
if RESPONDER_KEY and not ON_LOOPBACK and (_is_guessable(RESPONDER_KEY) or RESPONDER_KEY.startswith("lab-")):
    raise ImproperlyConfigured("RESPONDER_KEY must be random: this one is known, or easily guessed")


def _responder_ports(name: str) -> dict[int, int]:
    """`443` or, where a responder listens elsewhere, `443=8443`."""
    ports: dict[int, int] = {}
    for word in _words(name) or ["80", "443", "59777", "59778"]:
        said, _, listens = word.partition("=")
        if not re.fullmatch(r"[0-9]{1,5}(=[0-9]{1,5})?", word) or not all(
            0 < int(port) < 65536 for port in (said, listens or said)
        ):
            raise ImproperlyConfigured(f"{name} must be ports, comma separated: 80,443,59777=8777")
        ports[int(said)] = int(listens or said)
    return ports


RESPONDER_PORTS = _responder_ports("RESPONDER_PORTS")
"""The article's ports to those on which a responder listens: the same, but behind a forwarding and in `make run`."""
RESPONDER_BIND = env.str("RESPONDER_BIND", "") or ("127.0.0.1" if ON_LOOPBACK else "0.0.0.0")  # noqa: S104
RESPONDER_CERTIFICATE = _path("RESPONDER_CERTIFICATE")
RESPONDER_CERTIFICATE_KEY = _path("RESPONDER_CERTIFICATE_KEY") or RESPONDER_CERTIFICATE
"""PEM files; one that holds both is enough."""

# --- Webhooks: systems of the vendor's own that are told what happens to cases ---


def _webhook_ports() -> frozenset[int]:
    words = _words("WEBHOOK_PORTS") or ["443"]
    if not all(re.fullmatch("[0-9]{1,5}", word) and 0 < int(word) < 65536 for word in words):
        raise ImproperlyConfigured("WEBHOOK_PORTS must be ports, comma separated: 443,8443")
    return frozenset(map(int, words))


WEBHOOK_PORTS = _webhook_ports()
WEBHOOK_ALLOW_PRIVATE = _words("WEBHOOK_ALLOW_PRIVATE")
"""Private networks (CIDR) that receivers may be in; with one of 127.0.0.0/8 or ::1 `http://` is taken there."""
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "127.0.0.0/8", "::1/128")


def _is_private(network: str) -> bool:
    try:
        wanted = ip_network(network)
    except ValueError:
        return False
    return any(wanted.version == one.version and wanted.subnet_of(one) for one in map(ip_network, _PRIVATE))  # type: ignore[arg-type]


if not all(map(_is_private, WEBHOOK_ALLOW_PRIVATE)):
    raise ImproperlyConfigured(
        f"WEBHOOK_ALLOW_PRIVATE must be private networks, comma separated: 10.1.0.0/16; within {', '.join(_PRIVATE)}"
    )
if not ON_LOOPBACK and any(ip_network(one).is_loopback for one in WEBHOOK_ALLOW_PRIVATE):
    raise ImproperlyConfigured("WEBHOOK_ALLOW_PRIVATE: webhooks to this very machine are for development only")
WEBHOOK_LOG_DAYS = _number("WEBHOOK_LOG_DAYS", 30)
"""How long deliveries and what came of them are kept."""
WEBHOOK_FAILING_DAYS = _number("WEBHOOK_FAILING_DAYS", 5)
"""An endpoint to which nothing could be delivered for so long is switched off."""
if min(WEBHOOK_LOG_DAYS, WEBHOOK_FAILING_DAYS) < 2:
    raise ImproperlyConfigured("WEBHOOK_LOG_DAYS and WEBHOOK_FAILING_DAYS must be at least 2: tries go on for a day")

# --- How long what is kept (docs/privacy.md); the purge runs once a day ---

CASE_DETAIL_DAYS = _number("CASE_DETAIL_DAYS", 90)
"""Days that a case says whose it is: address, company, replies, notes. Then reference, domain, dates and codes stay."""
PROBE_DATA_DAYS = _number("PROBE_DATA_DAYS", 30)
"""Days that the raw answers to the server's probes are kept. The diagnosis made of them stays."""
AUDIT_DAYS = _number("AUDIT_DAYS", 730)
"""Days that entries of the audit trail are kept; the database refuses to let younger ones than 365 go."""
if not 1 <= PROBE_DATA_DAYS <= CASE_DETAIL_DAYS:
    raise ImproperlyConfigured("PROBE_DATA_DAYS must be at least 1, and no more than CASE_DETAIL_DAYS")
if AUDIT_DAYS < 365:
    raise ImproperlyConfigured("AUDIT_DAYS must be at least 365")

# --- One secret for one purpose: what leaks at one place must not open another ---

_SECRETS = {
    "SECRET_KEY": SECRET_KEY,
    "HOOK_SECRET": HOOK_SECRET.partition(":")[2],
    **{
        name: globals().get(name) or env.str(name, "")
        for name in (
            *("RESPONDER_KEY", "METRICS_TOKEN", "DIRECTORY_TOKEN", "HELPDESK_SECRET", "OIDC_CLIENT_SECRET"),
            *("ZENDESK_WEBHOOK_SECRET", "FRESHDESK_WEBHOOK_TOKEN", "JIRA_WEBHOOK_TOKEN"),
        )
    },
    "DATABASE_URL": str(DATABASES["default"].get("PASSWORD") or ""),
}
if not ON_LOOPBACK:
    for _name, _secret in _SECRETS.items():
        if _same := [other for other, secret in _SECRETS.items() if _secret and secret == _secret and other != _name]:
            raise ImproperlyConfigured(f"{_name} and {_same[0]} must not be the same secret")

# --- Celery ---

# kombu has its own name for what everybody else calls unix://
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) if REDIS_URL.startswith("unix://") else REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A worker only listens on its main connection. Where the broker's host has gone without saying goodbye and another has
# taken its place, nothing else would end that for two hours. Seconds; milliseconds for the last one.
_PAUSES = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 15_000))
_NOTICE_SILENCE = {getattr(socket, name): value for name, value in _PAUSES if hasattr(socket, name)}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "priority_steps": [0],  # no task is more urgent than another: a list for each queue, not four
    "max_retries": 0,  # whoever publishes comes again by itself, and must not hold rows meanwhile, for seconds
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "socket_keepalive_options": _NOTICE_SILENCE,
    "health_check_interval": 25,
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_QUEUES = [Queue(name) for name in ("probes", "mail", "hook")]
CELERY_TASK_DEFAULT_QUEUE = "mail"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_WORKER_POOL = "portal.pool:TaskPool"
CELERY_WORKER_CONCURRENCY = _number("WORKER_CONCURRENCY", 200)
if not 1 <= CELERY_WORKER_CONCURRENCY <= 10_000:
    raise ImproperlyConfigured("WORKER_CONCURRENCY must be 1 to 10000")
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "portal.beat:AliveScheduler"  # in memory: no file to lose
CELERY_BEAT_SCHEDULE: dict[str, Any] = {"tidy": {"task": "diagnostics.tasks.tidy", "schedule": crontab(minute=17)}}
CELERY_BEAT_SCHEDULE["vendor-health"] = {
    "task": "diagnostics.tasks.vendor_health",
    "schedule": float(HEALTH_EVERY),
    "options": {"queue": "hook", "expires": float(HEALTH_EVERY)},
}
CELERY_BEAT_SCHEDULE["purge"] = {
    "task": "diagnostics.tasks.purge",
    "schedule": crontab(hour=2, minute=41),
    "options": {"queue": "hook"},
}
CELERY_BEAT_SCHEDULE["verify-audit"] = {
    "task": "diagnostics.tasks.verify_audit",
    "schedule": crontab(hour=4, minute=23),
    "options": {"queue": "hook"},
}
CELERY_BEAT_SCHEDULE["erase-persons"] = {
    "task": "diagnostics.tasks.erase_persons",
    "schedule": 60.0,
    "options": {"queue": "hook", "expires": 60.0},
}
CELERY_BEAT_SCHEDULE["watch-fleet"] = {
    "task": "diagnostics.tasks.watch_fleet",
    "schedule": crontab(),  # as each minute ends
    "options": {"queue": "hook", "expires": 60.0},
}
if BOUNCE_IMAP_URL or LAB:
    _every = 5.0 if LAB else 60.0
    CELERY_BEAT_SCHEDULE["read-bounces"] = {
        "task": "diagnostics.tasks.read_bounces",
        "schedule": _every,
        "options": {"queue": "hook", "expires": _every},
    }

ALIVE_FILE = _path("ALIVE_FILE") or (LOCAL_DIR / "alive")
"""Touched every few seconds by a worker that consumes from the broker, and by beat: what health checks look at."""
QUEUE_LATE_SECONDS = _number("QUEUE_LATE_SECONDS", 60)
"""A group of probes that has waited so long for a worker makes `/readyz/` red."""
if QUEUE_LATE_SECONDS < 5:
    raise ImproperlyConfigured("QUEUE_LATE_SECONDS must be at least 5")

# --- Figures for Prometheus (docs/operations.md) ---

METRICS_TOKEN = _key("METRICS_TOKEN")
"""Who shows it as a bearer token may read `/metrics`; empty: nobody may."""
if METRICS_TOKEN and (len(METRICS_TOKEN) < 32 or _is_guessable(METRICS_TOKEN)):
    raise ImproperlyConfigured("METRICS_TOKEN must have at least 32 random characters")
METRICS_PORT = _number("METRICS_PORT", 0)
"""Where the exporter, workers, dispatchers and beat answer, each by itself; 0: they do not."""
if not 0 <= METRICS_PORT < 65536:
    raise ImproperlyConfigured("METRICS_PORT must be a port, or 0 for none")
METRICS_BIND = env.str("METRICS_BIND", "") or ("127.0.0.1" if ON_LOOPBACK else "0.0.0.0")  # noqa: S104

# --- Logging: one line an event, to standard error; no addresses, no secrets ---

SENTRY_DSN = env.str("SENTRY_DSN", "").strip()
"""Where faults are reported to, without what people typed; empty: nowhere."""
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip().rstrip("/")
"""Where traces are sent to (OTLP over HTTP), without addresses and paths; empty: nowhere."""


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False  # not even what it is a part of


def _watcher(name: str, url: str, *packages: str) -> None:
    parts = urlsplit(url)
    # A collector in the same network has a name without dots, as in docker-compose.yml.
    near = parts.hostname is not None and (parts.hostname in LOOPBACK_HOSTS or "." not in parts.hostname)
    if parts.hostname is None or not (parts.scheme == "https" or (parts.scheme == "http" and near)):
        raise ImproperlyConfigured(f"{name} must begin with https:// unless it names this machine or a neighbour")
    if not all(map(_is_installed, packages)):
        raise ImproperlyConfigured(
            f"{name} needs packages that are not installed: build the image with REQUIREMENTS=watched, "
            "or pip install -r requirements/watched.txt"
        )


if SENTRY_DSN:
    _watcher("SENTRY_DSN", SENTRY_DSN, "sentry_sdk")
    if not urlsplit(SENTRY_DSN).username:
        raise ImproperlyConfigured("SENTRY_DSN must look like https://key@sentry.example.org/1")
if OTEL_EXPORTER_OTLP_ENDPOINT:
    _watcher(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        OTEL_EXPORTER_OTLP_ENDPOINT,
        *("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
        *("opentelemetry.instrumentation.django", "opentelemetry.instrumentation.celery"),
    )

LOG_FORMAT = env.str("LOG_FORMAT", "") or "line"
"""`line` for people, `json` (an object a line) for programs."""
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured("LOG_FORMAT must be line or json")
_log_level = env.str("LOG_LEVEL", "").upper()
if _log_level not in ("", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
if _log_level == "DEBUG" and not ON_LOOPBACK:
    raise ImproperlyConfigured("LOG_LEVEL=DEBUG is for this machine only: libraries then log what they send and get")
ACCESS_LOG = _flag("ACCESS_LOG")
"""Whether each request is a line: view, status, milliseconds, request id; no path and no address."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "portal.log.Line", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "portal.log.Json"},
    },
    "filters": {"hide_keys": {"()": "portal.log.HideKeys"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["hide_keys"]}},
    "root": {"handlers": ["stderr"], "level": _log_level or "WARNING"},
    "loggers": {name: {"level": _log_level or "INFO", "propagate": True} for name in ("diagnostics", "portal")}
    | {"django": {"handlers": [], "level": "WARNING", "propagate": True}},
}
