import os

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")
application = get_wsgi_application()

# Read the names of the static files now, not at the first page: the next version's release writes others into the same
# volume while this version still answers.
bool(staticfiles_storage.hashed_files)
