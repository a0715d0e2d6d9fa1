"""The one settings file. Every value that differs between installations is an environment variable."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_levels

from halo_site.datadir.secret_key import stored_key
from halo_site.env import EVERY_ADDRESS, Environment, host_header
from halo_site.store.databases import database_from, sqlite_database
from halo_site.zones import system_zone

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# Where everything lives, and who may reach it
HALO_DATA_DIR = env.path("HALO_DATA_DIR", "~/.halo-site")
HALO_URL = env.url("HALO_URL")
HALO_BIND = env.bind("HALO_BIND", "127.0.0.1:8000")
HALO_WORKERS = env.integer("HALO_WORKERS", 2, low=1, high=64)
HALO_TRUSTED_PROXY = env.networks("HALO_TRUSTED_PROXY")
DEBUG = env.boolean("HALO_DEBUG")

# A first start makes the key here and `migrate` stores it; reading settings must not write.
SECRET_KEY = env.secret("HALO_SECRET_KEY") or stored_key(HALO_DATA_DIR) or secrets.token_urlsafe(50)
HALO_SECRET_KEY_GIVEN = bool(env.text("HALO_SECRET_KEY"))

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
if HALO_URL:
    ALLOWED_HOSTS.append(host_header(urlsplit(HALO_URL).hostname or ""))
    CSRF_TRUSTED_ORIGINS = [HALO_URL]
if HALO_BIND[0] not in EVERY_ADDRESS:
    ALLOWED_HOSTS.append(host_header(HALO_BIND[0]))

INSTALLED_APPS = [
    "halo_site",
    "scheduler",
    "memory",
    "app_manager",
    "app_runtime",
    "django_tasks",
    "django_tasks_db",
    "django_htmx",
    "halo_site.site.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "halo_site.middleware.refuse_nul",
    "halo_site.middleware.trusted_proxy",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "halo_site.too_large.TextsGivenBack",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "halo_site.unsent.SignInRequired",
    "halo_site.access.ChangesNeedARole",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "halo_site.errors.explain_form_address",
]

ROOT_URLCONF = "halo_site.urls"
WSGI_APPLICATION = "halo_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "app_runtime.shell.shell",
            ],
        },
    },
]

DATABASES = {
    "default": database_from(env.text("DATABASE_URL"))
    if env.text("DATABASE_URL")
    else sqlite_database(HALO_DATA_DIR / "halo.db")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Counts failed sign-ins (halo_site.signin): in the memory of the one web process
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Language and time: the server's zone is the zone of schedules and of times in memory files
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = system_zone()

# Static files are served from the source tree: no build and no collecting step
STATIC_URL = "/static/"
STATIC_ROOT = None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300

# Who may come in, and what administrators may do in Django's admin
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "halo_site.rights.AdministratorRights",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
_https = HALO_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14  # two weeks
CSRF_FAILURE_VIEW = "halo_site.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Without a trusted proxy nothing tells which requests came by TLS: a redirect would never end (halo.W001)
SECURE_SSL_REDIRECT = _https and bool(HALO_TRUSTED_PROXY)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HALO_TRUSTED_PROXY else None
# W005, W021: one host's dashboard must not decide over its owner's other sub-domains
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# A memory file takes 1 MiB: what is pasted beyond that is read, so that the page can offer it back
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

MESSAGE_TAGS = {message_levels.ERROR: "bad", message_levels.SUCCESS: "ok", message_levels.WARNING: "wait"}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# The engine of every run, for tests; empty: the models of config.json, or rehearsals while there is none
HALO_ENGINE = ""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {
        "no_probes": {"()": "halo_site.probes.NoProbes"},
        "no_traceback": {"()": "halo_site.probes.NoTraceback"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "stderr_in_a_line": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_traceback"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django.request": {
            "handlers": ["stderr"],
            "level": "ERROR",
            "propagate": False,
            "filters": ["no_probes"],
        },
        # What is wrong with a request is in the message
        "django.security": {"handlers": ["stderr_in_a_line"], "level": "INFO", "propagate": False},
        # Anybody can send a wrong Host header or too large a form: a 400 for them, and no traceback for us
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
        "django.security.RequestDataTooBig": {"handlers": [], "propagate": False},
        "httpx2": {"level": "WARNING"},  # it logs every address, and some hold a key
        "mcp": {"level": "WARNING"},  # a line for each request
        "django_tasks": {"level": "WARNING"},
        "django_tasks_db": {"level": "WARNING"},
    },
}
