"""Production: what people upload, and static files that a switch alone can go back to."""

import os

from .settings import *  # noqa: F403

# 127.0.0.1 is the health check.
ALLOWED_HOSTS = [os.environ["SITE_DOMAIN"], os.environ["API_DOMAIN"], "127.0.0.1"]
MEDIA_URL = "/media/"
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
UPLOAD_TOKEN = os.environ["UPLOAD_TOKEN"]
STATICFILES_STORAGE = "portfolio.storage.StaticFilesOfTag"
