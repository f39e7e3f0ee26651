"""Where things that cost minutes to make are kept between runs. Nothing depends on its being there."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path


@functools.lru_cache(maxsize=1)
def cache_folder() -> Path:
    """RECONCILER_CACHE, else the user's cache folder; RECONCILER_CACHE=none keeps nothing longer than this process."""
    chosen = os.environ.get("RECONCILER_CACHE", "")
    if chosen == "none":
        folder = tempfile.mkdtemp(prefix="reconciler-cache-", dir="/var/tmp")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(chosen or os.path.join(home, "reconciler-tests"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
