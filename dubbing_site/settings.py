"""Django's settings, made from the environment (`dubbing_site.environment`) and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF

from dubbing_site import data_dir, encryption, logs
from dubbing_site.environment import read_environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = read_environment(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

DATA_DIR = ENVIRONMENT.data_dir
data_dir.prepare(DATA_DIR)
MEDIA_ROOT = DATA_DIR / "media"
WORK_ROOT = DATA_DIR / "work"
ENCRYPTION_KEY_RING = encryption.key_ring(ENVIRONMENT)
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR / "tmp")
FILE_UPLOAD_HANDLERS = ["uploads.form_files.FormFileHandler"]

SECRET_KEY = ENVIRONMENT.secret_key or data_dir.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = ENVIRONMENT.secret_key_fallbacks
DEBUG = ENVIRONMENT.debug
BASE_URL = ENVIRONMENT.base_url
PUBLIC_BASE_URL = ENVIRONMENT.public_base_url.rstrip("/")

# Privacy
PRIVACY_MODE = ENVIRONMENT.privacy_mode
ALLOW_EGRESS = ENVIRONMENT.allow_egress

# Uploads and jobs
UPLOAD_MAX_BYTES = ENVIRONMENT.upload_max_bytes
UPLOADS_AT_ONCE = ENVIRONMENT.uploads_at_once
UPLOAD_IDLE_SECONDS = ENVIRONMENT.upload_idle_seconds
UPLOAD_EXPIRES_HOURS = ENVIRONMENT.upload_expires_hours
MAX_UNFINISHED_UPLOADS_PER_USER = ENVIRONMENT.max_unfinished_uploads_per_user
UPLOAD_QUOTA_BYTES_PER_USER = ENVIRONMENT.upload_quota_bytes_per_user
IMPORT_FOLDERS = ENVIRONMENT.import_folders
FREE_SPACE_RESERVE_BYTES = ENVIRONMENT.free_space_reserve_bytes
WORKERS = ENVIRONMENT.workers
LEASE_SECONDS = ENVIRONMENT.lease_seconds
HEARTBEAT_SECONDS = ENVIRONMENT.heartbeat_seconds
MAX_ATTEMPTS = ENVIRONMENT.max_attempts
STALL_SECONDS = ENVIRONMENT.stall_seconds
RUNNER_COMMAND = (sys.executable, "-m", "pipeline.runner")
RUNNER_MEMORY_MIB = ENVIRONMENT.runner_memory_mib
SPLIT_FROM_SECONDS = ENVIRONMENT.split_from_seconds
GPU_STAGES = ENVIRONMENT.gpu_stages
MAX_RUNNING_JOBS_PER_USER = ENVIRONMENT.max_running_jobs_per_user
MAX_WAITING_JOBS_PER_USER = ENVIRONMENT.max_waiting_jobs_per_user
MAX_JOBS_PER_DAY_PER_USER = ENVIRONMENT.max_jobs_per_day_per_user
DRAIN_SECONDS = ENVIRONMENT.drain_seconds

# Limits
API_REQUESTS_PER_MINUTE_PER_USER = ENVIRONMENT.api_requests_per_minute_per_user
SUBMISSIONS_PER_MINUTE_PER_USER = ENVIRONMENT.submissions_per_minute_per_user
UPLOADS_PER_MINUTE_PER_USER = ENVIRONMENT.uploads_per_minute_per_user

# Remote access
REMOTE_ACCESS_MODE = ENVIRONMENT.remote_access_mode
REMOTE_ALLOWED_NETWORKS = ENVIRONMENT.remote_allowed_networks
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
CLOUDFLARE_TEAM_DOMAIN = ENVIRONMENT.cloudflare_team_domain
CLOUDFLARE_AUDIENCE = ENVIRONMENT.cloudflare_audience

# The queue
REDIS_URL = ENVIRONMENT.redis_url
QUEUE_MODE = ENVIRONMENT.queue_mode
QUEUE_CHECK_SECONDS = ENVIRONMENT.queue_check_seconds
QUEUE_RECOVERY_CHECKS = ENVIRONMENT.queue_recovery_checks
QUEUE_RECOVERY_SECONDS = ENVIRONMENT.queue_recovery_seconds

# Retention
RETAIN_INPUTS_DAYS = ENVIRONMENT.retain_inputs_days
RETAIN_INPUTS_BYTES = ENVIRONMENT.retain_inputs_bytes
RETAIN_INTERMEDIATES_DAYS = ENVIRONMENT.retain_intermediates_days
RETAIN_INTERMEDIATES_BYTES = ENVIRONMENT.retain_intermediates_bytes
RETAIN_OUTPUTS_DAYS = ENVIRONMENT.retain_outputs_days
RETAIN_OUTPUTS_BYTES = ENVIRONMENT.retain_outputs_bytes
RETAIN_LOGS_DAYS = ENVIRONMENT.retain_logs_days
RETAIN_LOGS_BYTES = ENVIRONMENT.retain_logs_bytes

INSTALLED_APPS = [
    "dubbing_site",
    "accounts",
    "uploads",
    "library",
    "jobs",
    "channels",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_structlog",
    "dubbing_site.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "dubbing_site.headers.security_headers",
    "dubbing_site.static_files.StaticFilesMiddleware",
    "accounts.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.page_language.PageLanguageMiddleware",
    "accounts.second_factor.shown.VerifiedMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "dubbing_site.page_limits.PageLimits",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "dubbing_site.urls"
ASGI_APPLICATION = "dubbing_site.asgi.application"
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
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "accounts.context.passkeys",
                "accounts.context.mail",
                "accounts.preferences.page_context",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS += ["django.forms"]  # its templates, so that ours in templates/django/forms can stand before them

# Database: one writer at a time, begun with the lock it will need, so that SQLite waits instead of failing.
DATABASES = {
    "default": environ.Env.db_url_config(
        ENVIRONMENT.database_url or f"sqlite:////{str(DATA_DIR / 'database.sqlite3').lstrip('/')}"
    )
}
IS_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if IS_SQLITE:
    DATABASES["default"]["ENGINE"] = "dubbing_site.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# In the database, because sign-in limits and used TOTP codes must hold across processes.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

# The broker is a doorbell (see jobs.transport): messages carry nothing, and may be lost or doubled.
MONTH_SECONDS = 30 * 24 * 3600
Q_CLUSTER = {
    "name": "dubbing",
    "cluster_name": "io+cpu+gpu",  # who asks for no queue answers for all
    "broker_class": "jobs.transport.broker.DoorbellBroker",
    "timeout": MONTH_SECONDS,  # jobs end by lease, stall and cancel; django-q2 warns when there is no limit
    "retry": MONTH_SECONDS + 3600,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
}

# Web
_public = urlsplit(ENVIRONMENT.base_url)
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *ENVIRONMENT.allowed_hosts,
    _public.hostname or "localhost",
]
CSRF_TRUSTED_ORIGINS = [*ENVIRONMENT.csrf_trusted_origins, f"{_public.scheme}://{_public.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
SESSION_ENGINE = "accounts.sessions.store"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # at most: see accounts.sessions.store
SESSION_COOKIE_HTTPONLY = True
if ENVIRONMENT.is_https:
    SESSION_COOKIE_NAME = "__Host-sessionid"  # browsers take it from this very host only, encrypted
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENVIRONMENT.is_https else 0
# Not where the proxy is not known: what came encrypted would seem not to have, and be redirected for ever.
SECURE_SSL_REDIRECT = ENVIRONMENT.is_https and bool(TRUSTED_PROXIES)
SECURE_SSL_HOST = _public.netloc
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
# HSTS for every name below this one, or in browsers' own lists, binds services that are not this site's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2  # forms without their files
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static" / "public"]
WHITENOISE_USE_FINDERS = True  # served from where they are: no collecting step on a self-hosted machine
WHITENOISE_AUTOREFRESH = DEBUG

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.PasswordBackend",
    "accounts.role_permissions.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_RATE_LIMITS = False  # accounts.limits counts instead, and says why
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "change_password": "accounts.forms.accounts.ChangePasswordForm",
    "reset_password": "accounts.forms.accounts.ResetPasswordForm",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # an unlocked desk is not enough to take an account over
ACCOUNT_CHANGE_EMAIL = True  # one address each
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers cannot make this server write to others
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.second_factor.forms.AuthenticateForm",
    "reauthenticate": "accounts.second_factor.forms.ReauthenticateForm",
    "activate_totp": "accounts.second_factor.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.second_factor.passkeys.AddForm",
    "authenticate_webauthn": "accounts.second_factor.passkeys.AuthenticateForm",
    "reauthenticate_webauthn": "accounts.second_factor.passkeys.ReauthenticateForm",
    "login_webauthn": "accounts.second_factor.passkeys.LoginForm",
}
MFA_TOTP_TOLERANCE = 0  # 1 accepted the same code twice, 31 seconds apart
MFA_TOTP_ISSUER = "Dubbing Pipeline"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # or nobody could enrol where no mail is sent; strangers cannot sign up anyway
ADMIN_USERNAME = ENVIRONMENT.admin_username
ADMIN_EMAIL = ENVIRONMENT.admin_email
ADMIN_PASSWORD = ENVIRONMENT.admin_password
ADMIN_PASSWORD_FILE = ENVIRONMENT.admin_password_file
REQUIRE_ADMIN_MFA = ENVIRONMENT.require_admin_mfa
PASSWORD_RESET_TIMEOUT = 24 * 3600
vars().update(environ.Env.email_url_config(ENVIRONMENT.email_url or "consolemail://"))
MAIL_IS_SENT = bool(ENVIRONMENT.email_url)  # otherwise it is printed, where not only its reader reads it
EMAIL_TIMEOUT = 30  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.UserThrottle"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.NewestFirst",
    "DEFAULT_PARSER_CLASSES": [
        "dubbing_site.api.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "dubbing_site.api.problems.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dubbing Pipeline",
    "DESCRIPTION": "Upload a video, dub it into another language, follow the work and fetch the result.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",  # lets an operation name the scopes that a key needs
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {
        "JobStateEnum": "jobs.models.JobState",
        "StageStateEnum": "jobs.models.StageState",
        "UploadStateEnum": "uploads.models.UploadState",
    },
}

# Language, time and logs
LANGUAGE_CODE = ENVIRONMENT.language_code
LOCALE_PATHS = [BASE_DIR / "dubbing_site" / "locale"]
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True
LOGGING = logs.configure(ENVIRONMENT.log_level, ENVIRONMENT.log_format, *([logs.hide_queries] if PRIVACY_MODE else []))
