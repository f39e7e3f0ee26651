"""At home: one process serves all, and shows what went wrong."""

import os

from .settings import *  # noqa: F403

DEBUG = True
MEDIA_URL = "/media/"
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
UPLOAD_TOKEN = os.environ["UPLOAD_TOKEN"]
STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
WSGI_APPLICATION = None  # portfolio.wsgi is for production's static files
