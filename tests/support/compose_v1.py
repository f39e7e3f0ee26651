"""docker-compose 1.29.2, Debian 12's own, unpacked and not installed: it makes the containers that are taken over."""

import fcntl
import os
import subprocess
from pathlib import Path
from typing import Mapping, Optional

from . import ROOT
from .cache import cache_folder
from .engine import HANGS

PACKAGES = ["docker-compose", *(f"python3-{name}" for name in (
    "certifi", "chardet", "charset-normalizer", "click", "distro", "docker", "dockerpty", "docopt", "dotenv", "idna", "requests",
    "six", "texttable", "urllib3", "websocket", "yaml"))]


def _program() -> Path:
    folder = cache_folder() / "compose-v1"
    with open(cache_folder() / "compose-v1.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole = folder / "whole"  # has what is in it
        if not whole.exists() or whole.read_text() != " ".join(PACKAGES):
            subprocess.run([str(ROOT / "deploy" / "debian-packages"), "bookworm", str(folder), *PACKAGES], check=True)
            whole.write_text(" ".join(PACKAGES))
    return folder


def compose_v1(docker_host: str, cwd: Path, *arguments: str, env: Optional[Mapping[str, str]] = None) -> str:
    folder = _program()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMPOSE_", "DOCKER_"))}
    done = subprocess.run(["/usr/bin/python3", str(folder / "usr/bin/docker-compose"), *arguments], cwd=cwd,
                          env={**kept, "DOCKER_HOST": docker_host, "DOCKER_BUILDKIT": "0",
                               "PYTHONPATH": str(folder / "usr/lib/python3/dist-packages"), **(env or {})},
                          capture_output=True, text=True, timeout=HANGS)
    if done.returncode != 0:
        raise RuntimeError(f"docker-compose {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
