from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class StaticFilesOfTag(ManifestStaticFilesStorage):
    """Names with a digest in them, listed in a file of each version's own. Files and lists stay in the volume, so that an
    older version finds its own again when containers alone are switched, without a collectstatic."""

    manifest_name = f"staticfiles-{settings.TAG}.json"
