"""Settings of the project: a database, and the address of Centrifugo."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).parent.parent
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "for development only")
DEBUG = "DJANGO_SECRET_KEY" not in os.environ
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "project.urls"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
INSTALLED_APPS += ["centripetal.django", "shop"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
if "PGHOST" in os.environ:  # for the outbox; psycopg reads PGHOST, PGPORT, PGUSER and PGPASSWORD
    DATABASES["default"] = {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}

CENTRIFUGO = {"default": {"OUTBOX": {"table": "centrifugo_outbox", "partitions": 4}}}

CENTRIFUGO_URL = os.environ.get("CENTRIFUGO_API_URL", "http://localhost:8000")
CENTRIFUGO_API_KEY = os.environ.get("CENTRIFUGO_API_KEY", "key")
CENTRIFUGO_TOKEN_SECRET = os.environ.get(
    "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY", "a-secret-for-tokens-of-32-bytes-or-more"
)
CENTRIFUGO_TIMEOUT = 2.0  # seconds that a visitor's request may wait for Centrifugo, retries included
