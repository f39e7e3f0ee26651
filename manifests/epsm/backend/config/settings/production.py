"""Production settings; all that differs between installations comes from .env.production. Nothing that is required has
a default: without it the service does not start, and says which it is."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
DEBUG = os.environ.get("DEBUG", "False") == "True"
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
VERSION = os.environ["VERSION"]
COMMIT = os.environ.get("COMMIT", "")
SAML_IDP_METADATA_URL = os.environ["SAML_IDP_METADATA_URL"]
ENERGYPLUS_DOCKER_IMAGE = os.environ["ENERGYPLUS_DOCKER_IMAGE"]
SIMULATION_TIMEOUT = int(os.environ.get("SIMULATION_TIMEOUT", "600"))

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "simulations"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["DB_HOST"],
        "PORT": os.environ["DB_PORT"],
        "NAME": os.environ["DB_NAME"],
        "USER": os.environ["DB_USER"],
        "PASSWORD": os.environ["DB_PASSWORD"],
        "CONN_MAX_AGE": 60,
    },
}
# Who only reads results: a role of its own, which `seed` makes.
DATABASES["results"] = {
    **DATABASES["default"],
    "USER": os.environ["RESULTS_DB_USER"],
    "PASSWORD": os.environ["RESULTS_DB_PASSWORD"],
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True

REDIS_URL = os.environ["REDIS_URL"]
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "simulations.tasks.tick", "schedule": float(os.environ.get("TICK_SECONDS", "5"))},
}

# Names with a digest in them; which name a file has now stands in staticfiles.json, beside the files, in the volume
# that nginx serves.
STATIC_URL = "/static/"
STATIC_ROOT = "/app/staticfiles"
STATICFILES_STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
